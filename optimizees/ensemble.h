#pragma once
#include <string>
#include <vector>

#include "optim/optimizee.h"

namespace l2l {

/// Several families as one, so that one optimizer is trained on all of them:
///
///     l2l::Ensemble family({{"mnist", mnist}, {"valley", rosenbrock, 0.5}}, l2l::Ensemble::Mode::choice);
///
/// `choice`: a function of the family is one of a member, drawn with a probability proportional to its weight. What θ
/// is made up of changes with every draw. Groups of parameters that other members have are there too, without elements:
/// an optimizer with a part for each group then has nothing to do for some.
///
/// `sum`: a function is f(θ) = Σ_k w_k f_k(θ_k), where θ is the members' θ_k one behind the other. So ∂f/∂θ_k is
/// w_k ∇f_k, which an optimizer sees as member k in another unit. Of members that are sums of as many functions each
/// (`functions()`) the sum is one of as many; else it counts as one function.
///
/// The name of a parameter begins with that of its member.
class Ensemble : public Optimizee {
 public:
  enum class Mode { choice, sum };
  struct Member {
    std::string name;
    OptimizeeFactory make;
    double weight = 1;
  };

  /// An Error unless there are members, with different names and weights above 0.
  Ensemble(const std::vector<Member>& members, Mode mode);

  const Layout& layout() const override { return layout_; }
  void sample(Rng& rng, Split split) override;
  void init(Rng& rng, std::span<Real> theta) const override;
  void next_batch(Rng& rng) override;
  Var loss(Tape& tape, Var theta) override;
  Index functions() const override;
  /// Of all functions of the family on average, not of the one that was drawn.
  double blind_loss() const override;

 private:
  struct Family {
    std::string name;
    std::unique_ptr<Optimizee> f;
    double weight;
  };
  /// The members that the present function consists of.
  std::span<const Family> active() const;
  void lay_out();

  std::vector<Family> families_;
  Mode mode_;
  double total_weight_ = 0;
  std::size_t chosen_ = 0;
  std::vector<std::string> groups_;  // of all members
  Layout layout_;
};

}  // namespace l2l
