# figures: a page with everything in it, made from runs that are there, or are trained; a second call redoes nothing.
source "$(dirname "$0")/common.bash"
mkdir trained
quiet train "${tiny[@]}" --out trained/quadratic
run=(figures --only quadratic --functions 2 --tune-functions 2)

quiet "${run[@]}" --runs trained --out page
same trained/quadratic/optimizer.safetensors page/quadratic/optimizer.safetensors
for file in report.html quadratic/preprocess.csv quadratic/compare.json quadratic/probe.json; do
  [[ -s page/$file ]] || fail "page/$file is missing"
done
grep -q '<h2 id="quadratic">quadratic</h2>' page/report.html || fail "the page has no heading"
grep -q 'paper, Fig. 4, step 99' page/report.html || fail "the page lacks the paper's numbers"
grep -q -- '--batch 4' page/report.html || fail "the page does not say how the optimizer was trained"
! grep -qE '(src|href)="(http:|/|file)' page/report.html || fail "the page needs other files"
if command -v gnuplot >/dev/null; then
  [[ $(grep -c 'src="data:image/png;base64,iVBOR' page/report.html) -ge 4 ]] || fail "pictures in the page"
  # The first picture, taken out of the page, is the file.
  if command -v base64 >/dev/null; then
    grep -m1 -o 'base64,[^"]*' page/report.html | cut -d, -f2 | base64 -d | cmp - page/quadratic/preprocess.png ||
      fail "the picture in the page differs from the file"
  fi
fi

# The table of speed-ups: the interquartile mean of the ratios in compare.json, on the page and in a file.
ratios() { sed -n '/"speedup"/,/]/s/.*"ratio": \([^,]*\).*/\1/p' "$@"; }
iqm() { sort -g | awk '{ x[NR] = $1 } END { c = int(NR / 4); for (k = c + 1; k <= NR - c; k++) s += x[k]; printf "%.3g\n", s / (NR - 2 * c) }'; }
mean=$(ratios page/quadratic/compare.json | iqm)
grep -qE "^quadratic +quadratic, batch 4, dim 3 +[a-z]+ +20 +(≤ )?$mean " out.txt || fail "speed-up $mean: $(cat out.txt)"
grep -qE "^quadratic,,\"quadratic, batch 4, dim 3\",[a-z]+,20,1,1,2,$mean" page/speedups.csv ||
  fail "speed-up $mean: $(cat page/speedups.csv)"
grep -qE "<td>(≤ )?$mean</td>" page/report.html || fail "the page lacks the speed-up $mean"
# Trainings that differ in their seeds alone are one row; a copy, another setting, or other functions are not.
mkdir seeds && cp -r page/quadratic seeds
for seed in 1 2 3; do quiet train "${tiny[@]}" --seed $seed --out seeds/seed-$seed; done
quiet train "${tiny[@]}" --seed 4 --lr 0.02 --out seeds/rate
for name in seed-1 seed-2 rate; do quiet compare --run seeds/$name --functions 2 --tune-functions 2; done
quiet compare --run seeds/seed-3 --functions 3 --tune-functions 2
cp -r seeds/seed-1 seeds/seed-1-copied
quiet "${run[@]}" --out seeds
mean=$(ratios seeds/{quadratic,seed-1,seed-2}/compare.json | iqm)
grep -qE "^quadratic seed-1 seed-2,,.*,20,1,3,2,$mean" seeds/speedups.csv || fail "three seeds, $mean: $(cat seeds/speedups.csv)"
for name in rate seed-1-copied; do
  grep -qE "^$name,,.*,20,1,1,2," seeds/speedups.csv || fail "$name: $(cat seeds/speedups.csv)"
done
grep -qE "^seed-3,,.*,20,1,1,3," seeds/speedups.csv || fail "seed-3: $(cat seeds/speedups.csv)"
grep -qE '^all  .* of 13$' out.txt || fail "all speed-ups: $(cat out.txt)"
# A comparison of an older version has none, and one that is damaged is refused, here of a run without figures.
unseal seeds/rate/compare.json
sed -i 's/"ratio": [0-9.]*/"ratio": "x"/' seeds/rate/compare.json
expect_error 1 "seeds/rate/compare.json: damaged.*'ratio' is not a number.*delete it" "${run[@]}" --out seeds
awk '/^  "speedup"/ { skip = 1 } !skip { print } /^  },/ { skip = 0 }' seeds/rate/compare.json >old.json
! grep -q speedup old.json && mv old.json seeds/rate/compare.json
quiet "${run[@]}" --out seeds
grep -q '^seeds/rate/compare.json: of an older l2l, so it has no speed-up' out.txt || fail "an old comparison: $(cat out.txt)"
! grep -q '^rate,' seeds/speedups.csv || fail "a speed-up of an old comparison: $(cat seeds/speedups.csv)"

# Of a refined run the page says how it was refined.
quiet refine --run trained/quadratic --out refined/quadratic --iterations 1 --pairs 1 --validation-functions 1 --dim 2
quiet "${run[@]}" --out refined
grep -q 'l2l train .*--out trained/quadratic ' refined/report.html || fail "the page has another training"
grep -q 'l2l refine --run trained/quadratic --out refined/quadratic --dim 2' refined/report.html ||
  fail "the page does not say how it was refined"
echo '{}' >refined/quadratic/refine.json
! "$l2l" "${run[@]}" --out refined >out.txt 2>err.txt || fail "made of a damaged refine.json"
grep -q 'refine.json: damaged.*delete it' err.txt || fail "$(cat err.txt)"

