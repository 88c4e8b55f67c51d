# What probe writes and prints, and the requests that it refuses.
source "$(dirname "$0")/common.bash"
quiet train "${tiny[@]}" --out run  # 12 coordinates, 20 steps
rates=(--adam-rate 0.1 --sgd-rate 0.01)
header=coordinate,step,gradient,lstm,adam,sgd

quiet probe --run run "${rates[@]}" --coordinates 5,11,0
grep -q '^quadratic, batch 4, dim 3, function 0 of seed 0: loss ' out.txt || fail "the table's first line: $(cat out.txt)"
grep -q '^over 12 of 12 coordinates and 20 steps' out.txt || fail "the table's sample: $(cat out.txt)"
grep -qF 'coordinate 11: theta[3, 2]' out.txt || fail "the table does not say where coordinate 11 is: $(cat out.txt)"
[[ $(head -1 run/probe_updates.csv) == "$header" && $(head -1 run/probe_response.csv) == "$header" ]] || fail "headers"
for k in 5 11 0; do
  for step in $(seq 1 20); do echo "$k,$step"; done
done | cmp - <(tail -n +2 run/probe_updates.csv | cut -d, -f1,2) || fail "coordinates and steps of probe_updates.csv"
[[ $(wc -l <run/probe_response.csv) == $((1 + 3 * 20 * 201)) ]] || fail "$(wc -l <run/probe_response.csv) responses"
# SGD's update is the gradient times its rate, and ADAM's first one has the length of its rate.
awk -F, 'function abs(x) { return x < 0 ? -x : x }
  NR > 1 { if (abs($6 + 0.01 * $3) > 1e-6 * abs($3)) exit 1 }
  NR > 1 && $2 == 1 { if (abs(abs($5) - 0.1) > 1e-5) exit 1 }' run/probe_updates.csv || fail "updates of sgd or adam"
grep -q '"learning_rate_from": "--adam-rate"' run/probe.json || fail "where ADAM's rate is from is not in probe.json"
if command -v gnuplot >/dev/null; then
  for picture in updates response_5 response_11 response_0; do
    head -c 4 "run/probe_$picture.png" | grep -q PNG || fail "probe_$picture.png is not a picture"
  done
fi

# A large panel for each of the steps 1, 2, 4, 8 and 16, or with --grid a small one for each of 20. The tables are the
# same, and the picture of the updates.
size_of() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }  # of a PNG
cp -r run grid
quiet probe --run grid --force "${rates[@]}" --coordinates 5,11,0 --grid
for file in probe_updates.csv probe_response.csv probe.json probe_updates.png; do
  [[ ! -e run/$file ]] || same run/$file grid/$file
done
if [[ -e run/probe_response_5.png ]]; then
  sizes="$(size_of run/probe_response_5.png) $(size_of grid/probe_response_5.png)"
  [[ $sizes == "1260x824 1240x614" ]] || fail "five large panels and 20 small ones are $sizes"
fi

# Without gradients SGD does nothing, ADAM soon nothing, and both are told beside the LSTM.
grep -qE '^without gradients +lstm +adam +sgd$' out.txt || fail "no table of drift: $(cat out.txt)"
grep -qE '^ +after 50 steps of gradient 0 .* 0$' out.txt || fail "SGD drifts: $(cat out.txt)"
[[ $(grep -c '"updates_without_gradient"' run/probe.json) == 3 ]] || fail "no updates without gradient in probe.json"
if command -v python3 >/dev/null; then
  python3 - <<'EOF_PYTHON' || fail "updates without gradient in probe.json"
import json
probe = json.load(open("run/probe.json"))
for coordinate in probe["coordinates"]:
    without = coordinate["updates_without_gradient"]
    assert all(len(updates) == 10 for updates in without.values()), without
    assert all(u == 0 for u in without["sgd"]), without
    assert abs(without["adam"][-1]) < abs(without["adam"][0]), without
