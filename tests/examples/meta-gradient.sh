# What meta-gradient writes and prints, and what it refuses.
source "$(dirname "$0")/common.bash"
quiet train "${tiny[@]}" --out run

quiet meta-gradient --run run --unrolls 4,1,10
{
  for unroll in 1 4 10 20; do
    for block in all lstm.weight_ih_l0 lstm.weight_hh_l0 lstm.bias_l0 output.weight output.bias; do
      echo "$unroll,$block"
    done
  done
} | cmp - <(tail -n +2 run/meta_gradient.csv | cut -d, -f1,2) || fail "unrolls and blocks of meta_gradient.csv"
[[ $(head -1 run/meta_gradient.csv) == unroll,block,cosine,relative_error,norm ]] || fail "header of meta_gradient.csv"
awk -F, 'NR > 1 && ($3 < -1.000001 || $3 > 1.000001 || $4 < 0) { exit 1 }' run/meta_gradient.csv ||
  fail "cosines and errors: $(cat run/meta_gradient.csv)"
grep -q '^quadratic: one trajectory of 20 steps' out.txt && grep -q '^output.bias ' out.txt || fail "table: $(cat out.txt)"
grep -q '"norm_of_full"' run/meta_gradient.json || fail "norms in meta_gradient.json"
if command -v gnuplot >/dev/null; then
  head -c 4 run/meta_gradient.png | grep -q PNG || fail "meta_gradient.png is not a picture"
fi

# Nothing is overwritten unasked; threads change nothing, the seed does; a new run drops what was found out.
cp run/meta_gradient.csv before.csv
expect_error 1 'run/meta_gradient.json.*--force' meta-gradient --run run
quiet meta-gradient --run run --unrolls 4,1,10 --threads 2 --force
same before.csv run/meta_gradient.csv
quiet meta-gradient --run run --seed 1 --unrolls 4,1,10 --force
! cmp -s before.csv run/meta_gradient.csv || fail "another seed gave the same trajectory"
quiet meta-gradient --run run --steps 6 --force
[[ $(tail -n +2 run/meta_gradient.csv | cut -d, -f1 | sort -un | xargs) == '1 6' ]] || fail "default unrolls of 6 steps"
# From a state of 0 the first step does not use weight_hh: there is nothing to compare.
quiet meta-gradient --run run --steps 1 --force
[[ $(grep -cE '^lstm.weight_hh_l0 +n/a$' out.txt) == 2 ]] || fail "a gradient of 0: $(cat out.txt)"
grep -q '^1,lstm.weight_hh_l0,nan,nan,0$' run/meta_gradient.csv || fail "a gradient of 0: $(cat run/meta_gradient.csv)"
quiet train "${tiny[@]}" --out run --force
[[ ! -e run/meta_gradient.csv ]] || fail "a new run keeps the old run's meta_gradient.csv"

# The discount is the run's, unless given.
quiet meta-gradient --run run --unrolls 4
grep -q 'has a discount of 0$' out.txt || fail "the discount of the run: $(cat out.txt)"
cp run/meta_gradient.csv before.csv
quiet meta-gradient --run run --unrolls 4 --discount 1 --force
! cmp -s before.csv run/meta_gradient.csv || fail "the discount changes nothing"
! grep -q discount out.txt || fail "a discount of 1 is spoken of"

expect_error 2 "--unrolls 1,,2: ''" meta-gradient --run run --unrolls 1,,2
expect_error 2 "--unrolls 1,x: 'x'" meta-gradient --run run --unrolls 1,x
expect_error 2 "--unrolls 0: '0'" meta-gradient --run run --unrolls 0
expect_error 2 '--unrolls: 3 does not divide the 20 steps.*1, 2, 4, 5, 10, 20' meta-gradient --run run --unrolls 3
expect_error 2 '--unrolls: 40 does not divide' meta-gradient --run run --unrolls 40
expect_error 2 '--run' meta-gradient
expect_error 1 'nowhere.*l2l train' meta-gradient --run nowhere
rm run/optimizer.safetensors
expect_error 1 'run/optimizer.safetensors' meta-gradient --run run

# A double program that is missing, of other sources, or started by hand.
double=$(dirname "$l2l")/l2l-double
cp "$l2l" alone
l2l=$work/alone
quiet train "${tiny[@]}" --out run --force
expect_error 1 'l2l-double: is not there' meta-gradient --run run
printf '#!/bin/sh\nshift\nexec "%s" 0123 "$@"\n' "$double" >l2l-double
chmod +x l2l-double
expect_error 1 'l2l-double: built from other sources than l2l' meta-gradient --run run
[[ ! -e run/meta_gradient.json ]] || fail "a failed call leaves a summary"
printf '#!/bin/sh\nkill -9 $$\n' >l2l-double
expect_error 1 'l2l-double: ended early' meta-gradient --run run
! "$double" 2>err.txt || fail "l2l-double by hand"
grep -q '^l2l-double: is started by .l2l meta-gradient., not by hand$' err.txt || fail "by hand: $(cat err.txt)"
