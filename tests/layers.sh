# Each folder includes only from itself and from folders to its left, by their full names:
#     autodiff <- nn <- optim <- optimizees <- examples
#   bash layers.sh SOURCE_ROOT
set -euo pipefail
cd "$1"
status=0 allowed=
for folder in autodiff nn optim optimizees examples; do
  allowed+=${allowed:+|}$folder
  if grep -rnE --include='*.h' --include='*.cpp' '^ *# *include *"' "$folder" | grep -vE "include *\"($allowed)/"; then
    echo "$folder/ may include only from: ${allowed//|/, }"
    status=1
  fi
done
exit $status
