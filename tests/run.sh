#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Installs what is missing, builds everything and runs every test.
  bash tests/run.sh [--preset NAME]
    --preset NAME   how to build: release (default), portable, clang, debug, asan, tsan; see CMakePresets.json
    --help          this text
END
}

preset=release
while [[ $# -gt 0 ]]; do
  case $1 in
    --help) usage; exit ;;
    --preset)
      preset=${2:-}
      [[ $preset =~ ^(release|portable|clang|debug|asan|tsan)$ ]] ||
        { echo "tests/run.sh: --preset '$preset': it is release, portable, clang, debug, asan or tsan" >&2; exit 2; }
      shift 2
      ;;
    *) echo "tests/run.sh: unknown option $1; --help lists them" >&2; exit 2 ;;
  esac
done

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source examples/setup.sh
options=()
case $preset in
  release)  # the l2l command also as several processes
    packages+=(libopenmpi-dev openmpi-bin)
    options+=(-DL2L_MPI=ON)
    ;;
  clang) packages+=(clang libomp-dev) ;;
  tsan) packages+=(clang libclang-rt-dev libomp-dev) ;;
esac
echo "Checking packages"
install_packages "${packages[@]}"
cmake --preset "$preset" "${options[@]}"
cmake --build --preset "$preset"
ctest --preset "$preset"
