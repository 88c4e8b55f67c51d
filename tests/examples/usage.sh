# What a user can get wrong on the command line: exit code 2, one line, nothing written.
source "$(dirname "$0")/common.bash"

expect_error 2 'no subcommand; see .*l2l --help$'
quiet --help
grep -q "l2l train" out.txt || fail "--help: $(cat out.txt)"
quiet --version
grep -qE '^l2l [0-9]+\.[0-9]+' out.txt || fail "--version says $(cat out.txt)"
for command in list train compare probe walk figures ablate-preprocessing style diagnose meta-gradient; do
  quiet "$command" --help
done
quiet list
for name in quadratic mnist cifar10 neural_art landscape ensemble lstm sgd nag rmsprop adam; do
  grep -q "^  $name " out.txt || fail "list does not show $name"
done

expect_error 2 'optimise.*[Ss]ee .*l2l train --help' train --optimise quadratic --out run
expect_error 2 "'trian'.*l2l --help" trian --optimizee quadratic
expect_error 2 "'trian'.*did you mean train" trian --help
expect_error 2 "'foo' is unknown" --help foo
expect_error 2 "'--bogus' is unknown" train --help --bogus
expect_error 2 "'--epoch'.*l2l train --help" train --optimizee quadratic --epoch 3
# What is misspelt gets the right word, what is nothing of the kind does not.
means() {
  local meant=$1
  shift
  expect_error 2 "; did you mean $meant\?" "$@"
}
means train trian --optimizee quadratic
means ablate-preprocessing ablate
means compare Compare --run run
means --version --verson
means --optimizee train --optimise quadratic --out run
means --epochs train --optimizee quadratic --epoch 3
means --epochs train --optimizee quadratic --epoch=3
means --epochs train --optimizee quadratic -epochs 3
means --validate-every train --optimizee quadratic --validate_every 3
means --batch train --optimizee quadratic --batch-size 3
means --style-weight train --optimizee quadratic --style-wieght 3
means --tune-functions compare --run run --tunefunctions 3
means quadratic train --optimizee quadratc --out run
means mnist compare --run run --optimizee minst
means adam train --optimizee quadratic --out run --imitate adm:0.1
means rmsprop train --optimizee quadratic --out run --groups theta=rmsporp:0.1
means rescale train --optimizee quadratic --out run --preprocess rescal:0.1
means log train --optimizee quadratic --out run --preprocess log10
means sum compare --run run --criterion sums
means relu train --optimizee mnist --out run --activation rellu
means average train --optimizee neural_art --out run --pooling avrage
means choice train --optimizee ensemble --out run --mode choise
means mnist train --optimizee ensemble --out run --members quadratic,minst
means neural_art figures --only neuralart --out run
for word in nonsense --nonsense; do
  expect_error 2 "'$word' is unknown; see" train --optimizee quadratic "$word"
done
expect_error 2 "'nonsense' is unknown; see .*l2l --help" nonsense
# A flag without its value is told what that would be.
expect_error 2 '--epochs is without its value: --epochs N, meta-epochs; .*; see .*l2l train --help' train --epochs
expect_error 2 "--out is without its value DIR: '--force' is a flag" train --optimizee quadratic --out --force
expect_error 2 '--run is missing: --run DIR, the folder that l2l train wrote; see .*l2l compare --help' compare
expect_error 2 '--content is without its value' style --run run --style x.png --content
expect_error 2 '--force takes no value' train --optimizee quadratic --out run --force=maybe
expect_error 2 '--coordinates does not go with --pick' probe --run run --pick 1 --coordinates 2
# Help is given as the command was called.
ln -s "$l2l" './a name'
code=0
'./a name' compare 2>err.txt || code=$?
[[ $code == 2 ]] && grep -qF "see './a name' compare --help" err.txt || fail "called by another name: $(cat err.txt)"
rm './a name'
expect_error 2 '--out' train --optimizee quadratic
expect_error 2 '--run' compare
expect_error 2 '--run' probe
expect_error 2 '--optimizee' train --out run
expect_error 2 "--optimizee: .*'cubic'.*quadratic" train --optimizee cubic --out run
for flag in steps unroll functions hidden validate-every validation-functions threads lr scale; do
  expect_error 2 "--$flag: '0'" train --optimizee quadratic --out run "--$flag" 0
done
for flag in epochs patience seed clip lr threads; do
  expect_error 2 "--$flag: '-1'" train --optimizee quadratic --out run "--$flag" -1
  expect_error 2 "--$flag: 'many'" train --optimizee quadratic --out run "--$flag" many
done
expect_error 2 "--epochs: '1.5'" train --optimizee quadratic --out run --epochs 1.5
expect_error 2 "--epochs: '99999999999'" train --optimizee quadratic --out run --epochs 99999999999
expect_error 2 '--layers 0: give --dense 1 or more' train --optimizee quadratic --out run --layers 0
for excess in 'hidden 1025' 'layers 17' 'epochs 1000001' 'steps 1000001' 'functions 1000001' \
  'validation-steps 1000001' 'threads 1025'; do
  read -r flag value <<<"$excess"
  expect_error 2 "--$flag: '$value'.*from [01] to $((value - 1))" train --optimizee quadratic --out run "--$flag" "$value"
done
expect_error 2 '--data: .*UTF-8' train --optimizee mnist --out run --data $'inv\xff'
for number in nan -nan inf -inf 0x10 ١ ' 1' '1 ' +1 1,5 1e 1e+ '' 1_000 0b1; do
  expect_error 2 "--lr: '$(sed 's/+/[+]/' <<<"$number")' is not a number" train --optimizee quadratic --out run --lr "$number"
  expect_error 2 "--epochs: '$(sed 's/+/[+]/' <<<"$number")' is not a whole" train --optimizee quadratic --out run --epochs "$number"
  expect_error 2 "--init '$(sed 's/+/[+]/' <<<"$number")' must be a number" train --optimizee mnist --out run --init "$number"
