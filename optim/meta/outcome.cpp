#include "optim/meta/outcome.h"

#include <cmath>

namespace l2l {

Outcome classify(double start, double reached, double chance) {
  if (!std::isfinite(reached)) return Outcome::diverged;
  if (reached > 1.5 * start) return Outcome::made_worse;
  return reached > 0.95 * start || reached > 0.99 * chance ? Outcome::did_nothing : Outcome::learned;
}

}  // namespace l2l
