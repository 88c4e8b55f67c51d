#pragma once
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"

namespace l2l {

/// One array inside a flat parameter vector.
struct Parameter {
  std::string name;
  Shape shape;
  std::string group;  // parameters that one optimizer looks after, e.g. "conv" and "fc"
  Index offset;  // of its first element in θ

  /// The parameter as a view of θ (no copy), and its part of a buffer laid out like θ.
  Var in(Var theta) const;
  std::span<Real> in(std::span<Real> theta) const { return theta.subspan(offset, shape.size()); }
  std::span<const Real> in(std::span<const Real> theta) const { return theta.subspan(offset, shape.size()); }
};

/// How the parameters of a model lie in one flat vector θ. Layers own no weights: they add their parameters to a
/// layout and are functions of (θ, input). So what an optimizer sees is one vector, and a checkpoint is that vector
/// cut into named arrays.
class Layout {
 public:
  /// A run of elements of θ.
  struct Range {
    Index first, count;
  };

  /// θ of n elements that are nothing but that.
  static Layout flat(Index n);

  /// Appends a parameter. Names are unique.
  Parameter add(const std::string& name, const Shape& shape, const std::string& group = "");

  /// Elements in θ.
  Index size() const { return size_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter& find(const std::string& name) const;
  /// The groups in the order of their first parameters; parameters without one are of the group "".
  std::vector<std::string> groups() const;
  /// Where the parameters of a group lie in θ, neighbours joined.
  std::vector<Range> ranges(const std::string& group) const;
  /// The parameter that element k of θ belongs to.
  const Parameter& at(Index k) const;
  /// Where element k of θ stands: "hidden.weight[4, 17]", and with a group "conv.weight[0, 2, 1, 1], group conv".
  std::string place(Index k) const;
  /// The name of the first parameter that is not finite in `x`, a buffer laid out like θ; "" if all are.
  std::string first_not_finite(std::span<const Real> x) const;

 private:
  std::vector<Parameter> parameters_;
  Index size_ = 0;
};

/// √Σ_k x_k², summed in double.
double norm(std::span<const Real> x);

bool all_finite(std::span<const Real> x);

}  // namespace l2l