done
expect_error 2 "--seed: '18446744073709551616'.*from 0 to 18446744073709551615" train --optimizee quadratic --out run \
  --seed 18446744073709551616
# What single precision cannot hold is told so.
for number in 1e39 1e400 1e-50 1e-400; do
  for flag in '--lr ' '--scale ' '--clip ' '--preprocess rescale:' '--preprocess log:' '--imitate adam:'; do
    [[ $flag$number != '--clip 1e-'* ]] || continue
    expect_error 2 "'$number' is too large or too close to 0" train --optimizee quadratic --out run $flag$number
  done
  expect_error 2 "--init '$number' is too large or too close to 0" train --optimizee mnist --out run --init $number
  expect_error 2 "--adam-rate: '$number' is too large or too close" probe --run run --adam-rate $number
done
expect_error 2 "--lr: 'nan'" train --optimizee quadratic --out run --lr nan
expect_error 2 "--lr: 'inf'" train --optimizee quadratic --out run --lr inf
expect_error 2 "--final-rate: '2'" train --optimizee quadratic --out run --final-rate 2
expect_error 2 '--steps 50 .*--unroll 20.*--steps 40' train --optimizee quadratic --out run --steps 50
expect_error 2 '--steps 10 .*--unroll 20.*--steps 20' train --optimizee quadratic --out run --steps 10
expect_error 2 "'wavelet'.*none, rescale, log, moments, timescales and orthogonal" train --optimizee quadratic --out run --preprocess wavelet
expect_error 2 'rescale:0.1' train --optimizee quadratic --out run --preprocess rescale
expect_error 2 "'-3'" train --optimizee quadratic --out run --preprocess log:-3
expect_error 2 "'none' takes no" train --optimizee quadratic --out run --preprocess none:1
expect_error 2 "moments:1.*'1' is not a number" train --optimizee quadratic --out run --preprocess moments:1
expect_error 2 "orthogonal:1.5.*'1.5' is not a number" train --optimizee quadratic --out run --preprocess orthogonal:1.5
expect_error 2 "'timescales' takes no" train --optimizee quadratic --out run --preprocess timescales:1
expect_error 2 "'anchor' is unknown.*did you mean anchored" train --optimizee quadratic --out run --proposal anchor
expect_error 2 'needs --preprocess moments.*not none' train --optimizee quadratic --out run --proposal anchored
expect_error 2 '--model anchored: .* needs a momentum' ablate-preprocessing --optimizee quadratic --out run --model anchored
expect_error 2 'only anchored takes a rate' train --optimizee quadratic --out run --proposal squashed:1
expect_error 2 '--batch' train --optimizee quadratic --out run --batch 0
expect_error 2 "'units'" train --optimizee quadratic --out run --units 20
for flag in '--lr 1' '--optimizee quadratic' '--dim 3' '--out run'; do
  expect_error 2 "${flag% *} is given twice" train $flag $flag
done
expect_error 2 '--run is given twice' compare --run a --run b
expect_error 2 '--run is empty: it takes a DIR' compare --run ''
for call in 'compare --run=' 'compare --run b --label=' 'train --epochs=' 'train --out=' 'train --dim=' 'style --content='; do
  flag=${call##* }
  expect_error 2 "${flag%=} is empty: it takes a [A-Z]" $call swallowed
  expect_error 2 "${flag%=} is empty: it takes a [A-Z]" $call
done
expect_error 2 '--label is empty: it takes a LABEL' compare --run b --label= swallowed
expect_error 2 '--force takes no value' compare --run b --force=
expect_error 2 "'--bogus=' is unknown" compare --run b --bogus=
touch file
expect_error 1 'file: is not a folder, so it holds no run$' compare --run file
expect_error 1 'file: is not a folder' train --resume --out file
expect_error 2 '--data is empty: it takes a path' train --optimizee mnist --out run --data ''
expect_error 2 '--out is empty' train --optimizee quadratic --out ''
expect_error 1 "no-such-folder" train --optimizee mnist --out run --data no-such-folder
if [[ -e /dev/full ]]; then
  code=0
  "$l2l" list >/dev/full 2>err.txt || code=$?
  [[ $code == 1 ]] && grep -q '^l2l: stdout' err.txt || fail "a full disk behind stdout: exit code $code, $(cat err.txt)"
fi
# As many threads as OMP_NUM_THREADS says, or as there are processors for this process.
threads() { grep -A1 -- '--threads' out.txt | tr -d '\n' | sed -E 's/.*threads \(([0-9]+):.*/\1/'; }
OMP_NUM_THREADS=3 quiet train --help
[[ $(threads) == 3 ]] || fail "OMP_NUM_THREADS=3: $(threads) threads"
OMP_NUM_THREADS=5000 quiet train --help
[[ $(threads) == 1024 ]] || fail "OMP_NUM_THREADS=5000: $(threads) threads"
if command -v taskset >/dev/null; then
  code=0
  env -u OMP_NUM_THREADS taskset -c "$(taskset -pc $$ | grep -oE '[0-9]+' | tail -n 1)" "$l2l" train --help >out.txt || code=$?
  [[ $code == 0 && $(threads) == 1 ]] || fail "on one processor: $(threads) threads"
fi
[[ ! -e run ]] || fail "a refused command left a folder behind"
