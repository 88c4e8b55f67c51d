# A run that is stopped and resumed ends with the same bytes as one that is not.
source "$(dirname "$0")/common.bash"
long=("${tiny_optimizer[@]}" --epochs 1000)

wait_for() {
  for _ in $(seq 1000); do
    [[ ! -e $1 ]] || return 0
    sleep 0.01
  done
  fail "$1 did not appear"
}

# stop SIGNAL FOLDER: starts a run and stops it after its first validation; its exit code is in $code. A shell starts
# what runs in its background with SIGINT ignored: not so here.
stop() {
  env --default-signal=INT "$l2l" train "${long[@]}" --out "$2" >out.txt 2>err.txt &
  wait_for "$2/optimizer.safetensors"
  kill "-$1" $!
  code=0
  wait $! || code=$?
}

quiet train "${long[@]}" --out whole

stop INT interrupted
[[ $code == 130 ]] || fail "interrupted: exit code $code: $(cat err.txt)"
grep -qF "$l2l train --resume --out interrupted" err.txt || fail "interrupted: does not say how to go on"
for file in optimizer.safetensors config.json train.csv checkpoint.safetensors; do
  [[ -s interrupted/$file ]] || fail "interrupted: $file is missing"
done
rows=$(wc -l <interrupted/train.csv)
[[ $rows -lt 1001 ]] || fail "the run was over before it was interrupted"
head -n "$rows" whole/train.csv | cmp - interrupted/train.csv || fail "interrupted: the log is not the start of the whole one"

stop KILL killed
[[ $code == 137 ]] || fail "killed: exit code $code"
echo "99999,written,after,the,last,checkpoint" >>killed/train.csv

for signal in TERM HUP; do
  stop "$signal" "$signal"
  [[ $code == $((128 + $(kill -l "$signal"))) ]] || fail "$signal: exit code $code: $(cat err.txt)"
done
# Two at once are one, as timeout sends them.
"$l2l" train "${long[@]}" --out twice >out.txt 2>err.txt &
wait_for twice/optimizer.safetensors
kill -TERM $! && sleep 0.01 && kill -TERM $! || true
code=0 && wait $! || code=$?
[[ $code == 143 ]] && grep -q 'l2l train --resume --out twice' err.txt || fail "twice: exit code $code: $(cat err.txt)"

# What was ignored when it started does not stop it.
(
  trap '' INT HUP
  exec "$l2l" train "${tiny_optimizer[@]}" --epochs 300 --out ignored >out.txt 2>err.txt
) &
wait_for ignored/optimizer.safetensors
kill -INT $! && kill -HUP $! && wait $! || fail "a signal that is ignored: exit code $?: $(cat err.txt)"

# Killed before the first checkpoint: it starts with the first epoch.
mkdir begun
cp whole/config.json begun
touch begun/.l2l-123-4.tmp begun/.l2l-notes
expect_error 1 'begun: holds a run already.*--resume' train "${long[@]}" --out begun

for run in interrupted killed TERM HUP twice begun; do
  quiet train --resume --out "$run"
  for file in optimizer.safetensors config.json train.csv checkpoint.safetensors; do
    same "$run/$file" "whole/$file"
  done
done
[[ ! -e begun/.l2l-123-4.tmp && -e begun/.l2l-notes ]] || fail "what a killed process left is not swept, or more is"

# A run that came to nothing says no more than that, and leaves nothing: the mended command works.
comes_to_nothing() {
  local pattern=$1 code=0
  shift
  "$l2l" train "$@" --out none/diverged >out.txt 2>err.txt || code=$?
  [[ $code == 1 && ! -s out.txt ]] && grep -q "^l2l: .*$pattern" err.txt && ! grep -qE 'before|--resume|--force' err.txt ||
    fail "diverged: exit code $code: $(cat err.txt)"
  [[ ! -e none ]] || fail "diverged: left $(find none)"
}
comes_to_nothing 'epoch 1' "${tiny[@]}" --scale 1e37
comes_to_nothing 'epoch 1' "${tiny[@]}" --lr 1e30
shortest=(--optimizee quadratic --batch 4 --dim 3 --steps 10 --unroll 10 --hidden 4 --layers 1 --epochs 1)
comes_to_nothing 'diverged in every validation' "${shortest[@]}" --validation-functions 2 --lr 1e30
# What --force was to replace stays then.
cp -r begun kept
code=0
"$l2l" train "${tiny[@]}" --out kept --scale 1e37 --force >out.txt 2>err.txt || code=$?
[[ $code == 1 ]] && diff -r begun kept || fail "diverged with --force: the earlier run is lost"
# Interrupted before its first epoch it has no curve to draw.
env --default-signal=INT "$l2l" train "${shortest[@]}" --validation-functions 1000000 --out early >out.txt 2>err.txt &
wait_for early
sleep 0.3
kill -INT $! && code=0 && wait $! || code=$?
[[ $code == 130 && -s early/checkpoint.safetensors ]] && grep -q 'after epoch 0; go on with' err.txt ||
  fail "interrupted before its first epoch: exit code $code: $(cat err.txt)"
