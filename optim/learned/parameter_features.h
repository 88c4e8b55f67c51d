#pragma once
#include <span>
#include <vector>

#include "nn/layout.h"
#include "optim/learned/preprocess.h"
#include "optim/orthogonalize.h"

namespace l2l {

/// What a coordinate sees of the parameter that it belongs to: of features `orthogonal` the rows
///
///     D       the momentum: of a linear map Nesterov's, orthogonalised (optim/orthogonalize.h); of others without its
///             bias towards zero. Its decay is β_t = momentum_decay(t, q), q the parameter of the preprocessing
///     linear  1 for a linear map, 0 otherwise
///     ρ       the cosine of ∇ and the momentum before it, averaged with β = .9: above 0 where steps could be longer,
///             below 0 where they go too far. The same for all coordinates of a parameter.
///
/// of others none. This is computed from all of ∇, before its coordinates go separate ways (Preprocess).
class ParameterFeatures {
 public:
  /// A trajectory of a θ of this layout.
  ParameterFeatures(const Preprocess& preprocess, const Layout& layout);
  Index rows() const { return rows_; }
  /// See Optimizer::move_to. `layout` has as many parameters.
  void move_to(const Layout& layout, std::span<const Index> from, Index steps);
  /// The rows of the next gradient, [n] → [rows, n].
  void operator()(std::span<const Real> gradient, Real* out);
  std::size_t bytes() const { return (momentum_.capacity() + scratch_.capacity()) * sizeof(Real); }

 private:
  Index rows_;
  MomentumDecay decay_;
  std::vector<Parameter> parameters_;
  std::vector<Real> momentum_, scratch_;
  std::vector<double> cosine_;  // of each parameter: the average
};

}  // namespace l2l
