# What a user can get wrong on the command line: exit code 2, one line, nothing written.
source "$(dirname "$0")/common.bash"

code=0
"$l2l" >out.txt 2>err.txt || code=$?
[[ $code == 2 && ! -s out.txt ]] && grep -q "l2l train" err.txt || fail "without arguments: no help, or exit code $code"
quiet --version
grep -qE '^l2l [0-9]+\.[0-9]+' out.txt || fail "--version says $(cat out.txt)"
for command in list train compare probe figures ablate-preprocessing style diagnose meta-gradient; do
  quiet "$command" --help
done
quiet list
for name in quadratic mnist cifar10 neural_art ensemble lstm sgd nag rmsprop adam; do
  grep -q "^  $name " out.txt || fail "list does not show $name"
done

expect_error 2 'optimise.*see l2l train --help' train --optimise quadratic --out run
expect_error 2 "'trian'.*l2l --help" trian --optimizee quadratic
expect_error 2 "'--epoch'.*l2l train --help" train --optimizee quadratic --epoch 3
expect_error 2 '--out' train --optimizee quadratic
expect_error 2 '--run' compare
expect_error 2 '--run' probe
expect_error 2 '--optimizee' train --out run
expect_error 2 "--optimizee: .*'cubic'.*quadratic" train --optimizee cubic --out run
for flag in epochs steps unroll functions hidden layers validate-every validation-functions threads lr scale; do
  expect_error 2 "--$flag: '0'" train --optimizee quadratic --out run "--$flag" 0
done
for flag in epochs patience seed clip lr threads; do
  expect_error 2 "--$flag: '-1'" train --optimizee quadratic --out run "--$flag" -1
  expect_error 2 "--$flag: 'many'" train --optimizee quadratic --out run "--$flag" many
done
expect_error 2 "--epochs: '1.5'" train --optimizee quadratic --out run --epochs 1.5
expect_error 2 "--epochs: '99999999999'" train --optimizee quadratic --out run --epochs 99999999999
for excess in 'hidden 1025' 'layers 17' 'epochs 1000001' 'steps 1000001' 'functions 1000001' \
  'validation-steps 1000001' 'threads 1025'; do
  read -r flag value <<<"$excess"
  expect_error 2 "--$flag: '$value'.*from [01] to $((value - 1))" train --optimizee quadratic --out run "--$flag" "$value"
done
expect_error 2 '--data: .*UTF-8' train --optimizee mnist --out run --data $'inv\xff'
expect_error 2 "--lr: 'nan'" train --optimizee quadratic --out run --lr nan
expect_error 2 "--lr: 'inf'" train --optimizee quadratic --out run --lr inf
expect_error 2 "--final-rate: '2'" train --optimizee quadratic --out run --final-rate 2
expect_error 2 '--steps 50 .*--unroll 20.*--steps 40' train --optimizee quadratic --out run --steps 50
expect_error 2 '--steps 10 .*--unroll 20.*--steps 20' train --optimizee quadratic --out run --steps 10
expect_error 2 "'wavelet'.*none, rescale and log" train --optimizee quadratic --out run --preprocess wavelet
expect_error 2 'rescale:0.1' train --optimizee quadratic --out run --preprocess rescale
expect_error 2 "'-3'" train --optimizee quadratic --out run --preprocess log:-3
expect_error 2 "'none' takes no" train --optimizee quadratic --out run --preprocess none:1
expect_error 2 '--batch' train --optimizee quadratic --out run --batch 0
expect_error 2 "'--units'" train --optimizee quadratic --out run --units 20
for flag in '--lr 1' '--optimizee quadratic' '--dim 3' '--out run'; do
  expect_error 2 "${flag% *} is given twice" train $flag $flag
done
expect_error 2 '--run is given twice' compare --run a --run b
expect_error 2 '--run is empty: it takes a DIR' compare --run ''
expect_error 2 '--out is empty' train --optimizee quadratic --out ''
expect_error 1 "no-such-folder" train --optimizee mnist --out run --data no-such-folder
if [[ -e /dev/full ]]; then
  code=0
  "$l2l" list >/dev/full 2>err.txt || code=$?
  [[ $code == 1 ]] && grep -q '^l2l: stdout' err.txt || fail "a full disk behind stdout: exit code $code, $(cat err.txt)"
fi
[[ ! -e run ]] || fail "a refused command left a folder behind"
