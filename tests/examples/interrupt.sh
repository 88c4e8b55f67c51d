# A signal stops every command soon, with the exit code of the signal; it leaves nothing half-made, and the next call
# goes on as if nothing had been.
pictures=$(cd "$(dirname "$0")/pictures" && pwd)
source "$(dirname "$0")/common.bash"
limit=5000  # milliseconds; it is two seconds at most where nothing else runs, but tests run side by side
[[ -z ${L2L_SANITIZE:-} ]] || limit=15000

# until_listening PID: waits until it is l2l, no longer the shell that starts it, and catches SIGTERM.
until_listening() {
  local status caught=0
  until [[ ${status:-} == Name:$'\t'l2l* && $((0x$caught & 0x4000)) != 0 ]]; do
    sleep 0.01
    status=$(cat "/proc/$1/status" 2>/dev/null) && caught=$(sed -n 's/^SigCgt:\t//p' <<<"$status") && [[ -n $caught ]] ||
      fail "was over: $(cat err*.txt)"
  done
}
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# stopped SIGNAL WAIT ARGUMENT...: starts l2l, and WAIT seconds after it began to listen sends SIGNAL.
stopped() {
  local signal=$1 wait=$2 pid start took code=0
  shift 2
  env --default-signal=INT "$l2l" "$@" >out.txt 2>err.txt &
  pid=$!
  until_listening "$pid"
  sleep "$wait"
  start=$(milliseconds)
  kill "-$signal" "$pid" || fail "l2l $*: was over: $(cat err.txt)"
  wait "$pid" || code=$?
  took=$(($(milliseconds) - start))
  [[ $code == $((128 + $(kill -l "$signal"))) ]] || fail "$signal, l2l $*: exit code $code: $(cat err.txt)"
  [[ $took -lt $limit ]] || fail "$signal, l2l $*: it took $took ms"
  grep -q '^interrupted' err.txt || fail "$signal, l2l $*: does not say so: $(cat err.txt)"
  echo "$signal after $wait s: $took ms: l2l ${*:1:5} ..."
}

quiet train "${tiny[@]}" --out run
cp -r run before
unchanged() { diff -r run before || fail "$1: left something"; }
signals=(INT TERM HUP)
for k in 0 1 2; do
  signal=${signals[k]} wait=0.$((3 * k))
  stopped "$signal" "$wait" compare --run run --steps 200000
  unchanged compare
  stopped "$signal" "$wait" compare --run run --tune-functions 100000
  unchanged compare
  stopped "$signal" "$wait" probe --run run --steps 200000
  unchanged probe
  stopped "$signal" "$wait" walk --run run --tune-functions 100000
  stopped "$signal" "$wait" walk --run run --tune-functions 1 --grid 1000 --batches 1000
  unchanged walk
  stopped "$signal" "$wait" diagnose --run run --steps 100000
  unchanged diagnose
  stopped "$signal" "$wait" ablate-preprocessing "${tiny_optimizer[@]}" --epochs 100000 --out new/ablation
  [[ ! -e new ]] || fail "ablate-preprocessing left a folder"
  stopped "$signal" "$wait" refine --run run --validation-functions 100000 --out new/refined
  [[ ! -e new ]] || fail "refine left a folder before there was a result"
  stopped "$signal" "$wait" style --run run --content "$pictures"/{content,alpha}.png --style "$pictures/style.jpg" \
    --size 32 --steps 100000 --out new/styled
  [[ ! -e new ]] || fail "style left a folder"
  if [[ -x $(dirname "$l2l")/l2l-double ]]; then
    stopped "$signal" "$wait" meta-gradient --run run --steps 20000 --unrolls 20000
    unchanged meta-gradient
  fi
done
quiet compare --run run --functions 2 --tune-functions 2
quiet probe --run run
quiet diagnose --run run