! grep -q png err.txt && [[ ! -e early/train.png ]] || fail "a curve without points: $(cat err.txt)"

# Nothing is begun for which there is no room; what there is when the disk is full is gone on with.
if mkdir disk && mount -t tmpfs -o size=16k none disk 2>/dev/null; then
  trap 'umount "$work"/disk; rm -rf "$work"' EXIT
  for _ in 1 2; do
    expect_error 1 'disk/new/.*: cannot be written: No space left' train "${tiny[@]}" --out disk/new
    [[ ! -e disk/new ]] || fail "a full disk: left $(find disk)"
  done
  mount -o remount,size=52k disk
  for _ in 1 2; do
    code=0
    "$l2l" refine --run begun --out disk/refined --iterations 1 --pairs 1 >out.txt 2>err.txt || code=$?
    [[ $code == 1 ]] && grep -q 'cannot be written: No space left' err.txt || fail "a full disk: exit code $code: $(cat err.txt)"
    [[ ! -e disk/refined ]] || fail "a full disk: left $(find disk)"
  done
  mount -o remount,size=1m disk
  cp -r early disk/run
  dd if=/dev/zero of=disk/rest bs=1k status=none 2>err.txt || true
  code=0
  "$l2l" train --resume --out disk/run >out.txt 2>err.txt || code=$?
  [[ $code == 1 ]] && grep -q 'No space left.*; go on with .* train --resume --out disk/run, or start again with --force$' err.txt ||
    fail "a full disk when resumed: exit code $code: $(cat err.txt)"
fi

# A path is that of the folder where the training was begun, from wherever it is gone on with. (A link stands for images.)
ln -s /usr/share/datasets/fashion-mnist images
quiet train --optimizee mnist --data images --units 2 --batch 2 --steps 2 --unroll 1 --epochs 1 --hidden 2 --layers 1 \
  --validation-functions 1 --out with-images
grep -qF "\"data\": \"$PWD/images\"" with-images/config.json || fail "a relative path is kept: $(cat with-images/config.json)"
(mkdir elsewhere && cd elsewhere && quiet train --resume --out ../with-images && rm -- *.txt &&
  quiet compare --run ../with-images --functions 1 --tune-functions 1) || fail "resumed elsewhere"
quiet compare --run with-images --functions 1 --tune-functions 1 --label again --data ./images/
grep -qF "\"data\": \"$PWD/./images/\"" with-images/compare-again.json || fail "$(cat with-images/compare-again.json)"
grep -q '^mnist, data images' out.txt || fail "the folder's name is not shown: $(cat out.txt)"

# One process at a time.
if command -v flock >/dev/null; then
  flock whole "$l2l" train --resume --out whole >out.txt 2>err.txt && fail "two at work in one folder"
  grep -q 'whole: another l2l is at work' err.txt || fail "two at work in one folder: $(cat err.txt)"
fi

# Resuming what is finished changes nothing.
quiet train --resume --out whole
same whole/checkpoint.safetensors killed/checkpoint.safetensors