sgd, adam = (probe["optimizers"][name]["drift"] for name in ("sgd", "adam"))
assert sgd["drift"] == sgd["counting"] == sgd["wandered"] == 0 and adam["drift"] < 0.01, (sgd, adam)
EOF_PYTHON
fi

# It is the trajectory of the comparison, whose rates it takes.
quiet compare --run run --functions 1 --tune-functions 2 --steps 20
awk -F, '$1 == "lstm" { print $3 }' run/compare.csv >compared.txt
sed -n '/"losses"/,$p' run/probe.json | grep -oE '[0-9.e+-]+' >probed.txt
[[ $(wc -l <probed.txt) == 21 ]] && same compared.txt probed.txt
cp -r run before
quiet probe --run run --force --threads 1
[[ $(grep -c '(compare.json)' out.txt) == 2 ]] || fail "the comparison's rates are not taken: $(cat out.txt)"
for name in adam sgd; do
  rate() { grep -A 3 "\"$name\": {" "$1" | grep -o '"learning_rate": [0-9.e-]*'; }
  [[ -n $(rate run/probe.json) && $(rate run/probe.json) == $(rate run/compare.json) ]] || fail "the rate of $name"
done
[[ $(grep -c '"coordinate":' run/probe.json) == 3 ]] || fail "three coordinates are picked by default"
[[ ! -e run/probe_response_11.png ]] || fail "a picture of an earlier probe is left"
# Only on the same functions: else the rates are tuned.
quiet probe --run run --force --dim 2 --steps 5 --pick 1
[[ $(grep -c '(tuned)' out.txt) == 2 && $(grep -c '^tuned ' err.txt) == 2 ]] || fail "rates for others: $(cat out.txt)"

# Neither the sweep nor its range nor the threads change the trajectory; others do.
quiet probe --run before --force "${rates[@]}" --pick 4 --threads 1
cp before/probe_updates.csv updates.csv
for other in '--sweep-steps 0' '--sweep-steps 3 --range -1e-3,5' '--range 2 --threads 2'; do
  quiet probe --run before --force "${rates[@]}" --pick 4 $other
  same before/probe_updates.csv updates.csv
done
awk -F, 'NR > 1 && ($3 < -2 || $3 > 2) { exit 1 }' before/probe_response.csv || fail "--range 2 is left"
quiet probe --run before --force "${rates[@]}" --sweep-steps 0
[[ ! -e before/probe_response.csv ]] || fail "--sweep-steps 0 swept"
for other in '--seed 1' '--function 1'; do
  quiet probe --run before --force "${rates[@]}" --pick 4 $other
  ! cmp -s before/probe_updates.csv updates.csv || fail "$other changed nothing"
done

quiet probe --run before --force "${rates[@]}" --steps 1
grep -q 'n/a (lstm)' out.txt && ! grep -q 'nan' out.txt || fail "one step has no autocorrelation: $(cat out.txt)"
grep -q '^opposed: ' out.txt || fail "what opposed means: $(cat out.txt)"

# Nothing is overwritten unasked.
cp -r run unchanged
expect_error 1 'run/probe.*--force' probe --run run "${rates[@]}"
diff -r run unchanged || fail "a refused probe changed the folder"
# A full disk, for which a limit on the size of files stands, leaves all or nothing: the responses are the largest.
cp -r run full && cp -r full full-before && cp -r run fresh && rm fresh/probe*
for folder in full fresh; do
  can_limit_files || break
  code=0
  (trap '' XFSZ && ulimit -f 64 && exec "$l2l" probe --run $folder --force "${rates[@]}" --coordinates 2) \
    >out.txt 2>err.txt || code=$?
  [[ $code == 1 ]] && grep -q 'probe_response.csv: cannot be written' err.txt || fail "a full disk: $(cat err.txt)"
