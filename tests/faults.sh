# What may happen to l2l on a user's machine: it is killed at any time, a write fails, memory is short. Each time it must
# end soon, with a word, and leave what was there; and the next call must come to the same bytes as if nothing had been.
#     bash tests/faults.sh [--long] L2L [FAILING_DISK]
# FAILING_DISK is the module made of faults/failing_disk.c; without it no write fails. --long: 50 kills of each kind,
# every write of every command, every limit of memory. Random times are drawn from $SEED.
kills=4 writes=5 limits=(60000 150000 250000 400000)
if [[ $1 == --long ]]; then
  kills=50 writes=1 limits=($(seq 50000 10000 600000))
  shift
fi
[[ -z ${2:-} ]] || failing_disk=$(realpath "$2")
pictures=$(cd "$(dirname "$0")/examples/pictures" && pwd)
set -- "$(realpath "$1")"
source "$(dirname "$0")/examples/common.bash"
RANDOM=${SEED:-1}
pair=(--content "$pictures/content.png" --style "$pictures/style.jpg")

# gnuplot takes most of the time, and is not what is tried here.
mkdir bin
printf '#!/bin/sh\ncat >/dev/null\nprintf "\\211PNG picture"\n' >bin/gnuplot
chmod +x bin/gnuplot
export PATH=$work/bin:$PATH

no_leftovers() { [[ -z $(find "$1" -name '.l2l-*') ]] || fail "$2: left $(find "$1" -name '.l2l-*')"; }
same_folder() { diff -rq "$1" "$2" >/dev/null; }
# killed MILLISECONDS ARGUMENT...: kills l2l -9 at a random time within these.
killed() {
  local wait
  wait=$(printf '0.%03d' $((RANDOM % $1)))
  shift
  "$l2l" "$@" >/dev/null 2>&1 &
  sleep "$wait"
  kill -KILL $! 2>/dev/null || true
  wait $! 2>/dev/null || true
}

# ---- Killed ------------------------------------------------------------------------------------------------------
# A reference is computed if time allows: a run would have it or not.
no_reference="--reference never"
long=("${tiny_optimizer[@]}" --epochs 400 $no_reference)
quiet train "${long[@]}" --out whole
train_anew_or_on() { if [[ -e run/config.json ]]; then echo --resume $no_reference; else echo "${long[@]}"; fi; }
for _ in $(seq $((kills / 4 + 1))); do
  rm -rf run
  for _ in 1 2 3 4; do killed 150 train $(train_anew_or_on) --out run; done
  quiet train $(train_anew_or_on) --out run
  same_folder run whole || fail "killed and resumed: $(diff -rq run whole)"
done
echo "killed while training, and resumed: $((4 * (kills / 4 + 1))) times, the same bytes"

# A run that is being replaced is the old one, or the new one, or has no optimizer yet.
quiet train "${tiny[@]}" --lr 0.5 --out old
quiet compare --run old --functions 2 --tune-functions 2
for _ in $(seq "$kills"); do
  rm -rf run && cp -r old run
  killed 80 train "${long[@]}" --force --out run
  if [[ -e run/compare.json ]] || cmp -s run/optimizer.safetensors old/optimizer.safetensors; then
    cmp -s run/config.json old/config.json || fail "replaced by half: a new config.json beside an old optimizer or comparison"
  fi
  [[ -s run/config.json ]] || fail "replaced by half: no config.json"
done
quiet train "${long[@]}" --force --out run
same_folder run whole || fail "killed and replaced: $(diff -rq run whole)"
echo "killed while replacing a run: $kills times, always one run"

mkdir -p trained && cp -r whole trained/quadratic
page=(figures --only quadratic --runs trained --functions 2 --tune-functions 2 --threads 1)
quiet "${page[@]}" --out page-whole
for _ in $(seq $((kills / 4 + 1))); do
  rm -rf page
  for _ in 1 2 3 4; do killed 900 "${page[@]}" --out page; done
  mkdir -p page/quadratic && touch page/quadratic/.l2l-0123456789abcdef.lock  # as left by a kill in the last moment
  quiet "${page[@]}" --out page
  sed -i 's/page-whole/page/g' page-whole/report.html
  same_folder page page-whole || fail "killed figures: $(diff -rq page page-whole)"
done
echo "killed while making the page: $((4 * (kills / 4 + 1))) times, complete"