expect_error 1 'nowhere.*no run' train --resume --out nowhere
[[ ! -e nowhere ]] || fail "a refused command left a folder behind"
expect_error 2 '--resume' train --resume --out whole --lr 0.1
expect_error 2 '--resume' train --resume --out whole --optimizee quadratic
expect_error 2 '--resume' train --resume --out whole --batch 8
unseal killed/config.json && sed -i 's/"seed": 0/"seed": 1/' killed/config.json
expect_error 1 'checkpoint.safetensors.*its settings are not those' train --resume --out killed
head -c 500 whole/checkpoint.safetensors >interrupted/checkpoint.safetensors
expect_error 1 'interrupted/checkpoint.safetensors' train --resume --out interrupted
bytes=$(wc -c <whole/checkpoint.safetensors)
for offset in 0 20 70 $((bytes / 2)) $((bytes - 1)); do  # a flipped bit
  cp whole/checkpoint.safetensors interrupted/checkpoint.safetensors
  byte=$(od -An -tu1 -j "$offset" -N 1 whole/checkpoint.safetensors)
  printf "\\x$(printf %02x $((byte ^ 16)))" |
    dd of=interrupted/checkpoint.safetensors bs=1 seek="$offset" conv=notrunc status=none
  expect_error 1 'interrupted/checkpoint.safetensors' train --resume --out interrupted
done
# What no training comes to. One epoch of this one is two unrolls.
while read -r name value reason; do
  cp whole/checkpoint.safetensors interrupted
  unseal interrupted/checkpoint.safetensors
  entry interrupted/checkpoint.safetensors "$name" "$value"
  expect_error 1 "interrupted/checkpoint.safetensors: its '$name' is $reason" train --resume --out interrupted
done <<'END'
best_validation nan nan, which is not a loss
best_validation -inf -inf, which is not a loss
best_validation low 'low', not a number
start_validation nan nan, which is not a loss
start_validation -inf -inf, which is not a loss
epoch -1 -1, .* it is 0 to 1000
epoch 1001 1001, .* it is 0 to 1000
epoch 9e9 '9e9', not a number
adam.steps -1 -1, .* it is 1000 to 2000
adam.steps 2001 2001, .* it is 1000 to 2000
validations_since_best -1 -1, .* it is 0 to 1000
random.2 -1 '-1', not a number
random.2 x 'x', not a number
END
cp whole/checkpoint.safetensors interrupted
unseal interrupted/checkpoint.safetensors
for k in 0 1 2 3; do entry interrupted/checkpoint.safetensors random.$k 0; done
expect_error 1 "interrupted/checkpoint.safetensors: its 'random.0'.* 0" train --resume --out interrupted
first_number() {  # TENSOR BYTES
  local begin header=interrupted/checkpoint.safetensors
  begin=$(LC_ALL=C grep -aoP "\"$1\":\{\"data_offsets\":\[\K\d+" $header)
  printf "$2" | dd of=$header bs=1 seek=$((8 + $(od -An -tu8 -N 8 $header) + begin)) conv=notrunc status=none
}
for name in phi best_phi adam.m adam.v; do
  cp whole/checkpoint.safetensors interrupted
  unseal interrupted/checkpoint.safetensors
  first_number $name.lstm.bias_l0 '\0\0\300\177'
  expect_error 1 "checkpoint.safetensors: its tensor '$name.lstm.bias_l0' has numbers that are not finite" \
    train --resume --out interrupted
done
first_number adam.v.lstm.bias_l0 '\0\0\200\277'
expect_error 1 "checkpoint.safetensors: its tensor 'adam.v.lstm.bias_l0' has negative numbers" \
  train --resume --out interrupted
cp whole/optimizer.safetensors interrupted/checkpoint.safetensors
expect_error 1 'interrupted/checkpoint.safetensors.*not a checkpoint' train --resume --out interrupted
rm interrupted/checkpoint.safetensors
expect_error 1 'interrupted/checkpoint.safetensors' train --resume --out interrupted
sed -i 2,500d whole/train.csv
expect_error 1 'whole/train.csv' train --resume --out whole
cp killed/train.csv log.csv
damaged_log() {
  expect_error 1 "interrupted/train.csv: not the log of the 1000 epochs.*: $1.*--force" train --resume --out interrupted
}
rm -r interrupted && cp -r TERM interrupted
sed '2,$s/.*/rubbish/' log.csv >interrupted/train.csv && damaged_log 'line 2 has 1 of the 7'
(head -n 1 log.csv && tail -n +2 log.csv | tac) >interrupted/train.csv && damaged_log 'line 2 is for epoch 1000 instead of 1'
LC_ALL=C sed '5s/,./,\x01/' log.csv >interrupted/train.csv && damaged_log "line 5, column 2: '.x01"
sed '7s/[^,]*/7/' log.csv >interrupted/train.csv && damaged_log 'line 7 is for epoch 7 instead of 6'
sed '7s/,[^,]*$/,x/' log.csv >interrupted/train.csv && damaged_log "line 7, column 7: 'x'"
