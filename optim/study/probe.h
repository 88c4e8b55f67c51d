#pragma once
#include <span>
#include <vector>

#include "optim/evaluate.h"

/// A look inside optimizers (Andrychowicz et al. 2016, appendix B): what they propose along a trajectory, and what they
/// would have proposed if the current gradient had been another one.
///
/// Every optimizer here treats each coordinate by itself, and none of its updates depends on θ. So a few coordinates
/// can be replayed without the others, from their gradients alone; and a step from θ = 0 leads to the update itself,
/// without the rounding of θ + u.
namespace l2l {

/// A number for each step and coordinate: [steps][coordinates]. Step 1 is the first row: its gradient is that at θ_0,
/// its update leads to θ_1.
using History = std::vector<std::vector<Real>>;

struct Recording {
  std::vector<double> losses;  // f(θ_0) … f(θ_steps), see `follow`
  History gradients;  // of all coordinates; shorter than `steps` if a loss or a gradient was not finite
};
/// Follows an optimizer along function k, as `evaluate` does, and keeps all gradients: steps · n numbers.
Recording record(Optimizer& optimizer, const Family& family, int k, const EvaluateOptions& options);

/// The columns of some coordinates, in the order given.
History select(const History& history, std::span<const Index> coordinates);

/// θ of some coordinates alone: each a parameter of one element, in the group that it was in. Groups of which none is
/// chosen are there, without elements.
Layout select(const Layout& layout, std::span<const Index> coordinates);

/// Figure 10: the updates that an optimizer proposes for `coordinates` if these are the gradients that it sees.
History replay(Optimizer& optimizer, const Layout& coordinates, const History& gradients);

/// Figures 11 to 13: the updates of one coordinate as a function of the current gradient, [steps][swept]. At each step
/// they are what the optimizer would propose for the `swept` gradients after it has seen `gradients` in the steps
/// before. The optimizer is reset for the group that the coordinate has in `layout`; each step of the sweep is taken by
/// a clone of it.
History respond(Optimizer& optimizer, const Layout& layout, Index coordinate, std::span<const Real> gradients,
                std::span<const Real> swept, int steps);

/// Mean over the steps of |x|, for each coordinate.
std::vector<double> mean_magnitudes(const History& history);

/// The coordinates with a gradient, by their mean magnitudes; less than a rounding error (Real's ε) of the largest is
/// none: black pixels under a saturated unit have gradients of 1e-40.
std::vector<Index> pickable_coordinates(const std::vector<double>& magnitudes);

/// `count` of these whose gradients differ in scale: the largest by mean magnitude, the smallest, and others at equal
/// ranks between (of three, the second is the median). From large to small; one is the largest. An Error if there are
/// too few.
std::vector<Index> pick_coordinates(const std::vector<double>& magnitudes, int count);

/// `most` of n coordinates at random, the same ones every time, in ascending order; all if there are no more.
std::vector<Index> sample_coordinates(Index n, Index most);

/// How often updates a have the sign opposite to b: a share of all steps and coordinates at which b is not zero.
double opposed(const History& a, const History& b);

/// The median of |a| / |b| over all steps and coordinates at which b is not zero.
double median_ratio(const History& a, const History& b);

/// How long updates resemble each other: the lag, in steps, at which their autocorrelation falls to 1/e, interpolated
/// between whole lags. For a stationary AR(1) process with coefficient ρ that is about -1 / ln ρ. ADAM's m makes one of
/// ρ = β1 of gradients that are white noise: a lag of 9.5. NaN if it does not fall so far within the history.
///
/// The autocovariance at lag k is Σ_i Σ_t (u_{t,i} - ū_i) (u_{t+k,i} - ū_i), pooled over the coordinates i: those with
/// large updates count more. Each coordinate's mean over the steps, ū_i, is removed, since a steady drift is no
/// momentum; and the sum is not divided by the T - k terms it has, so that long lags, of few terms, do not get noisy.
/// Both shorten long lags in short histories: ADAM's 9.5 comes out as 5.1 in 100 steps. Compare histories of one
/// length.
double correlation_lag(const History& updates);

/// Where a response steps.
struct ResponseStep {
  std::size_t at;  // the curve is steepest between swept[at] and swept[at + 1]
  double gradient;  // the middle between these
  double slope;  // of the curve there, update per gradient
  double change;  // of the update from one end of the sweep to the other
};
/// swept: in ascending order, two at least; response: of the same size.
ResponseStep steepest(std::span<const Real> swept, std::span<const Real> response);

}  // namespace l2l
