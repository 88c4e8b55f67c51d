# What compare writes and prints, and the runs that it refuses.
source "$(dirname "$0")/common.bash"
quiet train "${tiny[@]}" --out run
fast=(--functions 3 --tune-functions 2)

quiet compare --run run "${fast[@]}" --threads 1
for name in lstm sgd nag rmsprop adam; do
  grep -qE "^$name +[0-9l].* ± " out.txt || fail "the table lacks $name: $(cat out.txt)"
done
[[ $(grep -c '[*]' out.txt) -ge 2 ]] || fail "the table marks no best baseline"
grep -q 'loss at step 20 .*loss at step 40 .*sum of steps 1-20' out.txt || fail "columns of the table: $(cat out.txt)"
[[ $(head -1 run/compare.csv) == optimizer,step,mean_loss,sem,difference,difference_sem ]] ||
  fail "header of compare.csv: $(head -1 run/compare.csv)"
{
  for name in lstm sgd nag rmsprop adam; do
    for step in $(seq 0 40); do echo "$name,$step"; done
  done
} | cmp - <(tail -n +2 run/compare.csv | cut -d, -f1,2) || fail "optimizers and steps of compare.csv"
[[ $(awk -F, '$2 == "0" {print $3 "," $4}' run/compare.csv | sort -u | wc -l) == 1 ]] ||
  fail "the optimizers do not start from the same points of the same functions"
[[ $(grep -c '"learning_rate": [0-9]' run/compare.json) == 4 ]] || fail "learning rates in compare.json"
[[ $(grep -c '"learning_rate": null' run/compare.json) == 1 ]] || fail "the LSTM's learning rate in compare.json"
for key in final_mean final_sem sum; do
  [[ $(grep -c "\"$key\": [0-9]" run/compare.json) == 5 ]] || fail "$key in compare.json"
