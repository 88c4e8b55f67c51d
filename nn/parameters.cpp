#include "nn/parameters.h"

#include <algorithm>

#include "autodiff/error.h"
#include "nn/files/json.h"

namespace l2l {
namespace {

void check_theta(const Layout& layout, std::size_t given) {
  if (static_cast<Index>(given) != layout.size()) {
    throw Error("parameters: theta has ", given, " elements, the layout ", layout.size());
  }
}

}  // namespace

void put_parameters(TensorFile& file, const Layout& layout, std::span<const Real> theta, const std::string& prefix) {
  check_theta(layout, theta.size());
  for (const Parameter& p : layout.parameters()) {
    Tensor tensor;
    for (int k = 0; k < p.shape.rank(); ++k) tensor.shape.push_back(p.shape[k]);
    const std::span<const Real> values = p.in(theta);
    tensor.data.assign(values.begin(), values.end());
    file.tensors[prefix + p.name] = std::move(tensor);
  }
}

void get_parameters(const TensorFile& file, const Layout& layout, std::span<Real> theta, const std::string& prefix) {
  check_theta(layout, theta.size());
  for (const Parameter& p : layout.parameters()) {
    const std::vector<std::int64_t>& shape = file.at(prefix + p.name).shape;
    bool fits = static_cast<int>(shape.size()) == p.shape.rank();
    for (int k = 0; fits && k < p.shape.rank(); ++k) fits = shape[k] == p.shape[k];
    if (!fits) {
      throw Error(file.origin(), "tensor ", in_quotes(prefix + p.name), " has shape ", shape_text(shape),
                  ", it should be ", p.shape);
    }
  }
  for (const Parameter& p : layout.parameters()) {
    std::ranges::copy(file.at(prefix + p.name).data, p.in(theta).begin());
  }
}

}  // namespace l2l
