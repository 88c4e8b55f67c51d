# examples/torch takes the steps that this project's optimizers take, and can be used in a loop of PyTorch.
here=$(cd "$(dirname "$0")" && pwd)
source "$here/common.bash"
python=/usr/bin/python3  # Debian's: another one may be the first in PATH
if ! "$python" -c 'import torch' 2>/dev/null; then
  echo "skipped: $python has no torch (Debian's package is python3-torch)"
  exit 77
fi

cp -r "$here/../../examples/trained" trained
for run in quadratic mnist cifar10; do
  smaller=()
  [[ $run != cifar10 ]] || smaller=(--channels 4)
  quiet probe --run trained/$run "${smaller[@]}" --adam-rate 0.1 --sgd-rate 0.1 --steps 40 --pick 16 --sweep-steps 0
done
# Probes cannot show features that depend on all of a parameter; this program can, and more digits. It is there where
# the library has been built in double.
steps=()
learned_steps=$(dirname "$l2l")/tests/learned_steps
if [[ -x $learned_steps ]]; then
  mkdir steps
  "$learned_steps" steps trained/*/optimizer.safetensors
  steps=(steps)
else
  echo "not tested: the steps of $learned_steps, which was not built"
fi
"$python" -B "$here/learned_optimizer_test.py" trained "${steps[@]}"
