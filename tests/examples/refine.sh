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
grep -q '"iterations done": 5' refined/refine.json || fail "refine.json: $(cat refined/refine.json)"
quiet refine --run run --out twice "${search[@]}" --threads 2
same refined/optimizer.safetensors twice/optimizer.safetensors
same refined/refine.csv twice/refine.csv

# The result is a run like any other; it can be refined again, and is not lost by mistake.
quiet compare --run refined --functions 2 --tune-functions 1 --steps 20
quiet diagnose --run refined
quiet refine --run refined --out again "${search[@]}" --seed 1 --batch 2
grep -q '"batch": "2"' again/refine.json || fail "refine.json does not tell the options: $(cat again/refine.json)"
expect_error 1 'refined: holds a run already.*--force' refine --run run --out refined "${search[@]}"
[[ -e refined/compare.json ]] || fail "a refused command removed something"
quiet refine --run run --out refined "${search[@]}" --force
[[ ! -e refined/compare.json ]] || fail "the comparison of the replaced run is left"

# No change that is tried is better: the start is kept, and said so.
quiet refine --run run --out worse "${search[@]}" --lr 1e6
grep -q 'warning: no iteration was better' err.txt || fail "no warning: $(cat err.txt)"
cmp -s run/optimizer.safetensors worse/optimizer.safetensors || fail "the start was not kept"

# Ctrl-C stops after an iteration and keeps the best.
"$l2l" refine --run run --out stopped --iterations 100000 --pairs 2 --threads 1 >out.txt 2>err.txt &
until [[ -s stopped/refine.csv ]]; do sleep 0.05; done
kill -INT $! && code=0 && wait $! || code=$?
[[ $code == 130 ]] || fail "interrupted: exit code $code: $(cat err.txt)"
grep -q 'the best is kept' err.txt || fail "interrupted: $(cat err.txt)"

expect_error 2 'choose another folder' refine --run run --out ./run
expect_error 2 'out' refine --run run
expect_error 2 "--pairs: '0'" refine --run run --out x --pairs 0
expect_error 2 'last is 8, a trajectory has only 4' refine --run run --out x --steps 4 --last 8
expect_error 1 'nowhere.*l2l train' refine --run nowhere --out x
[[ ! -e x ]] || fail "a refused command left a folder"
