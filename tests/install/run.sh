# Installs a build to a folder of its own, and builds and runs the project beside this script on what is there.
#   bash run.sh CMAKE BUILD_FOLDER GENERATOR CXX_COMPILER
set -euo pipefail
cmake=$1 build=$2 generator=$3 compiler=$4
outside=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/original" >/dev/null
mv "$work/original" "$work/prefix"  # an installation may be moved
"$cmake" -S "$outside" -B "$work/build" -G "$generator" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_PREFIX_PATH="$work/prefix"
"$cmake" --build "$work/build"
"$work/build/outside" "$work/optimizer.safetensors"
"$work/build/outside_double" "$work/optimizer.safetensors"
