# A convolutional network with an LSTM for each of its groups of parameters, on CIFAR-10's format; choices of classes.
source "$(dirname "$0")/common.bash"

# Images of noise: the bytes of the command itself.
mkdir data
images() {  # images COUNT SKIP: with the labels 0 to 9 in turn
  for ((k = 0; k < $1; ++k)); do
    printf "\\x0$((k % 10))"
    tail -c +$((3072 * (k + $2) + 1)) "$l2l" | head -c 3072
  done
}
set +o pipefail  # head closes the pipe on tail
images 24 10 >data/data_batch_1.bin
images 24 40 >data/data_batch_2.bin
images 10 70 >data/test_batch.bin
set -o pipefail
network=(--optimizee cifar10 --data data --channels 2 --kernel 3 --units 3 --batch 4)
run=("${network[@]}" --steps 6 --unroll 3 --epochs 2 --hidden 3 --layers 1 --validation-functions 1)

quiet train "${run[@]}" --out run
grep -q '^training 2 LSTMs of 1 x 3 units on cifar10, data data, .*: 2 epochs' err.txt || fail "the first line: $(cat err.txt)"
quiet train "${run[@]}" --plan
grep -q 'coordinates .*trained by 2 LSTMs of' out.txt || fail "--plan: $(cat out.txt)"
quiet compare --run run --functions 1 --tune-functions 1 --steps 4
grep -q '^cifar10, data data, channels 2' out.txt || fail "the comparison does not say on which data: $(cat out.txt)"
quiet compare --run run --functions 1 --tune-functions 1 --steps 4 --classes 5-9 --label 5-9
grep -q 'classes 5-9' out.txt || fail "the comparison does not say on which classes: $(cat out.txt)"

# 0 is in the first convolution, the last coordinate (of 138 + 142) in the logits' bias.
quiet probe --run run --coordinates 0,2,279 --adam-rate 0.1 --sgd-rate 0.1 --sweep-steps 2
grep -qF 'coordinate 0: conv.0.weight[0, 0, 0, 0], group conv' out.txt || fail "where coordinate 0 is: $(cat out.txt)"
grep -qF 'coordinate 279: fc.1.bias[9], group fc' out.txt || fail "where the last coordinate is: $(cat out.txt)"
grep -q '"place": "fc.1.bias\[9\], group fc"' run/probe.json || fail "the group is not in probe.json"
quiet probe --run run --adam-rate 0.1 --sgd-rate 0.1 --force
quiet diagnose --run run
grep -qE 'saturated gates .*conv layer 0: i .*; fc layer 0: i ' out.txt || fail "diagnose looks at both: $(cat out.txt)"
grep -q '"i_fc_l0"' run/diagnose.json || fail "both are in diagnose.json"
if [[ -z ${L2L_SANITIZE:-} ]]; then  # there is no l2l-double then
  quiet meta-gradient --run run
  {
    for unroll in 1 6; do
      echo $unroll,all
      for group in conv fc; do
        for weight in lstm.weight_ih_l0 lstm.weight_hh_l0 lstm.bias_l0 output.weight output.bias; do
          echo "$unroll,$group.$weight"
        done
      done
    done
  } | cmp - <(tail -n +2 run/meta_gradient.csv | cut -d, -f1,2) || fail "blocks of two LSTMs in meta_gradient.csv"
  # Every weight of both has a gradient, which is not the full one.
  awk -F, 'NR > 1 && !($5 > 0 && $4 > 0) { exit 1 }' run/meta_gradient.csv || fail "$(cat run/meta_gradient.csv)"
  [[ $(grep -c '^conv.lstm.weight_hh_l0 \{6\}' out.txt) == 2 ]] || fail "columns of the table: $(cat out.txt)"
fi

# The figures: transfer to other labels, beside an optimizer that knew them.
mkdir trained && cp -r run trained/cifar10
quiet train "${run[@]}" --out trained/cifar10-5-9 --classes 5-9
quiet train "${run[@]}" --out trained/cifar10-0-4 --classes 0-4
quiet figures --only cifar10 --runs trained --out page --functions 1 --tune-functions 1
for name in cifar10 cifar10-5-9 cifar10-0-4; do
  grep -q "<h2 id=\"$name\">$name</h2>" page/report.html || fail "the page has no $name"
  same trained/$name/optimizer.safetensors page/$name/optimizer.safetensors
done
grep -q 'paper, Fig. 6, CIFAR-5, LSTM-sub' page/report.html || fail "the page lacks the paper's numbers"
[[ $(grep -o 'lstm of cifar10-5-9' page/report.html | wc -l) == 1 ]] || fail "the optimizer to compare with"
losses() { grep -A 5 '"lstm": {' "$1" | grep final_mean; }
! cmp -s <(losses page/cifar10-0-4/compare-5-9.json) <(losses page/cifar10-5-9/compare.json) || fail "both are the same"
grep -q '"classes": "5-9"' page/cifar10-0-4/compare-5-9.json || fail "the transfer is not to labels 5 to 9"

# A rule for one of the groups; one LSTM for all.
quiet train "${run[@]}" --out mixed --groups conv=adam:0.01,fc
quiet diagnose --run mixed
grep -qE 'saturated gates  *fc layer 0' out.txt || fail "diagnose looks at the LSTM there is: $(cat out.txt)"
[[ -n ${L2L_SANITIZE:-} ]] ||
  expect_error 1 "group 'conv' has the rule adam.*an LSTM for it" meta-gradient --run mixed
quiet train "${run[@]}" --out one --groups all
expect_error 1 'mixed/config.json: .*groups conv=adam:0.01,fc, but quadratic has no groups.*--run' \
  compare --run mixed --optimizee quadratic
expect_error 2 "--groups conv,dense: .*group 'dense'.*'conv', 'fc'" train "${run[@]}" --out other --groups conv,dense

expect_error 2 "--classes '0-4,4': label 4 is there twice" train "${network[@]}" --out other --classes 0-4,4
expect_error 2 "--classes '3'.*at least two" train --optimizee mnist --out other --classes 3
expect_error 2 "--kernel '2' must be odd" train --optimizee cifar10 --data data --out other --kernel 2
printf x >>data/data_batch_2.bin
expect_error 1 'data_batch_2.bin: 73753 bytes are not a whole number.*option data' train "${network[@]}" --out other
rm data/test_batch.bin data/data_batch_2.bin
expect_error 1 'data: holds no file test_batch.bin.*option data' compare --run run --label other
quiet list
grep -q 'fashion-mnist: .*28x28' out.txt || fail "list does not say what is there without CIFAR-10: $(cat out.txt)"
