# l2l as several processes (a build with MPI): the same bytes for any number of them, one line for an error of any, and
# nothing lost when one is killed.
source "$(dirname "$0")/common.bash"
if ! "$l2l" --version | grep -q MPI || ! command -v mpirun >/dev/null; then
  echo "skipped: $("$l2l" --version) is a build without MPI, or there is no mpirun"
  exit 77
fi
# Open MPI: root in a container, more processes than cores, and no warning of what a container lacks.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_btl_base_warn_component_unused=0
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_orte_base_help_aggregate=0 OMPI_MCA_mpi_yield_when_idle=1

# together N ARGUMENT...: N processes succeed; their output is in out.txt and err.txt.
together() {
  local n=$1
  shift
  mpirun -n "$n" "$l2l" "$@" >out.txt 2>err.txt || fail "$n processes, l2l $*: exit code $?: $(cat err.txt)"
}
# expect_error_of N CODE PATTERN COMMAND...: they all fail; one line of l2l's, which matches.
expect_error_of() {
  local n=$1 expected=$2 pattern=$3 code=0
  shift 3
  timeout 60 mpirun -n "$n" "$@" >out.txt 2>err.txt || code=$?
  [[ $code == "$expected" ]] || fail "$n processes, $*: exit code $code, not $expected: $(cat err.txt)"
  [[ $(grep -c '^l2l: ' err.txt) == 1 ]] || fail "$n processes, $*: not one line: $(cat err.txt)"
  grep -qE -- "^l2l: .*$pattern" err.txt || fail "$n processes, $*: $(cat err.txt) does not match '$pattern'"
}

# ---- The same bytes ---------------------------------------------------------------------------------------------
several=("${tiny[@]}" --functions 3 --reference always)
quiet train "${several[@]}" --out alone
quiet compare --run alone --functions 3 --tune-functions 2
quiet refine --run alone --iterations 3 --pairs 3 --steps 20 --window 5 --validate-every 2 --out refined \
  --reference always
for n in 1 2 3 4 7; do
  together "$n" train "${several[@]}" --threads 2 --out "run$n"
  [[ $n -lt 4 ]] || grep -q "$((n - 3)) of them idle: --functions $n would keep all busy" err.txt || fail "$(cat err.txt)"
  [[ $(grep -c 'trained optimizer' out.txt) == 1 ]] || fail "printed more than once: $(cat out.txt)"
  together "$n" compare --run "run$n" --functions 3 --tune-functions 2
  together "$n" refine --run "run$n" --iterations 3 --pairs 3 --steps 20 --window 5 --validate-every 2 \
    --out "refined$n" --reference always
  for file in optimizer.safetensors checkpoint.safetensors train.csv config.json reference.json compare.csv \
    compare.json; do
    same "alone/$file" "run$n/$file"
  done
  diff <(grep -A4 '"reference"' refined/refine.json) <(grep -A4 '"reference"' "refined$n/refine.json") ||
    fail "$n processes have another reference"
  same refined/optimizer.safetensors "refined$n/optimizer.safetensors"
  same refined/refine.csv "refined$n/refine.csv"
  [[ -s run$n/train.png && -s run$n/compare.png ]] || fail "no picture"
  echo "$n processes: $(sha256sum <"run$n/optimizer.safetensors" | cut -c1-16)"
done
quiet ablate-preprocessing "${tiny[@]}" --seeds 2 --functions 3 --out ablation
together 3 ablate-preprocessing "${tiny[@]}" --seeds 2 --functions 3 --out ablation3
for file in ablation/*.csv ablation/*.json; do same "$file" "ablation3/${file#*/}"; done
pages=(figures --only quadratic --epochs 2 --functions 2 --tune-functions 2)
quiet "${pages[@]}" --out page
together 3 "${pages[@]}" --out page3
for file in $(find page -name "*.csv") page/quadratic/{optimizer.safetensors,compare.json}; do
  same "$file" "page3/${file#*/}"
done

# ---- Errors -----------------------------------------------------------------------------------------------------
expect_error_of 3 2 'learning-rate' "$l2l" train "${tiny[@]}" --learning-rate x --out new
expect_error_of 3 1 'alone: holds a run already' "$l2l" train "${several[@]}" --out alone
expect_error_of 2 1 'diverged' "$l2l" train "${several[@]}" --lr 1e30 --out new
[[ ! -e new ]] || fail "left a folder"

