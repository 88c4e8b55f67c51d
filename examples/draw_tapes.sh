#!/usr/bin/env bash
# Draws the tapes of the chapters, into examples/pictures: bash examples/draw_tapes.sh [BUILD_FOLDER]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
programs=${1:-build/release}/examples
command -v dot >/dev/null || { echo "draw_tapes.sh: there is no dot; Debian's package is graphviz" >&2; exit 3; }
[[ -x $programs/draw_tapes ]] ||
  { echo "draw_tapes.sh: there is no $programs/draw_tapes; cmake --build --preset release makes it" >&2; exit 3; }
new=$(mktemp)
trap 'rm -f "$new"' EXIT
draw() {  # NAME CALL...
  "${@:2}" | dot -Tsvg | sed '/^<!-- /d; /^ -->/d' >"$new"  # without dot's version and other comments
  cat "$new" >"examples/pictures/$1.svg"
  echo "examples/pictures/$1.svg"
}
draw tape "$programs/01_tape" --graph
draw tape-lstm "$programs/draw_tapes" lstm
draw tape-unroll "$programs/draw_tapes" unroll
