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

/// A named array as it stands in a file. safetensors knows no limit of four dimensions, hence the vector.
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
  bool sealed = false;  // it was read from a file with a checksum, which is that of its bytes

  /// The tensor, or an Error that names the file and the tensor.
  const Tensor& at(const std::string& name) const;
  /// "FILE: ", for an Error about it; "" for tensors that are from no file.
  std::string origin() const;
};

/// "[2x3]"
std::string shape_text(const std::vector<std::int64_t>& shape);

/// Reads F32, F64, F16 and BF16 tensors (converted to Real); other types are an Error that names the tensor. With a
/// `prefix`, tensors whose names begin otherwise are skipped without being read. Every rule of the format is checked
/// before anything is believed, and so is the checksum of a file that has one (see nn/files/checksum.h), which all that
/// are written here have; an Error names the file and what is wrong with it.
TensorFile read_safetensors(const std::filesystem::path& path, const std::string& prefix = "");
/// The same for a file that is in memory, of which an Error speaks as `name`.
TensorFile parse_safetensors(std::string_view content, const std::string& name, const std::string& prefix = "");

enum class Precision { full, half };
/// Writes F32 (F64 in the double build), or rounded to F16, atomically: a failure leaves an older file as it was.
/// Tensors lie in the order of their names, so equal content gives equal bytes. An Error names the file and what cannot
/// be written.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file,
                       Precision precision = Precision::full);
/// The bytes that it writes.
std::string format_safetensors(const TensorFile& file, Precision precision = Precision::full);

}  // namespace l2l
