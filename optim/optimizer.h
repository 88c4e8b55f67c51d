#pragma once
#include <functional>
#include <memory>
#include <span>

#include "nn/layout.h"

namespace l2l {

/// A rule that turns gradients into updates of θ, and the state it needs for that.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// Forgets everything and prepares for a θ of this layout.
  virtual void reset(const Layout& layout) = 0;
  /// Goes on with a θ of another layout: its coordinate k continues coordinate from[k] of the present one, as when a
  /// picture is enlarged. `steps` count as taken, for whatever depends on how many there were. An optimizer that cannot
  /// move begins anew.
  virtual void move_to(const Layout& layout, std::span<const Index> /*from*/, Index /*steps*/) { reset(layout); }
  /// θ ← θ + u(∇), where ∇ is the gradient at θ. Both have as many elements as the layout given to `reset`.
  virtual void step(std::span<const Real> gradient, std::span<Real> theta) = 0;
  /// An optimizer of its own in the same state: given the same gradients it takes the same steps from here on.
  virtual std::unique_ptr<Optimizer> clone() const = 0;
};

/// Makes independent optimizers of one kind, e.g. one per thread; several threads may call it at once.
using OptimizerFactory = std::function<std::unique_ptr<Optimizer>()>;

}  // namespace l2l
