# Installs a build to a folder of its own, and builds and runs the projects beside this script on what is there.
#   bash run.sh CMAKE BUILD_FOLDER GENERATOR CXX_COMPILER
set -euo pipefail
cmake=$1 build=$2 generator=$3 compiler=$4
outside=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
configure() {  # SOURCE BUILD FLAG...
  "$cmake" -S "$1" -B "$2" -G "$generator" -DCMAKE_CXX_COMPILER="$compiler" "${@:3}"
}

"$cmake" --install "$build" --prefix "$work/original" >/dev/null
mv "$work/original" "$work/prefix"  # an installation may be moved
configure "$outside" "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix"
"$cmake" --build "$work/build"
"$work/build/outside" "$work/optimizer.safetensors"
"$work/build/outside_double" "$work/optimizer.safetensors"
[[ $("$work/build/outside_tape") == 12 ]]
! ldd "$work/build/outside_tape" | grep -E 'libz\.|libexif' || { echo "the tape needs more than itself" >&2; exit 1; }

# What the README says, on an optimizer that is shipped.
mkdir -p "$work/readme/runs"
bash "$outside/readme.sh" "$outside/../../README.md" "$work/readme"
cp -r "$outside/../../examples/trained/mnist" "$work/readme/runs/mnist"
configure "$work/readme" "$work/readme/build" -DCMAKE_PREFIX_PATH="$work/prefix"
"$cmake" --build "$work/readme/build"
(cd "$work/readme" && build/idea && build/app)

# What belongs to the command, if it was built.
for page in bash-completion/completions/l2l zsh/site-functions/_l2l man/man1/l2l.1; do
  [[ ! -x $work/prefix/bin/l2l || -s $work/prefix/share/$page ]] || { echo "$page is not installed" >&2; exit 1; }
done

# Only a static library asks for OpenBLAS again.
if compgen -G "$work/prefix/lib*/libl2l.a" "$work/prefix/lib/*/libl2l.a" >/dev/null; then
  PKG_CONFIG_LIBDIR=$work/nothing configure "$outside/optional" "$work/optional" -DCMAKE_PREFIX_PATH="$work/prefix"
fi
