#pragma once
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"

namespace l2l {

/// One array inside a flat parameter vector.
struct Parameter {
  /// What its elements are: a linear map from columns to rows, [out, in] or a convolution's [out, in, height, width],
  /// of which an optimizer may take singular values; or numbers that have no more to do with each other.
  enum class Kind { numbers, linear_map };

  std::string name;
  Shape shape;
  std::string group;  // one optimizer updates all parameters of a group, e.g. "conv" or "fc"
  Index offset;  // of its first element in θ
  Kind kind = Kind::numbers;

  Index rows() const { return shape[0]; }  // of a linear map
  Index columns() const { return shape[0] == 0 ? 0 : shape.size() / shape[0]; }

  /// The parameter as a view of θ (no copy), or its part of a buffer with the layout of θ.
  Var in(Var theta) const;
  std::span<Real> in(std::span<Real> theta) const { return theta.subspan(offset, shape.size()); }
  std::span<const Real> in(std::span<const Real> theta) const { return theta.subspan(offset, shape.size()); }
};

/// Where the parameters of a model are in one flat vector θ. Layers own no weights: they add their parameters to a
/// layout and are functions of (θ, input). So an optimizer sees one vector, and a checkpoint is that vector cut into
/// named arrays.
class Layout {
 public:
  /// Consecutive elements of θ.
  struct Range {
    Index first, count;
  };

  /// A layout with one parameter, `theta`: a vector of n elements without a group.
  static Layout flat(Index n);

  /// Appends a parameter. An Error if the name is taken, or for a linear map of less than two dimensions.
  Parameter add(const std::string& name, const Shape& shape, const std::string& group = "",
                Parameter::Kind kind = Parameter::Kind::numbers);

  /// Elements in θ.
  Index size() const { return size_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter& find(const std::string& name) const;
  /// The groups in the order of their first parameters. Parameters without a group are in the group "".
  std::vector<std::string> groups() const;
  /// The parameters of a group, as the layout of their elements alone.
  Layout part(const std::string& group) const;
  /// The ranges of θ that hold the parameters of a group; adjacent ones are joined.
  std::vector<Range> ranges(const std::string& group) const;
  /// The parameter that element k of θ belongs to.
  const Parameter& at(Index k) const;
  /// The name of element k of θ: "hidden.weight[4, 17]", or with a group "conv.weight[0, 2, 1, 1], group conv".
  std::string place(Index k) const;
  /// The name of the first parameter that is not finite in `x`, a buffer with the layout of θ; "" if all are.
  std::string first_not_finite(std::span<const Real> x) const;

 private:
  std::vector<Parameter> parameters_;
  Index size_ = 0;
};

/// √Σ_k x_k², summed in double.
double norm(std::span<const Real> x);

bool all_finite(std::span<const Real> x);

}  // namespace l2l
