#pragma once
#include <functional>

#include "optim/study/probe.h"

namespace l2l {

/// What an optimizer does without being told to by gradients. It may go on although they are zero (drift), and its
/// updates may depend on how many steps there were (step counting).
///
/// It follows gradients ∇_0 … ∇_{T-1}, and makes the updates u_t. With S = max(T, 100) and ∇̄² = mean ∇²:
///
///     vanished     |∇| < 1e-5 ∇̄
///     typical      U = median |u| where ∇ has not vanished
///     silence      2S gradients of zero after the trajectory, with updates s_0 … s_{2S-1}; of each coordinate, the
///                  means a over s_{S/2} … s_{S-1}, and b over s_{3S/2} … s_{2S-1}. Momentum has faded by then
///     drift        D = mean |a| / U, the mean over the coordinates
///     fading       F = 1 - mean |b| / mean |a|: 0 of a steady drift; of updates c/t it is 36% for T ≥ 100, of c/√t 20%
///     counting     K = Σ |v_{t+S} - v_t| / Σ |v_t|, sums over S/2 ≤ t < S and the coordinates, of the updates v_t for
///                  gradients g_t of constant size: ± the coordinate's mean |∇|, with a random sign, twice the same S
///                  of them. v_{t+S} and v_t saw the same last S/2 gradients; more steps were taken before v_{t+S}. For
///                  updates c/t it is 57%, for c/√t 34%
///     memory       M = Σ |w_{t+S} - v_{t+S}| / Σ |v_{t+S}|, where w saw other signs in the first S steps: as many
///                  steps, the same last S/2 gradients, others before. So an optimizer with K of about M remembers more
///                  than S/2 gradients, and one with K far above M counts steps
///
/// SGD has D = K = M = 0, momentum and ADAM nearly. The random signs belong to fixed seeds.
struct Drift {
  int steps = 0;  // T
  double typical = 0;  // U
  double vanished = 0;  // share of the gradients,
  double vanished_below = 0;  // which are smaller than this, 1e-5 ∇̄
  double at_vanished = 0;  // median |u| where ∇ has vanished, over U; NaN if it has nowhere
  int silence = 0;  // S
  double drift = 0, fading = 0, counting = 0, memory = 0;  // D, F, K, M; 0 if there are no updates
  double wandered = 0;  // mean |s_0 + … + s_{S-1}|: how far θ goes in S steps without a gradient
  double travelled = 0;  // mean |u_0 + … + u_{T-1}| = mean |θ_T - θ_0|
};

/// Called before each step, with the number of those done and of all.
using StepWatcher = std::function<void(int done, int all)>;

/// Resets `optimizer` for `layout` and lets it take T + 6S steps. gradients: [T][coordinates], T ≥ 1. Means and medians
/// are over the coordinates of `sample_coordinates`, 1000 at most.
Drift measure_drift(Optimizer& optimizer, const Layout& layout, const History& gradients,
                    const StepWatcher& watch = {});

}  // namespace l2l