# ---- A write fails -----------------------------------------------------------------------------------------------
# each_write_fails NAME REMEDY ARGUMENT...: each write of the command fails in turn, in a folder `here` that begins as
# `before`. The command with REMEDY at its end then completes what is missing. (REMEDY --resume stands for itself.)
each_write_fails() {
  local name=$1 remedy=$2 number code failures=0
  shift 2
  rm -rf here reference && cp -r before here
  (cd here && quiet "$@")
  mv here reference
  rm -f reference/{out,err}.txt
  for ((number = 1; ; number += writes)); do
    rm -rf here failed && cp -r before here
    code=0
    (cd here && L2L_FAIL_AT=$number L2L_FAILED=$work/failed LD_PRELOAD=$failing_disk "$l2l" "$@") \
      >out.txt 2>err.txt || code=$?
    [[ -e failed ]] || break
    failures=$((failures + 1))
    local what="$name, failure $number ($(cat failed))"
    no_leftovers here "$what"
    ! diff -rq before here | grep -v '^Only in here' || fail "$what: what was there has changed"
    if [[ $code == 0 ]]; then  # it could do without: a lock, or a picture, and then it says so
      same_folder here reference || grep -q '^l2l: no .*png: .*No space' err.txt || fail "$what: not said: $(cat err.txt)"
      continue
    fi
    [[ $code == 1 ]] || fail "$what: exit code $code: $(cat err.txt)"
    [[ $(grep -c '^l2l: .*\(No space left\|Input/output error\)' err.txt) == 1 ]] || fail "$what: $(cat err.txt)"
    same_folder here reference && continue  # the last one was only to be on the safe side
    if [[ $remedy == --resume && -e here/run/config.json ]]; then
      (cd here && quiet train --resume $no_reference --out run)
    else
      (cd here && quiet "$@" ${remedy#--resume})
    fi
    rm -f here/{out,err}.txt
    same_folder here reference || fail "$what: not completed: $(diff -rq here reference)"
  done
  [[ $failures -gt 0 ]] || fail "$name: no write failed"
  echo "$name: $failures failures, each with a word and mended by the next call"
}

if [[ -n ${failing_disk:-} ]]; then
  mkdir before
  each_write_fails train --resume train "${tiny[@]}" $no_reference --out run
  quiet train "${tiny[@]}" $no_reference --out before/run
  cp -r before/run before/quadratic
  each_write_fails compare '' compare --run run --functions 2 --tune-functions 2
  each_write_fails probe '' probe --run run
  each_write_fails walk '' walk --run run --tune-functions 2 --grid 8
  each_write_fails diagnose '' diagnose --run run
  each_write_fails refine --force refine --run run --reference always --out refined --iterations 2 --pairs 1 --validation-functions 1
  each_write_fails style '' style --run run "${pair[@]}" --size 16 --scales 1 --steps 2 --out picture.png
  each_write_fails figures '' figures --only quadratic --runs . --functions 2 --tune-functions 2 --out page
  [[ ! -x $(dirname "$l2l")/l2l-double ]] || each_write_fails meta-gradient '' meta-gradient --run run --steps 2
  each_write_fails ablate '' ablate-preprocessing "${tiny[@]}" --seeds 1 --functions 1 --out ablation
fi

# ---- Memory is short ---------------------------------------------------------------------------------------------
# It works, or ends with a line: of l2l, of OpenMP's library, or of the loader (127). Never a hang or a crash.
within_limit() {
  local code=0
  (ulimit -v "$limit" && exec timeout -k 5 20 "$l2l" "$@") >out.txt 2>err.txt || code=$?
  case $code in
    0) worked=$((worked + 1)) ;;
    1) grep -qE '^(l2l: out of memory|libgomp: |l2l: .*annot allocate)' err.txt || fail "ulimit -v $limit, l2l $*: $(cat err.txt)" ;;
    127) [[ $(wc -l <err.txt) == 1 ]] || fail "ulimit -v $limit, l2l $*: $(cat err.txt)" ;;
    *) fail "ulimit -v $limit, l2l $*: exit code $code: $(cat err.txt)" ;;
  esac
}
worked=0
for limit in "${limits[@]}"; do
  within_limit list
  rm -rf small && within_limit train "${tiny[@]}" --out small
  within_limit compare --run old --functions 2 --tune-functions 2 --force
  within_limit train --optimizee quadratic --dim 300 --epochs 1 --steps 5 --unroll 5 --threads 4 --out small --force
done
echo "memory is short: ${#limits[@]} limits, $worked of $((4 * ${#limits[@]})) calls had enough, the others said so"
