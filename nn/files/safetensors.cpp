#include "nn/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "autodiff/error.h"
#include "nn/files/atomic_file.h"
#include "nn/files/checksum.h"
#include "nn/files/half.h"
#include "nn/files/json.h"
#include "nn/files/regular_file.h"

namespace l2l {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian, and bytes are copied as they are");

constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr int kDeepest = 3;  // the header, a tensor, its shape
constexpr const char* kMetadata = "__metadata__";

// ---- Number types ---------------------------------------------------------------------------------------------

std::optional<std::uint64_t> bytes_per_element(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> table = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
      {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},     {"U64", 8},     {"I64", 8}, {"F64", 8}};
  const auto found = table.find(dtype);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

/// Bytes of an array; nothing if a dimension is negative (2^63 or more in the file) or the product overflows.
std::optional<std::uint64_t> byte_count(const std::vector<std::int64_t>& shape, std::uint64_t element) {
  std::uint64_t bytes = element;
  for (std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return bytes;
}

template <class Stored, class Convert>
void convert(const std::vector<char>& raw, std::vector<Real>& data, Convert to_real) {
  for (std::size_t k = 0; k < data.size(); ++k) {
    Stored x;
    std::memcpy(&x, raw.data() + k * sizeof(x), sizeof(x));
    data[k] = to_real(x);
  }
}

// ---- The header -----------------------------------------------------------------------------------------------

/// A tensor's entry in the header. Offsets are bytes, counted from the end of the header.
struct Entry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin, end;
};

/// Parses one file. All Errors of reading begin with its path.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) {
    if (const std::string reason = why_no_file(path); !reason.empty()) fail("cannot be read: ", reason);
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    if (error) fail("cannot be read: ", error.message());
    in_ = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*in_) fail("cannot be read: ", std::strerror(errno));
  }
  Reader(std::string_view content, const std::string& name)
      : path_(name), size_(content.size()), in_(std::make_unique<std::istringstream>(std::string(content))) {}

  TensorFile read(const std::string& prefix) {
    TensorFile file;
    file.path = path_;
    std::string text = read_header();
    const json header = parse(text);
    for (const auto& [name, value] : header.items()) {
      if (name == kMetadata) {
        read_metadata(value, file.metadata);
      } else {
        entries_.push_back(read_entry(name, value));
      }
    }
    check_offsets();
    if (const auto seal = take_seal(text)) {
      if (*seal != checksum(text)) fail(kSealBroken);
      file.sealed = true;
      file.metadata.erase(kChecksumName);  // it has been checked: the caller does not need it
    }
    for (const Entry& entry : entries_) {
      if (entry.name.starts_with(prefix)) file.tensors[entry.name] = read_tensor(entry);
    }
    return file;
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw Error(path_.string(), ": ", parts...);
  }

  void read_bytes(char* to, std::uint64_t count) {
    if (!in_->read(to, static_cast<std::streamsize>(count))) fail("reading stopped before the end of the file");
  }

  std::string read_header() {
    std::uint64_t length = 0;
    if (size_ < sizeof(length)) fail("not a safetensors file: ", size_, " bytes, a header's length alone takes 8");
    read_bytes(reinterpret_cast<char*>(&length), sizeof(length));
    if (length > kLongestHeader || length > size_ - sizeof(length)) {
      fail("not a safetensors file, or truncated: a header of ", length, " bytes in a file of ", size_);
    }
    data_start_ = sizeof(length) + length;
    std::string text(length, '\0');
    read_bytes(text.data(), length);
    if (!text.starts_with('{')) fail("not a safetensors file: the header does not begin with '{'");
    return text;
  }

  json parse(const std::string& header) const {
    try {
      return parse_json(header, kDeepest, "the header");
    } catch (const Error& error) {
      fail(error.what());
    }
  }

  /// The checksum of the whole file, with this header.
  std::string checksum(const std::string& header) {
    const std::uint64_t length = header.size();
    Checksum sum;
    sum.add({reinterpret_cast<const char*>(&length), sizeof(length)});
    sum.add(header);
    std::vector<char> block(1 << 20);
    in_->seekg(static_cast<std::streamoff>(data_start_));
    for (std::uint64_t left = size_ - data_start_; left > 0;) {
      const std::uint64_t count = std::min<std::uint64_t>(left, block.size());
      read_bytes(block.data(), count);
      sum.add({block.data(), count});
      left -= count;
    }
    return sum.digits();
  }

  void read_metadata(const json& value, std::map<std::string, std::string>& metadata) const {
    if (!value.is_object()) fail(kMetadata, " is not an object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail(kMetadata, ": ", in_quotes(key), " is not a string");
      metadata[key] = text.get<std::string>();
    }
  }

  Entry read_entry(const std::string& name, const json& value) const {
    const std::string tensor = "tensor " + in_quotes(name);
    if (!value.is_object()) fail(tensor, " is not an object");
    if (value.size() != 3 || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets")) {
      fail(tensor, " must have dtype, shape and data_offsets, and nothing else");
    }
    const json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    if (!dtype.is_string()) fail(tensor, ": dtype is not a string");
    if (!shape.is_array()) fail(tensor, ": shape is not an array");
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned() || offsets[0] > offsets[1]) {
      fail(tensor, ": data_offsets are not two ascending integers");
    }
    Entry entry{name, dtype.get<std::string>(), {}, offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
    const auto element = bytes_per_element(entry.dtype);
    if (!element) fail(tensor, " is of the unknown type ", in_quotes(entry.dtype));
    for (const json& extent : shape) {
      if (!extent.is_number_unsigned()) fail(tensor, ": a dimension is not a non-negative integer");
      entry.shape.push_back(extent.get<std::int64_t>());
    }
    const auto bytes = byte_count(entry.shape, *element);
    if (!bytes) fail(tensor, ": its size overflows");
    if (entry.end - entry.begin != *bytes) {
      fail(tensor, ": ", entry.dtype, " of shape ", shape_text(entry.shape), " takes ", *bytes,
           " bytes, data_offsets give it ", entry.end - entry.begin);
    }
    return entry;
  }

  /// Tensors must fill the data without gap or overlap. Sorts them into the order of the file.
  void check_offsets() {
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::uint64_t end = 0;
    for (const Entry& entry : entries_) {
      if (entry.begin != end) {
        fail("tensor ", in_quotes(entry.name), " begins at byte ", entry.begin, " of the data, it should be ", end);
      }
      end = entry.end;
    }
    if (end != size_ - data_start_) {
      fail(end > size_ - data_start_ ? "truncated: " : "something follows the last tensor: ", size_ - data_start_,
           " bytes of data, the header lists ", end);
    }
  }

  // ---- The data -----------------------------------------------------------------------------------------------

  Tensor read_tensor(const Entry& entry) {
    std::vector<char> raw(entry.end - entry.begin);
    in_->seekg(static_cast<std::streamoff>(data_start_ + entry.begin));
    read_bytes(raw.data(), raw.size());
    Tensor tensor{entry.shape, std::vector<Real>(raw.size() / *bytes_per_element(entry.dtype))};
    const auto cast = [](auto x) { return static_cast<Real>(x); };
    if (entry.dtype == "F32") {
      convert<float>(raw, tensor.data, cast);
    } else if (entry.dtype == "F64") {
      convert<double>(raw, tensor.data, cast);
    } else if (entry.dtype == "F16") {
      convert<std::uint16_t>(raw, tensor.data, from_f16);
    } else if (entry.dtype == "BF16") {
      convert<std::uint16_t>(raw, tensor.data, from_bf16);
    } else {
      fail("tensor ", in_quotes(entry.name), " is ", entry.dtype, ", only F32, F64, F16 and BF16 can be read");
    }
    return tensor;
  }

  std::filesystem::path path_;
  std::uint64_t size_ = 0, data_start_ = 0;
  std::unique_ptr<std::istream> in_;
  std::vector<Entry> entries_;
};

}  // namespace

