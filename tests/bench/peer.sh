#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Times whole meta-epochs here and in PyTorch, alternately, and prints the ratios of times and of peak memory with their
spread.
  bash tests/bench/peer.sh [--script FILE] [--rounds N] [--tasks "mnist quadratic conv art"]
    --script FILE   the PyTorch program (../shared/peer/torch_l2l.py)
    --rounds N      how often each program runs (5)
    --tasks NAMES   what to train on ("mnist quadratic conv art")
    --help          this text
Needs Debian's python3-torch beside the packages of the benchmarks. Close other programs first. OPENBLAS_CORETYPE, if it
is set, makes BLAS use the code of another processor: run it as  env -u OPENBLAS_CORETYPE bash tests/bench/peer.sh
END
}

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
script=$root/../shared/peer/torch_l2l.py rounds=5 tasks="mnist quadratic conv art"
declare -A peer_task=([mnist]=mlp [quadratic]=quad [conv]=conv [art]=art)
while [[ $# -gt 0 ]]; do
  case $1 in
    --help) usage; exit ;;
    --script | --rounds | --tasks)
      [[ $# -ge 2 ]] || { echo "tests/bench/peer.sh: $1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    *) echo "tests/bench/peer.sh: unknown option $1; --help lists them" >&2; exit 2 ;;
  esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "tests/bench/peer.sh: --rounds '$rounds': a whole number from 1" >&2; exit 2; }
[[ -r $script ]] || { echo "tests/bench/peer.sh: $script cannot be read; name the program with --script" >&2; exit 1; }
for task in $tasks; do
  [[ -n ${peer_task[$task]:-} ]] || { echo "tests/bench/peer.sh: --tasks '$task': mnist, quadratic, conv or art" >&2; exit 2; }
done
script=$(realpath "$script")
cd "$root"
/usr/bin/python3 -c 'import torch' 2>/dev/null ||
  { echo "tests/bench/peer.sh: PyTorch is missing: apt-get install python3-torch" >&2; exit 3; }

source examples/setup.sh
install_packages "${packages[@]}" libbenchmark-dev
cmake --preset bench >/dev/null
cmake --build --preset bench

# ours TASK THREADS: seconds of a meta-epoch, and the largest memory in MB
ours() {
  build/bench/l2l_bench --benchmark_filter="^meta_epoch/$1/threads:$2/" --benchmark_format=json \
    --benchmark_min_time=1 |
    /usr/bin/python3 -c 'import json, sys
b = json.load(sys.stdin)["benchmarks"][0]
print(b["real_time"] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[b["time_unit"]], b["peak_MB"])'
}
# theirs TASK VARIANT THREADS: the same in PyTorch
theirs() {
  OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=$3 /usr/bin/python3 "$script" --task "${peer_task[$1]}" --variant "$2" \
    --threads "$3" --epochs 4 |
    /usr/bin/python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["total"], r["rss_mb"])'
}

echo "OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-(unset)}, $rounds rounds: median (smallest to largest); memory of func"
printf '%-10s %7s  %22s %22s %22s %20s %20s %16s %20s\n' \
  task threads "ours, s" "cell, s" "func, s" "cell/ours" "func/ours" "MB, ours : func" "memory func/ours"
for task in $tasks; do
  for threads in 1 2; do
    for ((round = 0; round < rounds; ++round)); do
      here=$(ours "$task" $threads) && cell=$(theirs "$task" cell $threads) && func=$(theirs "$task" func $threads) ||
        exit 1
      echo "$here $cell $func"
    done | /usr/bin/python3 -c 'import statistics, sys
rows = [tuple(map(float, line.split())) for line in sys.stdin]
rows = [(o, c, f, c / o, f / o, m, n, n / m) for o, m, c, _, f, n in rows]
def text(column, form):
    return (form + " ({:" + form[2:-1] + "} to {:" + form[2:-1] + "})").format(statistics.median(column), min(column), max(column))
columns = list(zip(*rows))
memory = "%.0f : %.0f" % (statistics.median(columns[5]), statistics.median(columns[6]))
print("%-10s %7s  %22s %22s %22s %20s %20s %16s %20s" % ((sys.argv[1], sys.argv[2]) +
      tuple(text(c, "{:.3f}") for c in columns[:3]) + tuple(text(c, "{:.2f}") for c in columns[3:5]) +
      (memory, text(columns[7], "{:.2f}"))))' "$task" $threads
  done
done
