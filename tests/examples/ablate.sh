# ablate-preprocessing: every kind of preprocessing and unit of the loss, the same numbers for any number of threads.
source "$(dirname "$0")/common.bash"
run=(ablate-preprocessing "${tiny[@]}" --seeds 2 --functions 3)

quiet "${run[@]}" --out one --threads 1
quiet "${run[@]}" --out two --threads 2
same one/ablation.csv two/ablation.csv
same one/ablation.json two/ablation.json
[[ $(head -1 one/ablation.csv) == preprocess,loss_factor,seed,start,validation,final_loss,outcome ]] || fail "header"
for kind in none 'rescale:[0-9.]*' log:10; do
  for factor in 0.001 1 1000; do
    [[ $(grep -cE "^$kind,$factor,[12],.*,(learned|did_nothing|made_worse|diverged)$" one/ablation.csv) == 2 ]] ||
      fail "$kind, factor $factor: $(cat one/ablation.csv)"
    grep -qE "^$kind  *$factor  " out.txt || fail "the table lacks $kind, $factor: $(cat out.txt)"
  done
done
# In other units the functions of a seed are the same, and so is the loss that they start from.
[[ $(tail -n +2 one/ablation.csv | awk -F, '{printf "%s %.4g\n", $3, $4}' | sort -u | wc -l) == 2 ]] ||
  fail "starting losses differ"
# A constant of 1 is the same as none; and units matter where the LSTM sees gradients as they are.
if grep -q '^rescale:1,' one/ablation.csv; then
  cmp -s <(grep '^none' one/ablation.csv | cut -d, -f2-) <(grep '^rescale:1,' one/ablation.csv | cut -d, -f2-) ||
    fail "rescale:1 differs from none"
fi
[[ $(head -1 one/preprocess.csv) == gradient,feature_1,feature_2 ]] || fail "header of preprocess.csv"
awk -F, 'NR > 1 { if (($2 < -1.000001) || ($3 < -1) || ($3 > 1)) exit 1 }' one/preprocess.csv || fail "features"
if command -v gnuplot >/dev/null; then
  for png in one/ablation.png one/preprocess.png; do
    head -c 4 $png | grep -q PNG || fail "$png is not a picture"
  done
fi

expect_error 1 'one/ablation.json.*--force' "${run[@]}" --out one
quiet "${run[@]}" --out one --force
expect_error 2 "'cubic'" ablate-preprocessing --optimizee cubic --out three
expect_error 2 "'--preprocess'" "${run[@]}" --preprocess log --out three
expect_error 2 "--seeds: '0'" ablate-preprocessing "${tiny[@]}" --seeds 0 --out three
expect_error 2 "'--out'|--out is" ablate-preprocessing "${tiny[@]}"
[[ ! -e three ]] || fail "a refused command made a folder"
