#!/usr/bin/env bash
set -euo pipefail

# How long to train: some minutes. On quadratic functions that is an LSTM, by backpropagation, for 600 meta-epochs and
# not the 1000 of examples/RESULTS.md; on images a smaller one, by evolution, for 120 iterations and not 300.
train_quadratic=(--epochs 600)
begin_mnist=(--model anchored --epochs 0)
refine_mnist=(--steps 1000 --window 50 --shortest 50 --last 20 --pairs 16 --deviation 0.1 --lr 0.03 --iterations 120
  --validate-every 40)

usage() {
  cat <<'END'
Installs what is missing, builds, trains learned optimizers and compares them with tuned hand-designed ones.
  bash examples/run.sh [--quick | art]
    --quick   only the quadratic functions: under a minute after the build
    art       style transfer instead: trains on one style, at 64x64 pixels, and refines; compares there, and with another
              style at 128x128; styles pictures, and looks inside the optimizer: half an hour or so on two cores
    --help    this text
Each call writes to a folder of its own, runs/DATE-TIME.
END
}

quadratic=true mnist=true art=false
heading() { printf '\n== %s\n' "$1"; }
for option in "$@"; do
  case $option in
    --help) usage; exit ;;
    --quick) mnist=false ;;
    art) quadratic=false mnist=false art=true ;;
    *) echo "examples/run.sh: unknown option $option; --help lists them" >&2; exit 2 ;;
  esac
done

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
source examples/setup.sh
! $art || packages+=(lomiri-wallpapers-16.04 lomiri-wallpapers-20.04)
echo "Checking packages"
install_packages "${packages[@]}"
cmake --preset release
# Only what runs below, and what an earlier `cmake --build` left, so that no program is older than the others.
targets=(l2l_command)
[[ ! -e build/release/l2l-double ]] || targets+=(l2l_double_command)
cmake --build --preset release --target "${targets[@]}"

# Threads that wait asleep, not spinning: a quarter slower on small steps when the machine is idle, ten times faster when
# something else wants a core.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
runs=runs/$(date +%Y-%m-%d-%H%M%S)
l2l=build/release/l2l
if $quadratic; then
  heading "Training on quadratic functions"
  "$l2l" train --optimizee quadratic --out "$runs/quadratic" "${train_quadratic[@]}"
fi
if $mnist; then
  heading "Training on a network that classifies images"
  "$l2l" train --optimizee mnist --out "$runs/untrained" "${begin_mnist[@]}"
  "$l2l" refine --run "$runs/untrained" --out "$runs/mnist" "${refine_mnist[@]}"
fi
if $quadratic; then
  heading "Comparing on quadratic functions"
  "$l2l" compare --run "$runs/quadratic"
fi
if $mnist; then  # early, and after 1000 steps: learning rates are tuned for each
  heading "Comparing on a network that classifies images"
  "$l2l" compare --run "$runs/mnist" --steps 200 --tune-steps 100
  "$l2l" compare --run "$runs/mnist" --steps 1000 --tune-steps 1000 --functions 8 --tune-functions 4 --label 1000
fi
! $art || source examples/art.sh
echo
echo "Pictures and checkpoints:"
find "$PWD/$runs" -name '*.png' -o -name '*.safetensors' | sort
