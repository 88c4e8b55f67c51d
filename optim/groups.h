#pragma once
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"
#include "nn/layout.h"

namespace l2l {

/// θ divided into groups of parameters, each with an optimizer of its own.
class Groups {
 public:
  /// The groups with these names, in this order. An Error names a group of θ that is not among them, or one that θ does
  /// not have. A single group without a name is all of θ, whatever its parameters' groups are.
  Groups(const Layout& layout, const std::vector<std::string>& names);

  Index count() const { return static_cast<Index>(ranges_.size()); }
  /// Elements of group k.
  Index size(Index k) const { return layouts_[k].size(); }
  /// Its parameters, as the layout of its part of θ.
  const Layout& layout(Index k) const { return layouts_[k]; }

  /// step(k, its part of the gradient, its part of θ) for each group; what that does to the part is done to θ.
  template <class Step>
  void for_each(std::span<const Real> gradient, std::span<Real> theta, Step step) const {
    for (Index k = 0; k < count(); ++k) {
      const std::vector<Real> part_of_gradient = gather(k, gradient);
      std::vector<Real> part = gather(k, theta);
      step(k, std::span<const Real>(part_of_gradient), std::span<Real>(part));
      scatter(k, part, theta);
    }
  }
  /// The same on a tape: an array laid out like θ whose parts are f(k, the part of x). The Groups object must outlive
  /// the backward pass.
  template <class F>
  Var map(Var x, F f) const {
    std::vector<Var> parts;
    for (Index k = 0; k < count(); ++k) parts.push_back(f(k, gather(k, x)));
    return merge(parts);
  }

  /// Group k's part of an array laid out like θ; and back again.
  std::vector<Real> gather(Index k, std::span<const Real> x) const;
  void scatter(Index k, std::span<const Real> part, std::span<Real> x) const;
  /// On a tape: a part of x, without copying if it is in one piece; and x of all its parts.
  Var gather(Index k, Var x) const;
  Var merge(std::span<const Var> parts) const;

 private:
  template <class Visit>
  void for_each_element(Index k, Visit visit) const;

  std::vector<std::vector<Layout::Range>> ranges_;  // of each group
  std::vector<Layout> layouts_;
};

}  // namespace l2l
