#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Installs what is missing, builds the fuzz targets with Clang, AddressSanitizer and UndefinedBehaviorSanitizer, and runs
them, as many at a time as there are cores.
  bash tests/fuzz/run.sh [--seconds N] [--runs N] [TARGET...]
    --seconds N   how long to run each target (60)
    --runs N      how many inputs to try on each, instead, however long it takes
    TARGET        a file of tests/fuzz without its .cpp, such as picture (all)
    --help        this text
What is found there, inputs that a reader stumbles over, is kept in build/fuzz/finds, and makes this fail. Inputs that
reach further than others are kept in build/fuzz/corpus, and the next call starts from them.
END
}

limit=(-max_total_time=60)
chosen=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --help) usage; exit ;;
    --seconds | --runs)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "tests/fuzz/run.sh: $1 '${2:-}': a whole number from 1 on" >&2; exit 2; }
      [[ $1 == --seconds ]] && limit=("-max_total_time=$2") || limit=("-runs=$2")
      shift 2
      ;;
    -*) echo "tests/fuzz/run.sh: unknown option $1; --help lists them" >&2; exit 2 ;;
    *) chosen+=("$1"); shift ;;
  esac
done

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
source examples/setup.sh
install_packages "${packages[@]}" clang libclang-rt-dev libomp-dev
cmake --preset fuzz
cmake --build --preset fuzz

cd build/fuzz
mapfile -t targets < <(find targets -type f -printf '%f\n' | sort)
for target in "${chosen[@]}"; do
  [[ -x targets/$target ]] || { echo "tests/fuzz/run.sh: no target '$target': there are ${targets[*]}" >&2; exit 2; }
done
[[ ${#chosen[@]} -eq 0 ]] || targets=("${chosen[@]}")

# Files that the targets write for readers of files: in memory where that can be.
[[ -w /dev/shm ]] && export TMPDIR=/dev/shm
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
mkdir -p corpus logs finds

# fuzz TARGET FLAG...: one line about it; 1 if there is a find.
fuzz() {
  local target=$1 log=logs/$1.log dictionary=../../tests/fuzz/$1.dict status=0
  shift
  mkdir -p "corpus/$target"
  "targets/$target" --seeds "corpus/$target"
  [[ ! -f $dictionary ]] || set -- "$@" "-dict=$dictionary"
  "targets/$target" "corpus/$target" "$@" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
    "-artifact_prefix=finds/$target-" >"$log" 2>&1 || status=1
  stat() { sed -n "s/^stat::$1: *//p" "$log"; }
  printf '%-12s %10s runs %8s a second %6s edges%s\n' "$target" "$(stat number_of_executed_units)" \
    "$(stat average_exec_per_sec)" "$(grep -o ' cov: [0-9]*' "$log" | tail -1 | cut -c 7-)" \
    "$([[ $status == 0 ]] || echo '  FOUND SOMETHING')"
  [[ $status != 0 ]] || return 0
  grep -m 1 -E '^(FIND|SUMMARY|.*runtime error)|terminate called|ERROR' "$log" | cut -c 1-300 | cat -v
  echo "    again: build/fuzz/targets/$target build/fuzz/$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)"
  echo "    all that was said: build/fuzz/$log"
  return 1
}
export -f fuzz
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I TARGET bash -c 'fuzz "$@"' _ TARGET "${limit[@]}" ||
  { echo "tests/fuzz/run.sh: a reader stumbles, see above" >&2; exit 1; }
echo "${#targets[@]} targets, nothing found"