TensorFile read_safetensors(const std::filesystem::path& path, const std::string& prefix) {
  return Reader(path).read(prefix);
}

TensorFile parse_safetensors(std::string_view content, const std::string& name, const std::string& prefix) {
  return Reader(content, name).read(prefix);
}

// ---- Writing --------------------------------------------------------------------------------------------------

namespace {

void append(std::string& data, const std::vector<Real>& numbers, Precision precision) {
  if (precision == Precision::full) {
    data.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Real));
    return;
  }
  for (const Real number : numbers) {
    const std::uint16_t half = to_f16(static_cast<float>(number));
    data.append(reinterpret_cast<const char*>(&half), sizeof(half));
  }
}

}  // namespace

std::string format_safetensors(const TensorFile& file, Precision precision) {
  const char* const dtype = precision == Precision::half ? "F16" : sizeof(Real) == 4 ? "F32" : "F64";
  json header = json::object();
  header[kMetadata] = file.metadata;
  header[kMetadata][kChecksumName] = kChecksumToCome;
  std::string data;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == kMetadata || byte_count(tensor.shape, 1) != tensor.data.size()) {
      throw Error("tensor ", in_quotes(name), " has shape ", shape_text(tensor.shape), " and ", tensor.data.size(),
                  " elements");
    }
    const std::size_t begin = data.size();
    append(data, tensor.data, precision);
    header[name] = {{"dtype", dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::type_error&) {
    throw Error("a name or a metadata text is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data are aligned
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes += text + data;
  seal(bytes);
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file, Precision precision) {
  std::string bytes;
  try {
    bytes = format_safetensors(file, precision);
  } catch (const Error& error) {
    throw Error(path.string(), ": cannot be written: ", error.what());
  }
  write_file_atomically(path, bytes);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t k = 0; k < shape.size(); ++k) text.append(k ? "x" : "").append(std::to_string(shape[k]));
  return text + "]";
}

std::string TensorFile::origin() const { return path.empty() ? "" : path.string() + ": "; }

const Tensor& TensorFile::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw Error(origin(), "there is no tensor ", in_quotes(name));
  return found->second;
}

}  // namespace l2l
