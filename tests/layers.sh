# Each room includes only from itself and from rooms before it in this list, by their full names. Of a room in brackets
# it is the named headers alone.
#   bash layers.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
rooms=(
  autodiff/kernels
  autodiff
  autodiff/images
  nn/files
  nn
  optim
  optim/learned
  optim/learned/fast
  optim/meta
  optim/study
  optimizees/data
  optimizees
  optimizees/neural_art
  examples/l2l/double
  examples/l2l/run
  examples/l2l/report
  examples/l2l
  examples
)
# The numbers, shapes and errors of the engine are known everywhere, in its kernels too.
allowed='autodiff/(types|error|shape|format)\.h|nn/spelling\.h'
status=0
for room in "${rooms[@]}"; do
  allowed+="|$room/[^/]+"
  files=$(find "$room" -maxdepth 1 -name '*.h' -o -maxdepth 1 -name '*.cpp')
  if grep -nE '^ *# *include *"' $files /dev/null | grep -vE "include *\"($allowed)\""; then
    echo "$room/ may not include what stands above"
    status=1
  fi
done
for folder in autodiff nn optim optimizees examples; do
  while read -r room; do
    [[ " ${rooms[*]} " == *" $room "* ]] || { echo "tests/layers.sh does not know the room $room"; status=1; }
  done < <(find "$folder" -name '*.h' -printf '%h\n' -o -name '*.cpp' -printf '%h\n' | sort -u)
done
exit $status
