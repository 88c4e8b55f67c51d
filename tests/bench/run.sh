#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Installs what is missing, builds the benchmarks and runs them: vector functions, matrix products, the LSTM forward and
backward, the gradients of the optimizees, whole meta-epochs. They report; nothing passes or fails.
  bash tests/bench/run.sh [FLAG...]
    FLAG     of Google Benchmark, such as --benchmark_filter=fused or --benchmark_repetitions=5
    --help   this text
Close other programs first. OPENBLAS_CORETYPE, if it is set, makes BLAS use the code of another processor.
END
}

[[ ${1:-} == --help ]] && { usage; exit; }
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
source examples/setup.sh
install_packages "${packages[@]}" libbenchmark-dev
cmake --preset bench
cmake --build --preset bench
echo "OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-(unset)}"
build/bench/l2l_bench --benchmark_counters_tabular=true "$@"