# figures: in the training, in a comparison, in the probe; the same call goes on.
page=(figures --only quadratic --out page --tune-functions 2)
stopped INT 0.5 "${page[@]}" --functions 2 --epochs 100000
[[ -s page/quadratic/checkpoint.safetensors ]] || fail "figures: the training is not kept"
rm -r page && mkdir trained && cp -r before trained/quadratic
stopped TERM 0.3 "${page[@]}" --functions 1000000 --runs trained
[[ ! -e page/quadratic/compare.json ]] || fail "figures: half a comparison"
quiet "${page[@]}" --functions 2 --runs trained
[[ -s page/report.html ]] || fail "figures: no page"
if command -v gnuplot >/dev/null; then
  [[ $(grep -c 'src="data:image/png;base64,iVBOR' page/report.html) -ge 4 ]] || fail "figures: pictures are missing"

  # Ctrl-C in a terminal is for all that runs there: the picture is finished all the same.
  mkdir bin
  printf '#!/bin/sh\ntouch %q\nsleep 0.2\nexec %q "$@"\n' "$work/drawing" "$(command -v gnuplot)" >bin/gnuplot
  chmod +x bin/gnuplot
  (
    set -m  # a process group of its own
    PATH=$work/bin:$PATH "$l2l" compare --run before --functions 2 --tune-functions 2 >out.txt 2>err.txt &
    until [[ -e drawing ]]; do sleep 0.01; done
    kill -INT -- "-$!"
    wait $!
  ) && code=0 || code=$?
  [[ $code == 130 ]] || fail "Ctrl-C in the last moment: exit code $code: $(cat err.txt)"
  [[ -s before/compare.png && -s before/compare.json ]] || fail "Ctrl-C in the last moment: nothing kept: $(cat err.txt)"
fi

# A gnuplot that hangs is ended, with all that it started; the numbers are kept.
mkdir hang
printf '#!/bin/sh\necho $$ >%q\nsleep 30 &\nexec sleep 30\n' "$work/hanging" >hang/gnuplot
chmod +x hang/gnuplot
for signal in INT TERM; do
  rm -rf hanging compared && cp -r page/quadratic compared && rm -f compared/compare*
  PATH=$work/hang:$PATH env --default-signal=INT "$l2l" compare --run compared --functions 2 --tune-functions 2 \
    >out.txt 2>err.txt &
  until [[ -s hanging ]]; do sleep 0.01; done
  start=$(milliseconds)
  kill "-$signal" $! && code=0 && wait $! || code=$?
  took=$(($(milliseconds) - start))
  [[ $code == $((128 + $(kill -l "$signal"))) && $took -lt $limit ]] || fail "a gnuplot that hangs: exit code $code, $took ms"
  grep -q '^l2l: no compare.png: gnuplot was interrupted; the numbers are in compared/compare.csv$' err.txt &&
    [[ -s compared/compare.json ]] || fail "a gnuplot that hangs: $(cat err.txt)"
  sleep 0.1  # one that is killed may take a moment, and be left for init to bury
  left=$(awk -v group="$(cat hanging)" '$5 == group && $3 != "Z"' /proc/[0-9]*/stat 2>/dev/null || true)
  [[ -z $left ]] || fail "a gnuplot that hangs is left: $left"
done

# Two at once: the second one is refused, and does not overwrite what the first one is to make.
refused_beside() {
  local first=$1 pid
  shift
  "$l2l" "$@" $first >out-first.txt 2>err-first.txt &
  pid=$!
  until_listening "$pid"
  expect_error 1 'another l2l is at work' "$@"
  expect_error 1 'another l2l is at work' "$@" --force
  kill "$pid"
  wait "$pid" || true
}
refused_beside '--steps 200000' compare --run run --label twice
refused_beside '--steps 200000' probe --run trained/quadratic
refused_beside '--steps 100000' diagnose --run trained/quadratic
refused_beside '--iterations 100000' refine --run run --out new/refined
refused_beside '--steps 100000' style --run run --content "$pictures/content.png" --style "$pictures/style.jpg" --size 32 --out p.png
refused_beside '--epochs 100000' ablate-preprocessing "${tiny_optimizer[@]}" --out new/ablation
# With another label there is room for two.
"$l2l" compare --run run --label one --steps 200000 >out-first.txt 2>err-first.txt &
until_listening $!
quiet compare --run run --label two --functions 2 --tune-functions 2
kill $!
wait $! || true
[[ -z $(find run trained -name '.l2l-*') ]] || fail "left: $(find run trained -name '.l2l-*')"
