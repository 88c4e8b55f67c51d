#pragma once
#include <span>
#include <string>

#include "nn/files/safetensors.h"
#include "nn/layout.h"

namespace l2l {

/// θ as named tensors, `prefix` before each name. theta: [layout.size()]
void put_parameters(TensorFile& file, const Layout& layout, std::span<const Real> theta,
                    const std::string& prefix = "");
/// And back. A tensor that is missing or has another shape than the layout wants is an Error that names the file and
/// the tensor, and leaves θ as it was; tensors that the layout does not know are none of its business.
void get_parameters(const TensorFile& file, const Layout& layout, std::span<Real> theta,
                    const std::string& prefix = "");

}  // namespace l2l
