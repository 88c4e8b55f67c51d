# The programs to be read: what they print, with images so few that it takes no time, and their errors of one line.
here=$(cd "$(dirname "$0")" && pwd)
source "$here/common.bash"
programs=$(dirname "$l2l")/examples
trained=$here/../../examples/trained

# 256 images of 4x4 pixels, all of one grey that is their class times 25.
mkdir data
for kind in train t10k; do
  { printf '\0\0\10\3\0\0\1\0\0\0\0\4\0\0\0\4'
    for ((k = 0; k < 256; ++k)); do
      printf -v pixel '\\x%02x' $((k % 10 * 25))
      for ((n = 0; n < 16; ++n)); do printf "$pixel"; done
    done; } >data/$kind-images-idx3-ubyte
  { printf '\0\0\10\1\0\0\1\0'; for ((k = 0; k < 256; ++k)); do printf "\\x0$((k % 10))"; done; } \
    >data/$kind-labels-idx1-ubyte
done

# one_line CODE PATTERN COMMAND...: fails with this code and one line.
one_line() {
  local expected=$1 pattern=$2 code=0
  shift 2
  "$@" >out.txt 2>err.txt || code=$?
  [[ $code == "$expected" && $(wc -l <err.txt) == 1 ]] || fail "$*: exit code $code: $(cat err.txt)"
  grep -qE "$pattern" err.txt || fail "$*: '$(cat err.txt)' does not match '$pattern'"
}

"$programs/01_tape" >out.txt || fail "01_tape: $(cat out.txt)"

train=("$programs/02_train_network" --data data)
"${train[@]}" >adam.txt
"${train[@]}" --optimizer "$trained/mnist/optimizer.safetensors" >learned.txt
"$programs/02_train_network" --optimizer "$trained/mnist/optimizer.safetensors" --data data >again.txt
same learned.txt again.txt
[[ $(grep -c 'test images right$' learned.txt) == 5 ]] || fail "five epochs: $(cat learned.txt)"
! cmp -s adam.txt learned.txt || fail "--optimizer changes nothing"
one_line 1 "nowhere: cannot be read" "${train[@]}" --optimizer nowhere
one_line 1 "data/train-labels.*not a safetensors file" "${train[@]}" --optimizer data/train-labels-idx1-ubyte
one_line 1 "group 'conv'" "${train[@]}" --optimizer "$trained/cifar10/optimizer.safetensors"
one_line 1 'nowhere' "$programs/02_train_network" --data nowhere
for wrong in --optimizer '--data' '--optimiser x' 'x'; do one_line 2 '^usage: ' "${train[@]}" $wrong; done

use=("$programs/04_use_it" "$trained/general/optimizer.safetensors")
"${use[@]}" data >out.txt
[[ $(grep -c '^tuning: rate' out.txt) == 7 ]] || fail "the sweep: $(cat out.txt)"
# Both begin alike and go separate ways; each gets better; ADAM's rate is the best of the sweep.
awk '/^tuning/ { if (best == "" || $5 < best) { best = $5; rate = $3 } }
  /^ +ADAM, rate/ { used = $3 }
  $1 ~ /^[0-9]+$/ { rows++; first_a = rows == 1 ? $2 : first_a; a = $2; b = $5; if (rows == 1 && a != b) exit 1
                    differ += a != b }
  END { exit !(rows == 8 && differ > 4 && a < first_a / 2 && b < first_a / 2 && used == rate) }' out.txt ||
  fail "the table: $(cat out.txt)"
one_line 1 'nowhere: cannot be read' "$programs/04_use_it" nowhere
one_line 1 'nowhere' "${use[@]}" nowhere
one_line 1 '^usage: ' "${use[@]}" data more
