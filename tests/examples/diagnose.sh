# Runs that are made to fail, and what diagnose says of them.
shipped=$(cd "$(dirname "$0")/../../examples/trained" && pwd)
source "$(dirname "$0")/common.bash"

# finds VERDICT NAME: the report has a line "VERDICT  NAME".
finds() {
  grep -qE "^$1 +$2 " out.txt || fail "not '$1 $2': $(cat out.txt)"
}

quiet train "${tiny_optimizer[@]}" --epochs 60 --lr 0.03 --out run
quiet diagnose --run run
for name in 'not finite' loss 'chance loss' 'dead updates' 'saturated gates' 'clipped input' 'growing state'; do
  finds ok "$name"
done
finds ok 'training gradient'
grep -qE '^(ok|look here) +drift +after 50 steps of gradient 0, updates are' out.txt || fail "no word on drift: $(cat out.txt)"
grep -qE '^(ok|look here) +step counting +to the same gradients 100 steps later' out.txt || fail "none on counting: $(cat out.txt)"
grep -q '"dead updates"' run/diagnose.json || fail "findings in diagnose.json"
if command -v python3 >/dev/null; then
  python3 -m json.tool run/diagnose.json >/dev/null || fail "diagnose.json is not JSON"
fi
if command -v gnuplot >/dev/null; then
  head -c 4 run/diagnose.png | grep -q PNG || fail "diagnose.png is not a picture"
fi
! grep -q checksum out.txt || fail "a word on checksums: $(cat out.txt)"
cp -r run foreign && unseal foreign/optimizer.safetensors
quiet diagnose --run foreign --force
grep -q 'checksum .*optimizer.safetensors has none' out.txt || fail "no word on the checksum: $(cat out.txt)"
unseal foreign/config.json
quiet diagnose --run foreign --force
finds 'look here' checksum
grep -q 'optimizer.safetensors and config.json have none' out.txt || fail "no word on the checksums: $(cat out.txt)"
expect_error 1 'run/diagnose.json.*--force' diagnose --run run
quiet diagnose --run run --force --steps 40 --seed 1
grep -q '40 steps' out.txt || fail "--steps 40: $(cat out.txt)"

quiet train "${tiny[@]}" --out dead --scale 1e-8 --seed 7
quiet diagnose --run dead
finds 'look here' 'dead updates'
grep -q '"seed": 7' dead/diagnose.json || fail "not the functions that the training validated on"
quiet train "${tiny[@]}" --out diverging --scale 1e-19
unseal diverging/optimizer.safetensors diverging/config.json
sed -i 's/1e-19/1e+19/' diverging/optimizer.safetensors diverging/config.json
rm diverging/train.csv  # it is not needed
quiet diagnose --run diverging
finds 'look here' 'not finite'
! grep -qE ' (drift|step counting) ' out.txt || fail "a drift of what diverges: $(cat out.txt)"
! grep -q 'training loss' out.txt || fail "a training without a log"

# One that comes to nothing at once: there is nothing to draw, and an earlier picture goes.
quiet train "${tiny[@]}" --out huge
unseal huge/optimizer.safetensors huge/config.json
last_weight() {  # RUN BYTES
  printf "$2" | dd of=$1/optimizer.safetensors bs=1 seek=$(($(wc -c <$1/optimizer.safetensors) - 4)) conv=notrunc status=none
}
last_weight huge '\377\377\177\177'  # the largest float
sed -i 's/"output_scale":"1"/"output_scale":"9"/' huge/optimizer.safetensors
sed -i 's/"scale": 1,/"scale": 9,/' huge/config.json
touch huge/diagnose.png
quiet diagnose --run huge --force
finds 'look here' 'not finite'
[[ ! -e huge/diagnose.png ]] || fail "a picture of an earlier diagnosis is left"

# Weights that are not finite are not followed at all, by no command.
cp -r run nan && unseal nan/optimizer.safetensors
for bytes in '\377\377\377\377' '\0\0\200\177'; do
  last_weight nan "$bytes"
  for command in diagnose compare probe; do
    expect_error 1 "nan/optimizer.safetensors: has weights that are not finite, in 'output.weight'; .*resume" \
      $command --run nan --force
  done
done

cp run/train.csv whole.csv
expect_error 2 '--run' diagnose
expect_error 2 "--steps: '0'" diagnose --run run --steps 0
expect_error 1 'nowhere.*l2l train' diagnose --run nowhere
echo 'epoch,meta_loss' >run/train.csv && echo '1' >>run/train.csv
expect_error 1 'run/train.csv.*not the log.*first line.*without the file' diagnose --run run --force
head -n 1 whole.csv >run/train.csv && echo '1' >>run/train.csv
expect_error 1 'run/train.csv.*not the log.*line 2 has 1 of' diagnose --run run --force
sed '3s/,/,x/2' whole.csv >run/train.csv
expect_error 1 "run/train.csv.*not the log.*line 3, column 3: 'x" diagnose --run run --force
rm run/optimizer.safetensors run/train.csv
expect_error 1 'run/optimizer.safetensors' diagnose --run run --force

# A run from before the setting --proposal: config.json does not have it.
cp -r "$shipped/quadratic" shipped
! grep -q proposal shipped/config.json || fail "the shipped run is too new to test this"
quiet diagnose --run shipped
# One whose output is nothing but its bias moves by that, whatever the gradient is: it drifts. And a rule whose rate falls
# with the steps counts them, by design.
quiet train "${tiny[@]}" --out biased
unseal biased/optimizer.safetensors biased/config.json
printf '\315\314\314\075%b' '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' |  # output.bias is 0.1, of output.weight 4 are 0
  dd of=biased/optimizer.safetensors bs=1 seek=$(($(wc -c <biased/optimizer.safetensors) - 20)) conv=notrunc status=none
quiet diagnose --run biased
finds 'look here' drift
finds ok 'step counting'
grep -q 'updates are 1 times the typical 0.1; theta wanders by 10 in 100, and by 2 in the 20 before' out.txt ||
  fail "the drift of a constant: $(cat out.txt)"
quiet train "${tiny_optimizer[@]}" --epochs 0 --model anchored --out falling
quiet diagnose --run falling
finds ok drift
finds ok 'step counting'
grep -q 'by design they fall as (1+t)^-0.5' out.txt || fail "step counting by design: $(cat out.txt)"
