#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/types.h"

namespace l2l {

/// An array in a file. Its shape is a vector, as safetensors has no limit of four dimensions.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<Real> data;
};

/// What a safetensors file holds: arrays by name, and free text by name (`__metadata__`).
/// Format: https://github.com/huggingface/safetensors#format
struct TensorFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
  std::filesystem::path path;  // where it was read from; empty if it was not
  bool sealed = false;  // it was read from a file with a checksum, and that is right

  /// The tensor, or an Error that names the file and the tensor.
  const Tensor& at(const std::string& name) const;
  /// "FILE: ", the beginning of an Error about it; "" if it was not read from a file.
  std::string origin() const;
};

/// "[2x3]"
std::string shape_text(const std::vector<std::int64_t>& shape);

/// Reads F32, F64, F16 and BF16 tensors, converted to Real; throws an Error for other types. With a `prefix`, reads
/// only the tensors whose names begin with it. First every rule of the format is checked, and the checksum if there is
/// one (see nn/files/checksum.h; files written here have one). An Error names the file and what is wrong with it.
TensorFile read_safetensors(const std::filesystem::path& path, const std::string& prefix = "");
/// The same for a file in memory. Errors call it `name`.
TensorFile parse_safetensors(std::string_view content, const std::string& name, const std::string& prefix = "");

enum class Precision { full, half };
/// Writes F32 (F64 in the double build), or rounds to F16. It is atomic: a failure leaves an older file unchanged.
/// Tensors are in the order of their names, so equal content gives equal bytes. An Error names the file and what cannot
/// be written.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file,
                       Precision precision = Precision::full);
/// The bytes that write_safetensors writes.
std::string format_safetensors(const TensorFile& file, Precision precision = Precision::full);

}  // namespace l2l
