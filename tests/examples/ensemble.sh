# An optimizer trained on several optimizees: chosen between, or summed.
source "$(dirname "$0")/common.bash"

# The members have their own defaults, so there are few steps.
quick=(--optimizee ensemble --hidden 2 --layers 1 --steps 4 --unroll 2 --epochs 2
  --validation-functions 2)
run=("${quick[@]}" --members quadratic)
for mode in choice sum; do
  quiet train "${run[@]}" --mode $mode --weights 0.5 --out $mode
  grep -q '^training an LSTM .* on ensemble, members quadratic' err.txt || fail "the first line: $(cat err.txt)"
  quiet train "${run[@]}" --mode $mode --plan
  grep -q 'coordinates *1,280' out.txt || fail "--plan: $(cat out.txt)"
  quiet compare --run $mode --functions 2 --tune-functions 2
  quiet probe --run $mode --coordinates 5 --adam-rate 0.1 --sgd-rate 0.1
  grep -qF 'coordinate 5: quadratic.theta[0, 5]' out.txt || fail "where coordinate 5 is: $(cat out.txt)"
  quiet diagnose --run $mode
done

expect_error 2 "'cubic' is unknown" train "${quick[@]}" --out other --members quadratic,cubic
expect_error 2 "--members.*'quadratic' is there twice" train "${quick[@]}" --out other --members quadratic,quadratic
expect_error 2 "--members.*cannot be a member" train "${quick[@]}" --out other --members ensemble
expect_error 2 "--mode 'mean'.*choice and sum" train "${run[@]}" --out other --mode mean
expect_error 2 "--weights '1,2': 2 numbers for 1 member" train "${run[@]}" --out other --weights 1,2

# Members whose parameters differ in number and in groups; θ changes with every function.
if [[ -e /usr/share/datasets/fashion-mnist && -z ${L2L_SANITIZE:-} ]]; then
  quiet train "${quick[@]}" --members quadratic,mnist --weights 1,3 --out both
  # A member's paths become absolute, as all others.
  ln -s /usr/share/datasets/fashion-mnist images
  quiet train "${quick[@]}" --members quadratic:dim=4,mnist:data=images:units=5 --out paths
  grep -qF "\"members\": \"quadratic:dim=4,mnist:data=$PWD/images:units=5\"" paths/config.json || fail "$(cat paths/config.json)"
  quiet compare --run both --functions 4 --tune-functions 1 --steps 2
  # Coordinate 2000 is one of the network's, but not of the quadratic functions.
  codes=
  for function in 0 1 2 3; do
    code=0
    "$l2l" probe --run both --force --coordinates 2000 --function $function --adam-rate 0.1 --sgd-rate 0.1 \
      >out.txt 2>err.txt || code=$?
    case $code in
      0) grep -qF 'coordinate 2000: mnist.mlp.0.weight[2, 432], group fc' out.txt || fail "$(cat out.txt)" ;;
      2) grep -q 'no 2000, theta has 1280' err.txt || fail "$(cat err.txt)" ;;
      *) fail "probe: exit code $code: $(cat err.txt)" ;;
    esac
    codes+=$code
  done
  [[ $codes == *0* && $codes == *2* ]] || fail "four functions were all of one member: $codes"
fi
