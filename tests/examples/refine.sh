# l2l refine: a run made of another one.
source "$(dirname "$0")/common.bash"

quiet train "${tiny[@]}" --out run
cp -r run run-before
search=(--iterations 5 --pairs 4 --validate-every 2 --validation-functions 2)
quiet refine --run run --out refined "${search[@]}" --threads 1
for file in optimizer.safetensors config.json train.csv refine.csv refine.json; do
  [[ -s refined/$file ]] || fail "no refined/$file"
done
[[ $(wc -l <refined/refine.csv) == 7 ]] || fail "a header, the start and 5 iterations: $(cat refined/refine.csv)"
diff -r run run-before || fail "the run itself was changed"
same run/config.json refined/config.json
! cmp -s run/optimizer.safetensors refined/optimizer.safetensors || fail "nothing was refined"
grep -q '"iterations_done": 5' refined/refine.json || fail "refine.json: $(cat refined/refine.json)"
quiet refine --run run --out twice "${search[@]}" --threads 2
same refined/optimizer.safetensors twice/optimizer.safetensors
same refined/refine.csv twice/refine.csv

# The result is a run like any other; it can be refined again, and is not lost by mistake.
quiet compare --run refined --functions 2 --tune-functions 1 --steps 20
quiet diagnose --run refined
quiet refine --run refined --out again "${search[@]}" --batch 2 --last 3 --deviation 0.1
grep -q '"batch": "2"' again/refine.json || fail "refine.json does not tell the options: $(cat again/refine.json)"
seed() { grep '"seed"' "$1/refine.json" | grep -o '[0-9]*'; }
[[ $(seed refined) == 1 && $(seed again) == 2 ]] || fail "not each refinement has functions of its own"
quiet refine --run run --out seeded "${search[@]}" --seed 7
[[ $(seed seeded) == 7 ]] || fail "--seed: $(cat seeded/refine.json)"
! cmp -s refined/refine.csv seeded/refine.csv || fail "--seed changed nothing"
if command -v gnuplot >/dev/null; then
  head -c 4 refined/refine.png | grep -q PNG || fail "refine.png is not a picture"
fi
expect_error 1 'refined/checkpoint.safetensors: is missing.*l2l refine' train --resume --out refined
mkdir notes && touch notes/sheet-mine.png
quiet refine --run run --out notes "${search[@]}"
[[ -e notes/sheet-mine.png ]] || fail "a file that is not of a run was removed"
expect_error 1 'refined: holds a run already.*--force' refine --run run --out refined "${search[@]}"
[[ -e refined/compare.json ]] || fail "a refused command removed something"
quiet refine --run run --out refined "${search[@]}" --force
[[ ! -e refined/compare.json ]] || fail "the comparison of the replaced run is left"

# No change that is tried is better: the start is kept, and said so.
quiet refine --run run --out worse "${search[@]}" --lr 1e6
grep -q 'warning: no validation was better' err.txt || fail "no warning: $(cat err.txt)"
cmp -s run/optimizer.safetensors worse/optimizer.safetensors || fail "the start was not kept"

# Ctrl-C stops it and keeps the best.
env --default-signal=INT "$l2l" refine --run run --out stopped --iterations 100000 --pairs 2 --threads 1 \
  >out.txt 2>err.txt &
until [[ -s stopped/refine.csv ]]; do sleep 0.05; done
sleep 0.5
kill -INT $! && code=0 && wait $! || code=$?
[[ $code == 130 ]] || fail "interrupted: exit code $code: $(cat err.txt)"
grep -q '^stopping' err.txt && grep -q 'the best validated weights are kept' err.txt || fail "interrupted: $(cat err.txt)"

expect_error 2 'choose another folder' refine --run run --out ./run
expect_error 2 'out' refine --run run
expect_error 2 "--pairs: '0'" refine --run run --out x --pairs 0
# Trajectories of several lengths, all weights.
quiet refine --run run --out lengths --iterations 3 --pairs 2 --validation-functions 2 --steps 8 --window 2 --shortest 2 \
  --all-weights
grep -q '"shortest": 2' lengths/refine.json && grep -q '"all-weights": true' lengths/refine.json ||
  fail "refine.json does not tell the settings: $(cat lengths/refine.json)"
expect_error 2 '--shortest 2: needs a --window' refine --run run --out x --shortest 2
expect_error 2 '--shortest 9: the longest trajectory has 8 steps' refine --run run --out x --steps 8 --window 2 --shortest 9
expect_error 2 '--last 8: a trajectory has only 4 steps' refine --run run --out x --steps 4 --last 8
expect_error 1 'nowhere.*l2l train' refine --run nowhere --out x
cp -r run nan
unseal nan/optimizer.safetensors
printf '\377\377\377\377' |
  dd of=nan/optimizer.safetensors bs=1 seek=$(($(wc -c <nan/optimizer.safetensors) - 4)) conv=notrunc status=none
expect_error 1 'nan/optimizer.safetensors: .*not finite' refine --run nan --out x
[[ ! -e x ]] || fail "a refused command left a folder"

# Windows; what cannot be; results of another run are not adopted, nor replaced without being told to.
quiet refine --run run --out windows "${search[@]}" --window 5 --last 4
grep -q '"window": 5' windows/refine.json || fail "refine.json: $(cat windows/refine.json)"
quiet refine --run run --out windows-too "${search[@]}" --window 5 --last 4 --threads 2
same windows/optimizer.safetensors windows-too/optimizer.safetensors
expect_error 2 '--window 7: must divide the 20 steps.*--steps 21' refine --run run --out x --window 7
mkdir foreign && cp refined/refine.json foreign
expect_error 1 'foreign: holds results of another run .refine.json.*--force' refine --run run --out foreign "${search[@]}"
expect_error 1 'foreign: holds results of another run' train "${tiny[@]}" --out foreign

# From an optimizer that was never trained.
quiet train --optimizee quadratic --batch 2 --dim 2 --steps 4 --unroll 4 --model perceptron --epochs 0 --out begun
[[ -s begun/optimizer.safetensors && ! -e begun/train.csv ]] || fail "an untrained run: $(ls begun)"
expect_error 1 'begun: holds a run already' train --optimizee quadratic --epochs 0 --out begun
quiet refine --run begun --out from-begun "${search[@]}"
quiet compare --run begun --functions 2 --tune-functions 1 --steps 4
quiet diagnose --run begun
expect_error 1 'begun/config.json: its epochs are 0' train --resume --out begun

# A refined optimizer notes how far it was trained; a comparison says where it goes beyond.
quiet refine --run begun --out longer "${search[@]}" --steps 8
! grep -q 'warning: no validation was better' err.txt || fail "this test needs a better optimizer than the start"
beyond() {
  quiet compare --run "$1" --functions 2 --tune-functions 1 --tune-steps 4 --steps "$2" --force
  grep '^lstm was trained for' out.txt || true
}
[[ $(beyond longer 9) == 'lstm was trained for 8 steps'* ]] || fail "nothing said of the horizon: $(cat out.txt)"
[[ -z $(beyond longer 8) ]] || fail "the horizon is not left: $(cat out.txt)"
[[ -z $(beyond begun 9) ]] || fail "it was never trained: $(cat out.txt)"
quiet refine --run longer --out kept "${search[@]}" --steps 4 --lr 1e6
[[ $(beyond kept 9) == 'lstm was trained for 8 steps'* ]] || fail "the note of the start is lost: $(cat out.txt)"
