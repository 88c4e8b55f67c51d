#pragma once
#include <string>
#include <vector>

#include "optim/function.h"

namespace l2l {

struct EnsembleMember {
  std::string name;
  Family family;
  double weight = 1;
};
enum class EnsembleMode { choice, sum };

/// Several families as one, so that one optimizer is trained on all of them:
///
///     const Family all = ensemble_of({{"mnist", mnist}, {"valley", rosenbrock, 0.5}}, EnsembleMode::choice);
///
/// `choice`: a function of the family is one of a member, drawn with a probability proportional to its weight. What θ
/// is made up of differs from function to function. Groups of parameters that other members have are there too, without
/// elements: an optimizer with a part for each group then has nothing to do for some.
///
/// `sum`: a function is f(θ) = Σ_k w_k f_k(θ_k), where θ is the members' θ_k, concatenated. So ∂f/∂θ_k is w_k ∇f_k,
/// which an optimizer sees as member k in another unit. Of members that are sums of as many functions each
/// (`functions()`) the sum is one of as many; else it counts as one function.
///
/// The name of a parameter begins with that of its member. The loss at chance is that of all functions on average. An
/// Error unless there are members, with different names and weights above 0.
Family ensemble_of(std::vector<EnsembleMember> members, EnsembleMode mode);

}  // namespace l2l
