# What walk writes: pictures, an animation that ends, tables; planes of functions with more coordinates; and the requests
# that it refuses.
source "$(dirname "$0")/common.bash"
small=(--unroll 2 --hidden 4 --layers 1 --epochs 2 --validate-every 2 --validation-functions 2)
quick=(--tune-functions 2 --grid 20)
quiet train --optimizee landscape --functions 2 --steps 20 "${small[@]}" --out run

# numbers FILE NAME: those of an array of numbers, one a line.
numbers() { sed -n "/^  \"$2\": \[/,/^  \]/p" "$1" | tail -n +2 | grep -oE 'null|-?[0-9][0-9.e+-]*'; }
# is_animation FILE FRAMES: of at most 2 MB, whose last frame stays for three seconds.
is_animation() {
  local delays
  [[ $(head -c 6 "$1") == GIF89a && $(tail -c 1 "$1") == ';' ]] || fail "$1 is no animation"
  [[ $(wc -c <"$1") -le 2000000 ]] || fail "$1 has $(wc -c <"$1") bytes"
  mapfile -t delays < <(od -An -v -tx1 "$1" | tr -d ' \n' | grep -oE '21f904[0-9a-f]{2}[0-9a-f]{4}[0-9a-f]{2}002c' |
    cut -c 9-12)
  [[ ${#delays[@]} == "$2" ]] || fail "$1 has ${#delays[@]} frames, not $2"
  [[ ${delays[0]} == 0a00 && ${delays[-1]} == 2c01 ]] || fail "$1: delays ${delays[0]}, ${delays[-1]}"
}

quiet walk --run run "${quick[@]}" --kind himmelblau --function 3
grep -q '^landscape, kind himmelblau, function 3 of seed 0: loss ' out.txt || fail "the table: $(cat out.txt)"
! grep -q outside out.txt || fail "nothing is outside of two coordinates: $(cat out.txt)"
[[ $(head -1 run/walk.csv) == optimizer,step,x,y,loss ]] || fail "header: $(head -1 run/walk.csv)"
for name in lstm sgd nag rmsprop adam; do
  for step in $(seq 0 20); do echo "$name,$step"; done
done | cmp - <(tail -n +2 run/walk.csv | cut -d, -f1,2) || fail "optimizers and steps of walk.csv"
[[ $(awk -F, '$2 == 0 { print $3, $4, $5 }' run/walk.csv | sort -u | wc -l) == 1 ]] || fail "paths begin together"
for field in '"optimizee": "landscape"' '"kind": "himmelblau"' '"function": 3' '"seed": 0' '"steps": 20' \
  '"kind": "coordinates"' '"columns": 20' '"rows": 15' '"name": "lstm"' '"rate": null' '"batches": 16'; do
  grep -qF "$field" run/walk.json || fail "walk.json has no $field"
done
[[ $(numbers run/walk.json grid | wc -l) == 300 ]] || fail "the grid has $(numbers run/walk.json grid | wc -l) points"
[[ $(numbers run/walk.json minima | wc -l) == 8 ]] || fail "four minima: $(numbers run/walk.json minima)"
# The picture shows all paths and minima.
mapfile -t ends < <(numbers run/walk.json x; numbers run/walk.json y)
awk -F, -v a="${ends[0]}" -v b="${ends[1]}" -v c="${ends[2]}" -v d="${ends[3]}" \
  'NR > 1 && ($3 < a || $3 > b || $4 < c || $4 > d) { exit 1 }' run/walk.csv || fail "a path leaves the picture"
if command -v gnuplot >/dev/null; then
  head -c 4 run/walk.png | grep -q PNG || fail "walk.png is not a picture"
  is_animation run/walk.gif 21
fi

# Its paths are those of the comparison, with the same rates, which are kept.
quiet compare --run run --functions 1 --tune-functions 2 --steps 20 --rates rates.json
quiet walk --run run "${quick[@]}" --force --rates rates.json
! grep -q '^tuned ' err.txt || fail "rates are tuned again: $(cat err.txt)"
cut -d, -f 1-3 run/compare.csv | tail -n +2 >compared.txt
cut -d, -f 1,2,5 run/walk.csv | tail -n +2 >walked.txt
same compared.txt walked.txt
cp run/walk.csv before.csv && cp run/walk.json before.json
quiet walk --run run "${quick[@]}" --force --rates rates.json --threads 2
same run/walk.csv before.csv
same run/walk.json before.json
quiet walk --run run --tune-functions 2 --force --rates rates.json --batches 1 --grid 8
same run/walk.csv before.csv
grep -qF '"columns": 8' run/walk.json || fail "--grid 8 changed nothing"
for other in '--seed 1' '--function 1'; do
  quiet walk --run run "${quick[@]}" --force --rates rates.json $other
  ! cmp -s run/walk.csv before.csv || fail "$other changed nothing"
done

# Nothing is overwritten unasked.
cp -r run unchanged
expect_error 1 'run/walk.json: exists already; .*--force' walk --run run "${quick[@]}"
expect_error 2 "--kind 'bowls' is unknown; .*did you mean bowl" walk --run run --force --kind bowls
expect_error 2 "--filter-normalise: theta has no filters" walk --run run --force --filter-normalise
expect_error 2 "--grid: '1'" walk --run run --force --grid 1
expect_error 2 "--batches: '0'" walk --run run --force --batches 0
expect_error 2 "--function: '-1'" walk --run run --force --function -1
expect_error 2 "--steps: '0'" walk --run run --force --steps 0
expect_error 2 "--steps 100000: the paths of 3000 coordinates need too much memory; at most" walk --run run --force \
  --optimizee quadratic --batch 1000 --dim 3 --steps 100000
expect_error 1 'nowhere' walk --run nowhere
expect_error 1 'theta has one coordinate' walk --run run --force --optimizee quadratic --batch 1 --dim 1
diff -r run unchanged || fail "a refused walk changed the folder"

# Without gnuplot, or with one that fails or draws something else: no pictures, also no old ones.
mkdir empty broken other
printf '#!/bin/sh\nexit 1\n' >broken/gnuplot
printf '#!/bin/sh\nprintf "GIF89a nothing more"\n' >other/gnuplot
chmod +x {broken,other}/gnuplot
for path in empty broken other; do
  touch run/walk.png run/walk.gif
  PATH=$work/$path "$l2l" walk --run run "${quick[@]}" --force --rates rates.json >out.txt 2>err.txt ||
    fail "walk with gnuplot $path: $(cat err.txt)"
  for picture in png gif; do
    grep -q "no walk.$picture: gnuplot.*walk.csv" err.txt || fail "walk with gnuplot $path: $(cat err.txt)"
    [[ ! -e run/walk.$picture ]] || fail "walk.$picture with gnuplot $path"
  done
  [[ -s run/walk.csv && -s run/walk.json ]] || fail "walk with gnuplot $path wrote too little"
  ! grep -qE 'png|gif' out.txt || fail "a picture is named that is not there"
done

# More coordinates: a plane on which the start and two ends lie.
quiet train "${tiny[@]}" --out plane
quiet walk --run plane "${quick[@]}"
grep -qF '"kind": "plane"' plane/walk.json && grep -qF '"batches": 1' plane/walk.json || fail "12 coordinates"
grep -q '^the plane is that through the start and the ends of lstm and ' out.txt || fail "which plane: $(cat out.txt)"
best=$(sed -n 's/^the plane is .* and //p' out.txt)
awk -F, -v best="$best" 'function size(z) { return z < 0 ? -z : z }
  NR > 1 && $2 == 0 && (size($3) > 1e-6 || size($4) > 1e-6) { exit 1 }
  $1 == "lstm" && $2 == 20 && !($3 > 0 && size($4) < 1e-5 * $3) { exit 2 }
  $1 == best && $2 == 20 && !($4 > 0) { exit 3 }' plane/walk.csv || fail "start and ends: $(cat plane/walk.csv)"
[[ $(grep -c '"outside": 0' plane/walk.json) == 5 ]] || fail "how much is outside: $(grep outside plane/walk.json)"
quiet walk --run plane "${quick[@]}" --force --batch 1 --dim 2
grep -qF '"kind": "coordinates"' plane/walk.json && grep -qF '"minima": []' plane/walk.json || fail "two coordinates"

# A network's directions, filter by filter.
data=/usr/share/datasets/fashion-mnist
if [[ -e $data ]]; then
  quiet train --optimizee mnist --data $data --units 2 --batch 2 --steps 4 "${small[@]}" --out net
  quiet walk --run net --tune-functions 1 --grid 8
  [[ $(grep -c '"outside": 0' net/walk.json) == 5 ]] || fail "outside of the plane: $(grep outside net/walk.json)"
  cp net/walk.csv plain.csv
  quiet walk --run net --tune-functions 1 --grid 8 --filter-normalise --force
  grep -qF 'each direction filter-normalised' out.txt || fail "filter-normalised: $(cat out.txt)"
  grep -qF '"filter_normalised": true' net/walk.json || fail "filter-normalised: not in walk.json"
  ! cmp -s net/walk.csv plain.csv || fail "filter normalisation changed nothing"
  cut -d, -f 1,2,5 plain.csv | cmp - <(cut -d, -f 1,2,5 net/walk.csv) || fail "it changed the paths themselves"
fi

# A learned optimizer that diverges is followed as far as it goes.
quiet train "${tiny[@]}" --out diverging --scale 1e-19
unseal diverging/optimizer.safetensors diverging/config.json
sed -i 's/1e-19/1e+19/' diverging/optimizer.safetensors diverging/config.json
quiet walk --run diverging "${quick[@]}"
[[ $(grep -c '^lstm' diverging/walk.csv) -lt 21 ]] || fail "a path that diverges has all steps"
grep -q null diverging/walk.json || fail "what is not finite is null"
# A new run in the same place takes the walk of the old one with it.
quiet train "${tiny[@]}" --out diverging --force
[[ -z $(find diverging -name 'walk*') ]] || fail "a walk outlived its run"