# images FOLDER PIXEL: 40 images for training and testing, the first of which has this pixel.
images() {
  local kind
  mkdir "$1"
  for kind in train t10k; do
    { printf '\0\0\10\3\0\0\0\50\0\0\0\2\0\0\0\2'; printf '%b' "$2"; head -c 159 /dev/zero; } \
      >"$1/$kind-images-idx3-ubyte"
    { printf '\0\0\10\1\0\0\0\50'; for ((k = 0; k < 40; ++k)); do printf '%b' "\\$((k % 8))"; done; } \
      >"$1/$kind-labels-idx1-ubyte"
  done
}
images data0 '\1'
images data1 '\2'
with_data='d=data0; [[ $OMPI_COMM_WORLD_RANK != 1 ]] || d=$2
  exec "$0" train --optimizee mnist --data "$d" --classes 0,1,2,3,4,5,6,7 --batch 4 --units 2 --steps 4 --unroll 4 \
    --epochs 1 --out new'
expect_error_of 3 1 'process 1 on [^ ]*: the images of [^ ]*data1 are not those of process 0 on ' \
  bash -c "$with_data" "$l2l" data1 data1
expect_error_of 3 1 'process 1 on [^ ]*: [^ ]*nowhere: holds no file' bash -c "$with_data" "$l2l" nowhere nowhere

# Of the same name, but not the same run.
mkdir here there
quiet train "${several[@]}" --out here/run
quiet train "${several[@]}" --seed 5 --out there/run
in_folders='[[ $OMPI_COMM_WORLD_RANK == 0 ]] && cd here || cd there; exec "$0" "$@"'
expect_error_of 2 1 'process 1 on [^ ]*: the weights in .*run/optimizer.safetensors are not those of process 0' \
  bash -c "$in_folders" "$l2l" compare --run run --functions 2
expect_error_of 2 1 'process 1 on [^ ]*: the settings in .*run/config.json are not those of process 0' \
  bash -c "$in_folders" "$l2l" train --resume --out run

# ---- Killed, and interrupted ------------------------------------------------------------------------------------
long=(--optimizee quadratic --batch 32 --steps 100 --hidden 4 --layers 1 --validate-every 2 --validation-functions 2
  --functions 2 --epochs 300)
quiet train "${long[@]}" --out whole
# begin N: starts a training, and waits until it has saved once.
begin() {
  rm -rf cut
  mpirun -n "$1" "$l2l" train "${long[@]}" --out cut >out.txt 2>err.txt &
  mpirun=$!
  until [[ -e cut/checkpoint.safetensors ]]; do
    sleep 0.02
    kill -0 "$mpirun" 2>/dev/null || fail "was over: $(cat err.txt)"
  done
}
# go_on N: resumes with N processes, and compares with the training that was not cut.
go_on() {
  together "$1" train --resume --out cut
  for file in optimizer.safetensors checkpoint.safetensors train.csv; do same whole/$file cut/$file; done
}
for victim in 1 0; do
  begin 3
  pids=($(pgrep -P "$mpirun" -x l2l)) || fail "no processes of mpirun $mpirun"
  kill -9 "${pids[victim]}"
  start=$SECONDS code=0
  wait "$mpirun" || code=$?
  [[ $code != 0 ]] || fail "mpirun succeeded although a process was killed"
  [[ $((SECONDS - start)) -lt 20 ]] || fail "it took $((SECONDS - start)) s"
  grep -q 'if another process was killed, go on with: .* train --resume --out cut' err.txt ||
    fail "does not say how to go on: $(cat err.txt)"
  go_on 2
done
# saved_by_signal N: mpirun ends as interrupted, and N processes go on.
saved_by_signal() {
  wait "$mpirun" && fail "succeeded although it was interrupted"
  grep -q 'interrupted after epoch' err.txt || fail "does not say that it was interrupted: $(cat err.txt)"
  go_on "$1"
}
begin 2
kill -INT "$mpirun"
saved_by_signal 4
# One that works on while another waits, for longer than what makes a second signal one that stops at once.
begin 2
pids=($(pgrep -P "$mpirun" -x l2l))
kill -STOP "${pids[1]}"
sleep 0.4
kill -TERM "${pids[@]}"
sleep 1.4
kill -CONT "${pids[1]}"
saved_by_signal 1
# One that has no task.
begin 3
pids=($(pgrep -P "$mpirun" -x l2l))
kill -TERM "${pids[2]}"
saved_by_signal 2
