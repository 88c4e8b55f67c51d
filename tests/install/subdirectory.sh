# The library as a folder of somebody else's project: from a path that globs and shells may stumble over, under strict
# warnings, with Clang too where it is there. Compiles a file of the user's, and the one of the library's that is given a
# path of the checkout.
#   bash subdirectory.sh CMAKE SOURCE_ROOT CXX_COMPILER
set -euo pipefail
cmake=$1 source=$2 compiler=$3
outside=$(cd "$(dirname "$0")/subdirectory" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/a copy [1]"
ln -s "$source" "$work/a copy [1]/l2l"

has_openmp() { "$1" -fopenmp -fsyntax-only -x c++ - <<<'#include <omp.h>' 2>/dev/null; }
for compiler in "$compiler" $(command -v clang++ || true); do
  has_openmp "$compiler" || continue
  build="$work/build [$(basename "$compiler")]"
  "$cmake" -S "$outside" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DL2L_SOURCE="$work/a copy [1]/l2l"
  "$cmake" --build "$build" --target strict l2l/CMakeFiles/l2l_optimizees.dir/optimizees/neural_art/default_features.cpp.o
done
