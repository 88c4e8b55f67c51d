# The reference of a training, ADAM tuned on its validation functions: what it is, when there is one, and that it
# changes nothing else.
source "$(dirname "$0")/common.bash"

# value FILE NAME: a number of a JSON file, the first of its name.
value() { sed -nE "s/^ *\"$2\": ([^,]*),?$/\1/p" "$1" | head -n 1; }
# rate_of FILE: ADAM's in a comparison.
rate_of() { sed -n '/"adam": {/,$p' "$1" | sed -nE 's/^ *"learning_rate": ([^,]*),?$/\1/p' | head -n 1; }

# Its rate is the one that a comparison on the same functions finds, to the last digit; and its loss there is as on
# held-out ones, but for what functions differ by: 4 standard errors of each.
small=(--optimizee quadratic --batch 4 --dim 3 --steps 20 --unroll 10 --layers 1 --validate-every 2)
one=("${small[@]}" --hidden 4 --validation-functions 48 --seed 3)
quiet train "${one[@]}" --epochs 4 --out run --reference always
grep -qE '^reference: ADAM with learning rate .*, tuned for step 20: [0-9.]+$' err.txt || fail "not announced: $(cat err.txt)"
grep -qE 'best [0-9.]+, ADAM [0-9.]+' err.txt || fail "not in the progress: $(cat err.txt)"
grep -qE '^validation .*step 20: the optimizer .*, ADAM ' out.txt || fail "not in the end: $(cat out.txt)"
quiet compare --run run --tune-functions 48 --functions 48 --seed 3
[[ -n $(rate_of run/compare.json) && $(value run/reference.json learning_rate) == "$(rate_of run/compare.json)" ]] ||
  fail "tuned to $(value run/reference.json learning_rate), by compare to $(rate_of run/compare.json)"
read -r mean sem <<<"$(awk -F, '$1 == "adam" && $2 == 20 { print $3, $4 }' run/compare.csv)"
awk -v x="$(value run/reference.json loss)" -v mean="$mean" -v sem="$sem" \
  'BEGIN { d = x - mean; exit !(sem > 0 && d * d < 32 * sem * sem) }' ||
  fail "its loss is $(value run/reference.json loss), in a comparison $mean +- $sem"
[[ $(value run/reference.json steps) == 20 && $(value run/reference.json functions) == 48 &&
  $(value run/reference.json seed) == 3 ]] || fail "what it is of: $(cat run/reference.json)"
# Of as many steps as a validation has.
quiet train "${one[@]}" --epochs 1 --validation-steps 7 --out short --reference always
[[ $(value short/reference.json steps) == 7 ]] && grep -q 'tuned for step 7: ' err.txt || fail "$(cat short/reference.json)"

# The training is the same without it. A short one goes without, unless told otherwise.
quiet train "${one[@]}" --epochs 4 --out without --reference never
[[ ! -e without/reference.json ]] && ! grep -q ADAM err.txt || fail "never: $(cat err.txt)"
quiet train "${one[@]}" --epochs 4 --out auto
[[ ! -e auto/reference.json ]] &&
  grep -q 'without a reference: .* more than 5% of the training; --reference always' err.txt ||
  fail "a reference that takes longer than the training: $(cat err.txt)"
quiet train "${one[@]}" --epochs 4 --out two --reference always --threads 2
same run/reference.json two/reference.json
for file in optimizer.safetensors config.json train.csv checkpoint.safetensors; do
  for other in without auto two; do same "run/$file" "$other/$file"; done
done
expect_error 2 "--reference: reference 'allways' is unknown; there are auto, always and never; did you mean always" \
  train "${one[@]}" --out x --reference allways

# A long one has it unasked, and keeps it when it is interrupted and resumed: it is not tuned again.
long=("${small[@]}" --hidden 20 --validation-functions 2 --epochs 20000)
env --default-signal=INT "$l2l" train "${long[@]}" --out kept >out.txt 2>err.txt &
for _ in $(seq 1000); do
  [[ ! -e kept/reference.json ]] || break
  sleep 0.01
done
kill -INT $! && code=0 && wait $! || code=$?
[[ $code == 130 && -s kept/reference.json ]] || fail "interrupted: exit code $code: $(cat err.txt)"
cp kept/reference.json before.json
touch -d 2001-01-01 kept/reference.json
interrupt_resumed() {  # after a second
  code=0
  timeout --signal INT 1 env --default-signal=INT "$l2l" train --resume --out kept "$@" >out.txt 2>err.txt || code=$?
}
interrupt_resumed
same before.json kept/reference.json
[[ $(date -r kept/reference.json +%Y) == 2001 ]] && ! grep -q tuning err.txt ||
  fail "tuned again when resumed: $(cat err.txt)"
grep -q '^reference: ADAM' err.txt || fail "not shown when resumed: $(cat err.txt)"
# One that is damaged, or another training's, is not believed; one that is missing is made.
sed -i 's/"loss": /&1/' kept/reference.json
interrupt_resumed
grep -q '^l2l: warning: kept/reference.json: not the reference of this training: .*; it is not shown$' err.txt ||
  fail "damaged: $(cat err.txt)"
cp run/reference.json kept
interrupt_resumed
grep -q 'it is of adam after 20 steps on 48 functions of seed 3; it is not shown$' err.txt ||
  fail "another's: $(cat err.txt)"
rm kept/reference.json
interrupt_resumed --reference never
[[ ! -e kept/reference.json ]] || fail "resumed, never: there is a reference"
interrupt_resumed --reference always
same before.json kept/reference.json

# It is a file of the run: replaced with it.
quiet train "${one[@]}" --epochs 4 --out run --force --reference never
[[ ! -e run/reference.json ]] || fail "the reference of a replaced run is left"

# Beside an imitation, and a refinement, with what its validations show.
quiet train "${one[@]}" --epochs 4 --out copy --imitate sgd:0.1 --reference always
same two/reference.json copy/reference.json
search=(--iterations 3 --pairs 2 --validate-every 1 --seed 3)
quiet refine --run two --out refined "${search[@]}" --validation-functions 48 --reference always
[[ $(value refined/refine.json learning_rate) == "$(value two/reference.json learning_rate)" ]] ||
  fail "another rate when refined: $(cat refined/refine.json)"
shown=$(sed -n '/"reference"/,$p' refined/refine.json | sed -nE 's/^ *"validation": ([^,]*)$/\1/p')
[[ $shown == "$(value two/reference.json loss)" ]] ||
  fail "another loss when refined: $(cat refined/refine.json)"
grep -qE 'validation from [0-9.]+ to [0-9.]+ \(ADAM [0-9.]+\)' err.txt || fail "not in the progress: $(cat err.txt)"
same two/reference.json refined/reference.json  # of the training, as its log
quiet refine --run two --out plain "${search[@]}" --validation-functions 48 --reference never
same refined/optimizer.safetensors plain/optimizer.safetensors
same refined/refine.csv plain/refine.csv
! grep -q '"reference"' plain/refine.json || fail "never: $(cat plain/refine.json)"
quiet refine --run two --out refined-last "${search[@]}" --last 5 --reference always
quiet refine --run two --out refined-again "${search[@]}" --reference always
[[ $(value refined-last/refine.json learning_rate) == "$(value refined-again/refine.json learning_rate)" ]] &&
  ! diff -q <(grep '"validation":' refined-last/refine.json) <(grep '"validation":' refined-again/refine.json) >diff.txt ||
  fail "the mean of the last losses is the last one"