touch -d '2001-01-01' page/quadratic/compare.json page/quadratic/probe.json page/quadratic/optimizer.safetensors
quiet "${run[@]}" --runs trained --out page
[[ -z $(find page/quadratic -name '*.json' -newermt 2002-01-01 ! -name config.json) ]] || fail "made again"
quiet figures --only quadratic --functions 3 --tune-functions 2 --out page
grep -q 'page/quadratic/compare.json: used as it is, with 2 held-out functions and 2 to tune on' out.txt ||
  fail "does not say that --functions 3 changes nothing: $(cat out.txt)"

if [[ -z ${L2L_SANITIZE:-} ]]; then
  quiet "${run[@]}" --epochs 1 --out other
  [[ $(wc -l <other/quadratic/train.csv) == 2 ]] || fail "--epochs 1: $(cat other/quadratic/train.csv)"
fi
expect_error 2 "--only.*'cubic'.*quadratic" figures --only cubic --out third
expect_error 2 "--epochs: '0'" figures --epochs 0 --out third
expect_error 2 '--runs nowhere: there is no such folder' figures --runs nowhere --out third
cp -r trained damaged && rm damaged/quadratic/*.safetensors
expect_error 1 'damaged/quadratic/optimizer.safetensors' "${run[@]}" --runs damaged --out third
cp -r trained foreign && unseal foreign/quadratic/config.json && sed -i 's/"scale": 1,/"scale": 2,/' foreign/quadratic/config.json
expect_error 1 'not of the same run' "${run[@]}" --runs foreign --out third
[[ ! -e third ]] || fail "a refused command made a folder"
# A page is not made of what is damaged.
for name in compare probe; do
  for content in '{' '{}' '[1]'; do
    cp -r page/quadratic kept && echo "$content" >page/quadratic/$name.json
    expect_error 1 "page/quadratic/$name.json: damaged.*delete it" "${run[@]}" --out page
    rm -r page/quadratic && mv kept page/quadratic
  done
done
damaged_score() {
  cp -r page/quadratic kept && unseal page/quadratic/compare.json && sed -i "$1" page/quadratic/compare.json
  expect_error 1 "page/quadratic/compare.json: damaged.*$2.*delete it" "${run[@]}" --out page
  rm -r page/quadratic && mv kept page/quadratic
}
for rate in '"x"' '[]' -1 0.1; do damaged_score "s/\"learning_rate\": null/\"learning_rate\": $rate/" "'learning_rate' of lstm"; done
for sem in final_sem sum_sem horizon_sem horizon_sum_sem; do
  damaged_score "s/\"$sem\": [0-9]/\"$sem\": -1/" "'$sem' is -1.*negative"
done
cut -d, -f1-4 page/quadratic/compare.csv >old.csv && cp page/quadratic/compare.csv kept.csv && mv old.csv page/quadratic/compare.csv
quiet "${run[@]}" --out page  # an older version's table, without differences in pairs, will do
mv kept.csv page/quadratic/compare.csv
for name in compare probe_updates probe_response; do
  table=page/quadratic/$name.csv
  cp "$table" kept.csv
  refused_table() { expect_error 1 "$table: damaged.*$1.*delete it" "${run[@]}" --out page; }
  echo rubbish >"$table" && refused_table 'first line'
  head -c -3 kept.csv >"$table" && refused_table 'has no end'
  head -n -1 kept.csv >"$table" && refused_table 'rows'
  sed '3s/,[^,]*$/,x/' kept.csv >"$table" && refused_table "line 3, column [46]: 'x'"
  sed '3s/,[^,]*/,99999/' kept.csv >"$table" && refused_table 'line 3 is'
  mv kept.csv "$table"
done
if [[ -e page/quadratic/compare.png ]]; then
  cp page/quadratic/compare.png kept.png
  for content in 'head -c 200 kept.png' 'echo rubbish'; do
    $content >page/quadratic/compare.png
    ! "$l2l" "${run[@]}" --out page >out.txt 2>err.txt || fail "a page with a damaged picture"
    grep -q '^l2l: page/quadratic/compare.png: not a whole PNG picture; delete it' err.txt || fail "$(cat err.txt)"
  done
  mv kept.png page/quadratic/compare.png
fi
# Nor of other functions than it says.
quiet train --optimizee mnist --units 2 --batch 2 --steps 2 --unroll 1 --epochs 1 --hidden 2 --layers 1 \
  --validation-functions 1 --out swapped/quadratic
refused_swap() { expect_error 1 "swapped/quadratic: a run on mnist, this figure is of quadratic; name another $1" "${@:2}"; }
refused_swap --runs "${run[@]}" --runs swapped --out third
refused_swap --out "${run[@]}" --out swapped
cp -r page/quadratic kept && unseal page/quadratic/compare.json
sed -i 's/"optimizee": "quadratic"/"optimizee": "mnist"/' page/quadratic/compare.json
expect_error 1 'compare.json: on mnist with .*trained on quadratic, this figure is of quadratic' "${run[@]}" --out page
rm -r page/quadratic && mv kept page/quadratic
# What l2l figures did not write is not replaced.
for file in report.html speedups.csv \
  quadratic/{optimizer.safetensors,preprocess.csv,preprocess.png,compare.csv,compare-functions.csv,compare.png,probe_updates.csv,probe_response.csv}; do
  mkdir -p noted/quadratic && echo notes >noted/$file
  expect_error 1 "noted/$file: not written by l2l figures.*--out" "${run[@]}" --runs trained --out noted
  [[ $(find noted -type f -exec cat {} +) == notes ]] || fail "notes in $file are lost"
  rm -r noted
done
