# The README's code as a project: all that it says, word for word, and around it only what its words leave out.
#   bash readme.sh README FOLDER
set -euo pipefail
readme=$1 out=$2
# block LANGUAGE N: the N-th block of code in this language.
block() {
  awk -v fence="\`\`\`$1" -v wanted="$2" '
    /^```/ { inside = !inside && $0 == fence && ++n == wanted; open = !open; next }
    inside { print; ++lines }
    END { exit lines == 0 }' "$readme" || { echo "$readme has no block $2 of $1" >&2; exit 1; }
}
# program N BEFORE AFTER: the block in a function; its includes before that.
program() {
  printf '#include <algorithm>\n#include <cmath>\n#include <vector>\n'
  block cpp "$1" | grep '^#include' || { echo "$readme: block $1 of C++ includes nothing" >&2; exit 1; }
  printf 'int main() {\n%s\n' "$2"
  block cpp "$1" | grep -v '^#include'
  printf '%s\n}\n' "$3"
}

[[ $(grep -c '^```cpp$' "$readme") == 2 ]] || { echo "$readme: other than two blocks of C++" >&2; exit 1; }
program 1 '' \
  'return std::ranges::all_of(phi_gradient, [](Real g) { return std::isfinite(g); }) && norm(phi_gradient) > 0 ? 0 : 1;' \
  >"$out/idea.cpp"
program 2 \
  'const l2l::Layout layout = l2l::Layout::flat(2); std::vector<l2l::Real> theta = {0, 0}, gradient = {1, -1};' \
  'return theta[0] < 0 && theta[1] > 0 && std::isfinite(theta[0] - theta[1]) ? 0 : 1;' >"$out/main.cpp"
{
  printf 'cmake_minimum_required(VERSION 3.25)\nproject(readme LANGUAGES CXX)\n'
  block cmake 1
  printf 'add_executable(idea idea.cpp)\ntarget_link_libraries(idea PRIVATE l2l::optim)\n'
} >"$out/CMakeLists.txt"
