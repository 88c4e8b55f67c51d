#pragma once
#include <span>
#include <string>

#include "nn/files/safetensors.h"
#include "nn/layout.h"

namespace l2l {

/// Adds θ to the file as named tensors, each name with `prefix` before it. theta: [layout.size()]
void put_parameters(TensorFile& file, const Layout& layout, std::span<const Real> theta,
                    const std::string& prefix = "");
/// Reads them back. Throws an Error that names the file and the tensor if one is missing or has the wrong shape; θ is
/// unchanged then. Tensors that are not in the layout are ignored.
void get_parameters(const TensorFile& file, const Layout& layout, std::span<Real> theta,
                    const std::string& prefix = "");

}  // namespace l2l