done
# In pairs: the losses of each function are in the summary, and the table has their differences to the best rule.
of_each() { awk -v name="\"$1\":" -v key="\"$2\":" '
  $1 == name { here = 1 } here && $1 == key && /\[$/ { list = 1; next } list && $1 ~ /^]/ { exit } list { print $1 + 0 }' run/compare.json; }
[[ $(of_each lstm horizon | wc -l) == 3 ]] || fail "losses of each function: $(of_each lstm horizon)"
[[ $(of_each lstm horizon) != "$(of_each lstm final)" ]] || fail "losses at step 20 are those at step 40"
best=$(sed -n 's/^lstm \/ best baseline *[0-9.]* *(\([a-z]*\)).*/\1/p' out.txt)
read -r difference error lower < <(paste <(of_each lstm horizon) <(of_each "$best" horizon) | awk '
  { d[NR] = $1 - $2; mean += d[NR]; lower += d[NR] < 0 }
  END { mean /= NR; for (k in d) s += (d[k] - mean) ^ 2; printf "%.4g %.2g %d\n", mean, sqrt(s / (NR - 1) / NR), lower }')
grep -qE "^lstm - best baseline +$difference ± $error " out.txt || fail "difference $difference ± $error: $(cat out.txt)"
grep -qE "^lstm is lower in +$lower +of 3 " out.txt || fail "lower in $lower of 3: $(cat out.txt)"
# The p-value of the table: of three differences it is 1/4, 1/2, 3/4 or 1, by the smaller sum of ranks of one sign.
p=$(paste <(of_each lstm horizon) <(of_each "$best" horizon) | awk '{ d = $1 - $2; print d < 0 ? -d : d, d < 0 }' |
  sort -g | awk '{ w += NR * $2 } END { w = w > 3 ? 6 - w : w; print w == 3 ? 1 : (w + 1) / 4 }')
grep -qE "^p, signed ranks +${p/./[.]} " out.txt || fail "p $p: $(cat out.txt)"
# compare-functions.csv has the losses of each function; the summary and compare.csv have the differences of these.
[[ $(head -1 run/compare-functions.csv) == optimizer,function,horizon,final,horizon_sum,sum ]] ||
  fail "header of compare-functions.csv: $(head -1 run/compare-functions.csv)"
[[ $(wc -l <run/compare-functions.csv) == 16 ]] || fail "rows of compare-functions.csv: $(cat run/compare-functions.csv)"
column=3
for key in horizon final horizon_sum sum; do
  cmp <(of_each nag $key) <(awk -F, -v c=$column '$1 == "nag" { print $c + 0 }' run/compare-functions.csv) ||
    fail "$key of nag in compare-functions.csv"
  awk -F, -v c=$column '$1 == "lstm" { lstm[$2] = $c } $1 == "adam" { d[$2] = $c - lstm[$2]; m += d[$2]; n++ }
    END { m /= n; for (k in d) s += (d[k] - m) ^ 2; printf "%.4g %.4g\n", m, sqrt(s / (n - 1) / n) }' \
    run/compare-functions.csv >expected.txt
  sed -n '/^    "adam"/,/^    }/p' run/compare.json | sed -n '/"paired"/,$p' | sed -n "/\"$key\": {/,/}/p" |
    sed -n 's/.*"\(difference\|sem\)": \([^,]*\).*/\2/p' | xargs printf '%.4g %.4g\n' >found.txt
  same expected.txt found.txt
  step=$(awk -v key=$key 'BEGIN { print key == "horizon" ? 20 : key == "final" ? 40 : "none" }')
  if [[ $step != none ]]; then
    grep "^adam,$step," run/compare.csv | cut -d, -f5,6 | tr , ' ' | xargs printf '%.4g %.4g\n' >found.txt
    same expected.txt found.txt
  fi
  column=$((column + 1))
done
[[ $(grep '^lstm,' run/compare.csv | cut -d, -f5,6 | sort -u) == 0,0 ]] || fail "lstm differs from itself"
# The speed-up, of one function, by the two curves: these losses have no noise.
quiet compare --run run --functions 1 --tune-functions 2 --label one
rule=$(sed -n 's/^speed-up to the loss of \([a-z]*\) at step 20: .*/\1/p' out.txt)
[[ -n $rule ]] || fail "no speed-up: $(cat out.txt)"
expected=$(awk -F, -v rule="$rule" '
  $1 == "lstm" { lstm[$2] = $3 } $1 == rule { loss[$2] = $3 }
  END { for (a = 1; loss[a] > loss[20]; a++); for (b = 1; b <= 40 && lstm[b] > loss[20]; b++);
        late = b > 40
        printf "%s%.3g (95%% interval n/a); reached in %d of 1\n", late ? "≤ " : "", a / (late ? 40 : b), !late }' \
  run/compare-one.csv)
grep -qF "at step 20: $expected" out.txt || fail "speed-up $expected: $(cat out.txt)"
rm run/compare-one*
# Losses on minibatches are noisy: means of a tenth of the steps are looked at, and shown.
quiet train --optimizee mnist --units 2 --batch 2 --steps 2 --unroll 1 --epochs 1 --hidden 2 --layers 1 \
  --validation-functions 1 --out noisy
quiet compare --run noisy --functions 2 --tune-functions 1 --steps 40 --tune-steps 30
grep -q '^speed-up to the loss of [a-z]* at step 30, by means of 3 steps: ' out.txt || fail "noise: $(cat out.txt)"
grep -q '"window": 3,' noisy/compare.json && grep -q '"window": 1,' run/compare.json || fail "windows"
if command -v python3 >/dev/null; then
  python3 -m json.tool run/compare.json >/dev/null || fail "compare.json is not JSON"
fi
if command -v gnuplot >/dev/null; then
  head -c 4 run/compare.png | grep -q PNG || fail "compare.png is not a picture"
fi

# Nothing is overwritten unasked; a label keeps comparisons apart; threads change nothing.
cp -r run before
expect_error 1 'run/compare.json.*--label.*--force' compare --run run "${fast[@]}"
diff -r run before || fail "a refused comparison changed the folder"
# Without the summary, which is written last, it is what a killed call left: made anew.
rm run/compare.json && echo part >run/compare.csv
quiet compare --run run "${fast[@]}"
diff -r run before || fail "what a killed comparison left is not made anew"
quiet compare --run run "${fast[@]}" --threads 2 --label two
same run/compare.csv run/compare-two.csv
same run/compare.json run/compare-two.json
same run/compare-functions.csv run/compare-two-functions.csv
# With a schedule there are five more, and the others are as before.
quiet compare --run run "${fast[@]}" --label cosine --schedule cosine
for name in sgd nag rmsprop adam; do
  grep -qE "^$name-cosine +[0-9].* ± " out.txt || fail "the table lacks $name-cosine: $(cat out.txt)"
done
grep -qE '^lstm-cosine +learned +[0-9].* ± ' out.txt || fail "the table lacks lstm-cosine: $(cat out.txt)"
grep -q '^lstm / best, both scheduled .*-cosine)' out.txt || fail "no ratio to the best with a schedule: $(cat out.txt)"
cmp <(grep -v cosine run/compare-cosine.csv) run/compare-two.csv || fail "a schedule changed the others"
expect_error 2 "--schedule: .*'step' is unknown; there are cosine, cooldown and sqrt" compare --run run --schedule step
expect_error 2 "--schedule: 'sqrt' is there twice" compare --run run --schedule sqrt,sqrt
quiet compare --run run "${fast[@]}" --label sqrt --schedule cosine,cooldown,sqrt
for name in nag-cosine nag-cooldown nag-sqrt; do
  grep -qE "^$name +[0-9].* ± " out.txt || fail "the table lacks $name: $(cat out.txt)"
done
grep -qE '^lstm-cooldown +learned +[0-9].* ± ' out.txt || fail "the table lacks lstm-cooldown: $(cat out.txt)"
# A rule whose name has a '-' has no schedule.
quiet compare --run run "${fast[@]}" --label growing --also muon-growing
grep -qE "^muon-growing +[0-9].* ± " out.txt || fail "the table lacks muon-growing: $(cat out.txt)"
grep -q 'scheduled' out.txt && fail "muon-growing is taken for one with a schedule: $(cat out.txt)"

quiet compare --run run "${fast[@]}" --label short --tune-steps 5
grep -q 'loss at step 5 .*loss at step 40 .*sum of steps 1-5' out.txt || fail "--tune-steps 5: $(cat out.txt)"
grep -q '"trained_steps": 20' run/compare-short.json && grep -q '"horizon": 5' run/compare-short.json ||
  fail "steps in compare-short.json"
quiet compare --run run "${fast[@]}" --force --steps 10 --criterion sum
[[ $(wc -l <run/compare.csv) == 56 ]] || fail "--steps 10: $(wc -l <run/compare.csv) lines"
grep learning_rate run/compare.json | cmp -s - <(grep learning_rate run/compare-two.json) &&
  fail "both criteria gave the same learning rates"
quiet compare --run run "${fast[@]}" --seed 5 --label seed
! cmp -s run/compare-two.csv run/compare-seed.csv || fail "another seed gave the same functions"

# Generalisation: other options of the same optimizee. Options not given are the run's.
quiet compare --run run "${fast[@]}" --dim 5 --label dim-5
grep -q '"dim": "5"' run/compare-dim-5.json || fail "--dim 5 is not in the summary"
grep -q '"batch": "4"' run/compare-dim-5.json || fail "the run's own --batch is not in the summary"
grep -q '^quadratic, batch 4, dim 5' out.txt || fail "the table does not say what was compared on"

expect_error 2 "--steps: '0'" compare --run run --steps 0
expect_error 2 "--functions: '-2'" compare --run run --functions -2
expect_error 2 "--criterion: .*'median'.*final and sum" compare --run run --criterion median
expect_error 2 "--optimizee: .*'cubic'" compare --run run --optimizee cubic
expect_error 2 "'units'" compare --run run --label x --units 20
expect_error 2 "--label 'a/b'" compare --run run --label a/b
for label in functions two-functions; do
  expect_error 2 "--label '$label': must not end with 'functions'" compare --run run --label $label
done
expect_error 1 'nowhere' compare --run nowhere
expect_error 2 '--label' compare --run run --label "$(printf 'x%.0s' {1..300})"
expect_error 1 'File name too long' compare --run "$(printf 'x%.0s' {1..300})"
quiet compare --run run --functions 1 --tune-functions 2 --label one
grep -q '± n/a' out.txt || fail "a standard error of one function: $(cat out.txt)"

# A learned optimizer that diverges is compared all the same, with a warning.
quiet train "${tiny[@]}" --out diverging --scale 1e-19
unseal diverging/optimizer.safetensors diverging/config.json
sed -i 's/1e-19/1e+19/' diverging/optimizer.safetensors diverging/config.json
quiet compare --run diverging "${fast[@]}"
grep -q '^l2l: warning: the learned optimizer diverged' err.txt || fail "no warning: $(cat err.txt)"
grep -qE '^nag,40,[0-9].*,-inf,nan$' diverging/compare.csv && grep -q '^lstm,40,inf,nan,0,0$' diverging/compare.csv ||
  fail "differences from what diverged: $(grep ,40, diverging/compare.csv)"
if command -v gnuplot >/dev/null; then [[ -s diverging/compare.png ]] || fail "no picture: $(cat err.txt)"; fi

# Damaged, missing and foreign files.
# All these say what file it is, once.
refused() {
  expect_error 1 "$1" compare --run broken "${fast[@]}"
  [[ $(grep -o 'broken/[a-z.]*: ' err.txt | wc -l) -le 1 ]] || fail "a file twice: $(cat err.txt)"
  [[ -z $(find broken -name 'compare*') ]] || fail "a refused comparison was written"
  rm -rf broken
}
copy() {
  mkdir broken
  cp run/config.json run/optimizer.safetensors broken
  unseal broken/*
}
copy && rm broken/optimizer.safetensors && refused 'broken/optimizer.safetensors: is missing.* copy it'
copy && cp run/checkpoint.safetensors broken && rm broken/optimizer.safetensors &&
  refused 'missing.*; .*l2l train --resume --out broken'
copy && head -c 300 run/optimizer.safetensors >broken/optimizer.safetensors && refused 'broken/optimizer.safetensors.*copy'
copy && echo hello >broken/optimizer.safetensors && refused 'broken/optimizer.safetensors.*copy'
copy && printf '\x0b\0\0\0\0\0\0\0{"a":1e999}' >broken/optimizer.safetensors &&
  refused 'broken/optimizer.safetensors: .*a number that is too large'
copy && sed -i 's/output.bias/output.boas/' broken/optimizer.safetensors && refused "'output.bias'"
copy && cp run/checkpoint.safetensors broken/optimizer.safetensors && refused 'broken/optimizer.safetensors'
copy && sed -i 's/"hidden": 4/"hidden": 5/' broken/config.json && refused 'hidden 4, .* says 5'
copy && sed -i 's/"preprocess": "none"/"preprocess": "log:10"/' broken/config.json &&
  refused 'preprocess none, .* says log:10;'
copy && sed -i 's/"scale": 1,/"scale": 0.2,/' broken/config.json && refused 'scale 1, .* says 0.2;'
copy && sed -i '$d' broken/config.json && refused 'broken/config.json.*not valid JSON'
copy && sed -i 's/"scale": 1,/"scale": 1e400,/' broken/config.json && refused 'broken/config.json.*number that is too'
copy && rm broken/config.json && mkdir broken/config.json && refused 'broken/config.json: cannot be read: not a regular file'
for file in config.json optimizer.safetensors; do
  copy && rm broken/$file && mkfifo broken/$file && refused "broken/$file: cannot be read: not a regular file"
done
copy && truncate -s 1T broken/config.json && refused 'broken/config.json: 1099511627776 bytes, too many for a file'
copy && echo '[1, 2]' >broken/config.json && refused 'broken/config.json.*object'
copy && sed -i '/"unroll"/d' broken/config.json && refused "broken/config.json.*'unroll'"
copy && sed -i 's/"steps": 20/"steps": "x"/' broken/config.json && refused "broken/config.json.*'x'"
copy && sed -i 's/"optimizee": "quadratic"/"optimizee": "cubic"/' broken/config.json && refused "broken/config.json.*'cubic'"
copy && sed -i 's/"dim": "3"/"dim": "x"/' broken/config.json && refused "broken/config.json.*'x'"
copy && rm broken/config.json && refused 'config.json'
copy && sed -i 's/"epochs": 4/"epochs": "4"/' broken/config.json && refused "broken/config.json.*'epochs' must be 4, not the text"
for version in null 3 '[]' '"1.2"' '"1.2.x"' '""'; do
  copy && sed -i "s/\"version\": .*/\"version\": $version,/" broken/config.json && refused "broken/config.json.*'version' is"
done
copy && sed -i 's/"version": .*/"version": "99.0.0",/' broken/config.json &&
  refused 'broken/config.json.*written by a newer l2l, 99.0.0; this is l2l [0-9]'
copy && sed -i 's/"plain": false/"plain": 0/' broken/config.json && refused "broken/config.json.*--plain: '0'"
copy && sed -i 's/"dim": "3"/"dim": 3/' broken/config.json && refused "broken/config.json.*'dim' is not a text"
copy && sed -i 's/"dim": "3"/"dimension": "3"/' broken/config.json && refused "broken/config.json.*'dimension'"
copy && sed -i 's/"seed": 0,/"seed": 0, "sed": 1,/' broken/config.json && refused "broken/config.json.*'sed'"
copy && sed -i 's/"seed": 0,/"seed": 0, "seed": 1,/' broken/config.json && refused "broken/config.json.*'seed' twice"

# A checksum tells damage and edits; an edited file without one is taken as it is. Files of two runs do not mix.
for file in config.json optimizer.safetensors; do
  mkdir broken && cp run/config.json run/optimizer.safetensors broken
  bytes=$(wc -c <broken/$file)
  for offset in 5 100 $((bytes / 2)) $((bytes - 3)); do
    cp run/$file broken
    byte=$(od -An -tu1 -j "$offset" -N 1 broken/$file)
    printf "\\x$(printf %02x $((byte ^ 1)))" | dd of=broken/$file bs=1 seek="$offset" conv=notrunc status=none
    expect_error 1 "broken/$file: " compare --run broken "${fast[@]}"
  done
  rm -r broken
done
mkdir edited && cp run/config.json run/optimizer.safetensors edited
sed -i 's/"seed": 0/"seed": 1/' edited/config.json
expect_error 1 "edited/config.json: .*damaged or edited.*'checksum'" compare --run edited "${fast[@]}"
sed -i '/"checksum"/d' edited/config.json
quiet compare --run edited "${fast[@]}"
quiet train "${tiny[@]}" --out other --seed 9
cp other/config.json edited
expect_error 1 'edited/optimizer.safetensors: was trained with another' compare --run edited "${fast[@]}" --force
# The checksum of a run's config.json that is none would switch that off.
for note in '' 50b0082 zzzzzzzz 50B0082F; do
  cp run/optimizer.safetensors edited
  unseal edited/optimizer.safetensors
  entry edited/optimizer.safetensors config "$note"
  expect_error 1 "edited/optimizer.safetensors: 'config' of its metadata is '$note', not the checksum" \
    compare --run edited "${fast[@]}" --force
done

# Whoever reads the table goes away before it is printed: the files are written all the same.
"$l2l" compare --run run "${fast[@]}" --label piped 2>err.txt | true || true
for file in compare-piped.csv compare-piped.json; do [[ -s run/$file ]] || fail "no $file: $(cat err.txt)"; done

# Other rules besides; rates that were tuned before are taken from a file, and nothing is tuned twice.
quiet compare --run run "${fast[@]}" --label also --also muon,momentum --schedule cosine --rates rates.json
for rule in muon momentum muon-cosine; do grep -q "\"$rule\"" run/compare-also.json || fail "no $rule: $(cat run/compare-also.json)"; done
cp rates.json before.json
quiet compare --run run "${fast[@]}" --label again --also muon,momentum --schedule cosine --rates rates.json
! grep -q 'tuned' err.txt || fail "tuned again: $(cat err.txt)"
cmp rates.json before.json || fail "rates.json changed"
cmp run/compare-also.csv run/compare-again.csv || fail "a rate from the file gave other losses"
quiet compare --run run "${fast[@]}" --label more --rates rates.json --seed 5
[[ $(grep -c functions rates.json) -gt $(grep -c functions before.json) ]] || fail "another tuning was not added"
expect_error 2 "--also nag: it takes part already" compare --run run "${fast[@]}" --label x --also nag
expect_error 2 "--also: optimizer 'mun' is unknown.*did you mean muon" compare --run run "${fast[@]}" --label x --also mun
echo '{"rates": {"a": -1}}' >bad.json
expect_error 1 "bad.json: .*not a file of learning rates.*--rates" compare --run run "${fast[@]}" --label x --rates bad.json
[[ ! -e run/compare-x.json ]] || fail "a refused comparison wrote something"
