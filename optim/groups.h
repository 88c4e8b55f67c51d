#pragma once
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"
#include "nn/layout.h"

namespace l2l {

/// θ shared out by groups of parameters: which elements each of several parties looks after.
class Groups {
 public:
  /// One party for each of `names`. An Error names the group that nobody looks after, or that θ does not have. A single
  /// party without a name looks after all of θ, whatever its groups are.
  Groups(const Layout& layout, const std::vector<std::string>& names);

  Index count() const { return static_cast<Index>(ranges_.size()); }
  /// Elements of party k.
  Index size(Index k) const;
  /// Its part of an array laid out like θ, `part`: [size(k)]; and back again.
  void gather(Index k, std::span<const Real> x, std::span<Real> part) const;
  void scatter(Index k, std::span<const Real> part, std::span<Real> x) const;
  /// The same on a tape: a part of x, without copying if it is in one piece; and x of the parts of all. This must be
  /// there when the tape runs backward.
  Var gather(Index k, Var x) const;
  Var merge(std::span<const Var> parts) const;

 private:
  template <class Visit>
  void for_each_element(Index k, Visit visit) const;

  std::vector<std::vector<Layout::Range>> ranges_;  // of each party
};

}  // namespace l2l
