#pragma once
#include <vector>

#include "optim/evaluate.h"

namespace l2l {

/// The share of steps at which a loss is lower than at both neighbouring steps, or higher than at both, over all
/// functions. Of independent noise these turning points are two thirds (Bienaymé 1874), of a smooth curve nearly none.
double turning_points(const Curves& curves);
/// Above this share losses count as noisy, as those on minibatches are.
inline constexpr double kNoisy = 1.0 / 3;

/// The mean of x_{t-window+1} … x_t for each t, of fewer where there are not as many yet: it knows no later step.
std::vector<double> trailing_mean(const std::vector<double>& x, int window);
/// The mean of the `window` numbers around each x_t, window odd: of x_{t-r} … x_{t+r}. Near the start r is smaller, so
/// that the first number stays as it is and a steep descent is not flattened; near the end only those after x_t are
/// missing.
std::vector<double> centred_mean(const std::vector<double>& x, int window);

/// How many times fewer steps an optimizer needs than a rule on one function.
struct Speedup {
  double ratio;
  bool reached;  // or else the ratio is an upper bound
};

/// On each function: the target is the rule's loss at step `horizon`, as trailing mean over `window` steps (1: the loss
/// itself). Both optimizers reach it at the first step, from 1 on, at which their trailing mean is at most the target,
/// and the ratio is t(rule) / t(ours). t(rule) is the horizon if the rule's loss falls to its end. Where it is noisy it
/// is less: a first passage comes early by chance, for both, and an optimizer has a speed-up of 1 over itself.
/// What is not reached by the last step is reached later if ever: the ratio is t(rule) / steps then, its upper bound.
/// A rule that diverged has an infinite target, which both reach at once: 1.
std::vector<Speedup> speedups(const Curves& ours, const Curves& rule, int horizon, int window);

/// The window for losses on so many steps: a tenth of the horizon if they are noisy, else 1.
int passage_window(bool noisy, int horizon);

}  // namespace l2l
