# Each folder includes only from itself and from folders before it in this list, by their full names.
#   bash layers.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
folders=(
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
  examples/l2l/mpi
  examples/l2l/report
  examples/l2l/watch
  examples/l2l
  examples
)
# The kernels too know the numbers, shapes and errors of the engine.
allowed='autodiff/(types|error|shape)\.h'
status=0
for folder in "${folders[@]}"; do
  allowed+="|$folder/[^/]+"
  files=$(find "$folder" -maxdepth 1 -name '*.h' -o -maxdepth 1 -name '*.cpp')
  if grep -nE '^ *# *include *"' $files /dev/null | grep -vE "include *\"($allowed)\""; then
    echo "$folder/ may not include what stands above"
    status=1
  fi
done
for root in autodiff nn optim optimizees examples; do
  while read -r folder; do
    [[ " ${folders[*]} " == *" $folder "* ]] || { echo "tests/layers.sh does not know the folder $folder"; status=1; }
  done < <(find "$root" -name '*.h' -printf '%h\n' -o -name '*.cpp' -printf '%h\n' | sort -u)
done
exit $status
