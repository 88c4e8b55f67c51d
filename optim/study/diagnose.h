#pragma once
#include <string>
#include <utility>
#include <vector>

#include "optim/study/drift.h"
#include "optim/study/trace.h"

namespace l2l {

/// One question asked of a learned optimizer, and the answer.
struct Finding {
  std::string name;  // "dead updates"
  bool ok = true;
  std::string text;  // what was measured, in words
  std::string remedy;  // what may help; "" if ok
  std::vector<std::pair<std::string, double>> numbers = {};  // the same by name, for programs
};

/// What may be wrong with an optimizer, from traces of it on several functions. It needs a look where
///
///     not finite       a value of the trace is
///     loss             its mean over the last tenth of the steps is 1.5 times that of the start or of the best tenth
///     chance loss      the loss ends above 0.99 of the loss at chance
///     dead updates     Σ_t |⟨∇_t, u_t⟩| is below 1% of the first loss: how far the updates move the loss to first
///                      order, ups and downs alike. (Unlike |u| / |θ|, which is told too, this does not depend on the
///                      scale of θ.)
///     saturated gates  a gate of a layer is, in 95% of all cases, beyond 0.01 and 0.99 (g: beyond ±0.99)
///     clipped input    more than half of all |∇| are below e^-p, so that their logarithm is the same -1 for all
///     growing state    the mean |c| of a layer ends above 5, where tanh(c) says nothing more, and has grown by more
///                      than a quarter over the second half. (Single cells that count steps are usual.)
///
/// A trace that ends early, at what is not finite, is examined as far as it goes. Remedies depend on whether it is
/// longer than the `trained_steps` of the training.
std::vector<Finding> diagnose(const std::vector<Trace>& traces, const CoordinateConfig& config, double chance_loss,
                              int trained_steps);

/// What an optimizer does that no gradient told it to, in two findings. With the D, F, K and M of `Drift` it needs a
/// look where
///
///     drift          D > 0.1: in 100 steps of gradient 0, θ goes as far as by typical updates of random sign. Not if
///                    the next needs a look, F > 0.15 and D < 1: updates that fade with the number of steps end
///     step counting  K > 0.25 and K > 2M. A proposal with a decay (optim/learned/proposal.h) counts by design, and
///                    needs no look
std::vector<Finding> diagnose_drift(const Drift& drift, const CoordinateConfig& config);

/// What a training's log says, given its columns: the mean loss per step and the norm of the meta-gradient of each
/// epoch. It needs a look where the last tenth of the losses is on average above 0.95 of the first tenth (the training
/// changed nothing, or made it worse), and where the median norm of the second half is 100 times that of the first, or
/// a millionth of it.
std::vector<Finding> diagnose_training(const std::vector<double>& losses, const std::vector<double>& norms);

}  // namespace l2l
