# For the tests of the l2l command: `source common.bash COMMAND`.
set -euo pipefail
l2l=$(realpath "$1")
# Waiting threads sleep: on a busy machine these tiny runs would otherwise spend their time waiting for each other.
export OMP_WAIT_POLICY=passive
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# A run that takes a fraction of a second.
tiny_optimizer=(--optimizee quadratic --batch 4 --dim 3 --steps 20 --unroll 10 --hidden 4 --layers 1
  --validate-every 2 --validation-functions 2)
tiny=("${tiny_optimizer[@]}" --epochs 4)

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect_error CODE PATTERN ARGUMENT...: l2l exits with CODE and says one line, which matches PATTERN.
expect_error() {
  local expected=$1 pattern=$2 code=0
  shift 2
  "$l2l" "$@" >out.txt 2>err.txt || code=$?
  [[ $code == "$expected" ]] || fail "l2l $*: exit code $code, not $expected: $(cat err.txt)"
  [[ $(wc -l <err.txt) == 1 ]] || fail "l2l $*: not one line: $(cat err.txt)"
  LC_ALL=C grep -qE -- "^l2l: .*$pattern" err.txt || fail "l2l $*: '$(cat err.txt)' does not match '$pattern'"
  [[ ! -s out.txt ]] || fail "l2l $*: wrote to stdout: $(cat out.txt)"
}

# quiet ARGUMENT...: l2l succeeds; its output is in out.txt and err.txt.
quiet() {
  "$l2l" "$@" >out.txt 2>err.txt || fail "l2l $*: exit code $?: $(cat err.txt)"
}

# unseal FILE...: takes the checksums away, so that the files may be edited.
unseal() {
  LC_ALL=C sed -i 's/"checksum":\( *\)"crc32:/"unsealed":\1"none :/; /^  "unsealed"/d' "$@"
}

# entry FILE NAME VALUE: another value, which is not longer, in the metadata of an unsealed safetensors file.
entry() {
  local old room
  old=$(LC_ALL=C grep -aoP "\"$2\":\"\\K[^\"]*" "$1")
  [[ ${#3} -le ${#old} ]] || fail "$1 has no room for $2 $3"
  printf -v room '%*s' $((${#old} - ${#3})) ''
  LC_ALL=C sed -i "s/\"$2\":\"$old\"/\"$2\":\"$3\"$room/" "$1"
}

same() {
  cmp "$1" "$2" || fail "$1 and $2 differ"
}

# `ulimit -f` would also cut the files that the thread sanitizer writes for itself as a program starts.
can_limit_files() { [[ ${L2L_SANITIZE:-} != *thread* ]]; }
