#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/ops.h"
#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

enum class Activation { sigmoid, tanh, relu };

/// "sigmoid", "tanh", "relu"; a UsageError for anything else.
Activation parse_activation(std::string_view name);
Var activate(Activation kind, Var x);

/// Whether a layer adds a bias. Before a batch normalisation it should not: the bias would be subtracted again, and its
/// gradient would be rounding errors.
enum class Bias { yes, no };

/// y = x Wᵀ + b.  x: [N, in], W: [out, in] (`name.weight`), b: [out] (`name.bias`), y: [N, out]
class Linear {
 public:
  Linear(Layout& layout, const std::string& name, Index in, Index out, const std::string& group = "fc",
         Bias bias = Bias::yes);

  Var operator()(Var theta, Var x) const;
  /// W and b uniform on ±1/√in, PyTorch's default.
  void init(Rng& rng, std::span<Real> theta) const;

 private:
  Index in_;
  Parameter weight_;
  std::optional<Parameter> bias_;
};

/// Linear layers with an activation between them, and none after the last. Sizes {784, 20, 10}: one hidden layer.
class Mlp {
 public:
  Mlp(Layout& layout, const std::string& name, const std::vector<Index>& sizes, Activation activation,
      const std::string& group = "fc");

  Var operator()(Var theta, Var x) const;  ///< [N, sizes.front()] → [N, sizes.back()]
  void init(Rng& rng, std::span<Real> theta) const;

 private:
  std::vector<Linear> layers_;
  Activation activation_;
};

}  // namespace l2l
