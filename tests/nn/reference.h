#pragma once
#include <cmath>
#include <span>
#include <vector>

#include "nn/layout.h"
#include "tests/tolerance.h"

/// What tests against numbers from PyTorch share.
namespace l2l::testing {

/// Numbers without a pattern, the same in Python:
///     def ramp(*shape):
///         n = torch.Size(shape).numel()
///         return torch.sin(torch.arange(1., n + 1) * 1.7).reshape(shape)
inline std::vector<Real> ramp(Index n) {
  std::vector<Real> x(n);
  for (Index k = 0; k < n; ++k) x[k] = static_cast<Real>(std::sin(1.7 * static_cast<double>(k + 1)));
  return x;
}

/// θ with `ramp` in every parameter: for p in module.parameters(): p.data = ramp(*p.shape)
inline std::vector<Real> ramp_parameters(const Layout& layout) {
  std::vector<Real> theta(layout.size());
  for (const Parameter& p : layout.parameters())
    std::ranges::copy(ramp(p.shape.size()), p.in(std::span(theta)).begin());
  return theta;
}

}  // namespace l2l::testing