done
diff -r full full-before || fail "a full disk changed the earlier probe"
! can_limit_files || [[ -z $(find fresh -name 'probe*') ]] || fail "a full disk left a part of a probe"
# Nor is it lost when the new one cannot be written.
cp -r run blocked && rm blocked/probe.json && mkdir -p blocked/probe.json/taken
! "$l2l" probe --run blocked --force "${rates[@]}" --coordinates 2 >out.txt 2>err.txt || fail "probe.json is a folder"
for earlier in blocked/probe_response_*.png; do
  [[ -e $earlier ]] || fail "the earlier pictures are lost"
done

# Where there are fewer than three coordinates, these are picked.
for size in 1 2; do
  cp -r run small && rm small/probe*
  quiet probe --run small "${rates[@]}" --batch 1 --dim $size
  [[ $(grep -c '"coordinate":' small/probe.json) == "$size" ]] || fail "$size coordinates: $(cat small/probe.json)"
  rm -r small
done
expect_error 2 "--coordinates: there is no 12, theta has 12 coordinates, 0 to 11" probe --run run --force --coordinates 3,12
expect_error 2 "--coordinates 3,4,3: 3 is there twice" probe --run run --force --coordinates 3,4,3
for list in 1,,2 1, , a -1 1.5 99999999999; do
  expect_error 2 "--coordinates $list: '[^']*' is not a whole number" probe --run run --force --coordinates "$list"
done
expect_error 2 "--coordinates: 17 are given, at most 16" probe --run run --force --coordinates "$(seq -s, 1 17)"
expect_error 2 '--coordinates.*--pick' probe --run run --force --coordinates 1 --pick 2
expect_error 2 "--pick: '0'" probe --run run --force --pick 0
expect_error 2 '--pick 13: theta has only 12' probe --run run --force --pick 13
for range in 1,1 2,1 0 -1 1,2,3; do
  expect_error 2 "--range: '$range' is not LOW,HIGH" probe --run run --force --range "$range"
done
for range in x 1,x , nan 1e99; do
  expect_error 2 "--range $range: '[^']*' is not a number" probe --run run --force --range "$range"
done
for range in 1e-45 1e-37 1,1.00001; do
  expect_error 2 '--range: .* is too narrow for 201' probe --run run --force --range "$range"
done
expect_error 2 "--steps: '0'" probe --run run --force --steps 0
expect_error 2 "--steps 1000000: the gradients of 3000 coordinates need too much memory; at most" probe --run run --force --batch 1000 --steps 1000000
expect_error 2 "--sweep-steps 21: only 20 steps" probe --run run --force --sweep-steps 21
expect_error 2 "--adam-rate: '0'" probe --run run --force --adam-rate 0
expect_error 2 "--function: '-1'" probe --run run --force --function -1
expect_error 2 "'units'" probe --run run --force --units 20
expect_error 1 'nowhere' probe --run nowhere
echo '{}' >run/compare.json
expect_error 1 'compare.json.*--adam-rate' probe --run run --force
cp -r run broken && rm broken/optimizer.safetensors
expect_error 1 'broken/optimizer.safetensors' probe --run broken --force
diff -r run unchanged -x compare.json || fail "a refused probe changed the folder"

# A learned optimizer that diverges is followed as far as it goes.
quiet train "${tiny[@]}" --out diverging --scale 1e-19
unseal diverging/optimizer.safetensors diverging/config.json
sed -i 's/1e-19/1e+19/' diverging/optimizer.safetensors diverging/config.json
quiet probe --run diverging "${rates[@]}"
grep -q '^l2l: warning: the learned optimizer diverged.*after step [1-9]' err.txt || fail "no warning: $(cat err.txt)"
[[ $(wc -l <diverging/probe_updates.csv) -lt 61 ]] || fail "a probe that diverged has all steps"
# A new run in the same place takes the probe of the old one with it.
quiet train "${tiny[@]}" --out diverging --force
[[ -z $(find diverging -name 'probe*') ]] || fail "a probe outlived its run"
