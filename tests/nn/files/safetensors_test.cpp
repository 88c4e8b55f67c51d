#include "nn/files/safetensors.h"

#include <cmath>
#include <limits>
#include <string_view>

#include "autodiff/error.h"
#include "nn/files/half.h"
#include "nn/random.h"
#include "tests/catch.h"
#include "tests/nn/temporary_folder.h"

namespace l2l::safetensors_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A file with this header, its length before it.
std::string with_header(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

/// What the Error of reading these bytes says, or "" if they are a valid file.
std::string failure(const TemporaryFolder& folder, const std::string& bytes, const std::string& prefix = "") {
  const auto path = folder.path / "file.safetensors";
  write_bytes(path, bytes);
  try {
    read_safetensors(path, prefix);
  } catch (const Error& error) {
    const std::string text = error.what();
    REQUIRE(text.starts_with(path.string() + ": "));
    REQUIRE(text.find('\n') == std::string::npos);
    return text.substr(path.string().size() + 2);
  }
  return "";
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A tensor's numbers as bytes: NaN equals NaN.
std::string bits(const Tensor& tensor) {
  std::string bytes;
  for (Real x : tensor.data) bytes.append(reinterpret_cast<const char*>(&x), sizeof(x));
  return bytes;
}

/// A small file with everything in it: metadata, a matrix, a scalar, an empty tensor.
TensorFile example() {
  TensorFile file;
  file.metadata = {{"config", R"({"hidden": 20})"}, {"note", "ü\n\"quoted\""}};
  file.tensors["matrix"] = {{2, 3}, {1, 2, 3, Real(-0.1), std::numeric_limits<Real>::infinity(), NAN}};
  file.tensors["scalar"] = {{}, {7}};
  file.tensors["empty"] = {{4, 0, 2}, {}};
  return file;
}

}  // namespace

TEST_CASE("what is written is read back, to the bit") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  const TensorFile written = example();
  write_safetensors(path, written);
  const TensorFile read = read_safetensors(path);
  CHECK(read.path == path);
  CHECK(read.metadata == written.metadata);
  REQUIRE(read.tensors.size() == written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    CHECK(read.at(name).shape == tensor.shape);
    CHECK(bits(read.at(name)) == bits(tensor));
  }
  const std::string bytes = read_bytes(path);
  write_safetensors(path, read);
  CHECK(read_bytes(path) == bytes);

  write_safetensors(path, {});
  CHECK(read_safetensors(path).tensors.empty());
}

TEST_CASE("the bytes of a file that is written") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  TensorFile file;
  file.metadata = {{"by", "l2l"}};
  file.tensors["b"] = {{2}, {1, -2}};
  file.tensors["a"] = {{}, {Real(0.5)}};
  write_safetensors(path, file);
  // Python reads it with
  //     b = open(path, "rb").read(); n, = struct.unpack("<Q", b[:8]); h = json.loads(b[8:8 + n])
  //     begin, end = h["b"]["data_offsets"]; numpy.frombuffer(b[8 + n + begin:8 + n + end], "<f4")
  const std::string bytes = read_bytes(path);
  // And its checksum, once the digits are zeros, is  "%08x" % zlib.crc32(b)
  std::string expected = sizeof(Real) == 4 ? R"({"__metadata__":{"by":"l2l","checksum":"crc32:b48e8d6d"},)"
                                             R"("a":{"data_offsets":[0,4],"dtype":"F32","shape":[]},)"
                                             R"("b":{"data_offsets":[4,12],"dtype":"F32","shape":[2]}})"
                                           : R"({"__metadata__":{"by":"l2l","checksum":"crc32:25a3d017"},)"
                                             R"("a":{"data_offsets":[0,8],"dtype":"F64","shape":[]},)"
                                             R"("b":{"data_offsets":[8,24],"dtype":"F64","shape":[2]}})";
  while (expected.size() % 8 != 0) expected += ' ';
  const Real data[] = {Real(0.5), 1, -2};
  CHECK(bytes == with_header(expected, std::string(reinterpret_cast<const char*>(data), sizeof(data))));
}

TEST_CASE("a file written by Python is read") {
  // import json, struct, numpy as np
  // a = [("f32", "F32", np.array([[1.5, -2], [3, 0.1]], "<f4")), ("f64", "F64", np.array([1e-3, np.pi], "<f8")),
  //      ("f16", "F16", np.array([1, -2.5, 6e-8, 65504, np.inf], "<f2")),
  //      ("bf16", "BF16", np.array([0x3f80, 0xc049], "<u2")), ("one", "F32", np.array(4, "<f4"))]
  // header, data = {"__metadata__": {"format": "pt"}}, b""
  // for name, dtype, x in a:
  //     header[name] = {"dtype": dtype, "shape": x.shape, "data_offsets": [len(data), len(data) + x.nbytes]}
  //     data += x.tobytes()
  // h = json.dumps(header).encode(); file = struct.pack("<Q", len(h)) + h + data
  // print(h.decode()); print(data.hex())
  const std::string header = R"#({"__metadata__": {"format": "pt"},)#"
                             R"#( "f32": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},)#"
                             R"#( "f64": {"dtype": "F64", "shape": [2], "data_offsets": [16, 32]},)#"
                             R"#( "f16": {"dtype": "F16", "shape": [5], "data_offsets": [32, 42]},)#"
                             R"#( "bf16": {"dtype": "BF16", "shape": [2], "data_offsets": [42, 46]},)#"
                             R"#( "one": {"dtype": "F32", "shape": [], "data_offsets": [46, 50]}})#";
  const std::string_view hex =
      "0000c03f000000c000004040cdcccc3dfca9f1d24d62503f182d4454fb210940003c00c10100ff7b007c803f49c000008040";
  std::string data;
  for (std::size_t k = 0; k < hex.size(); k += 2) {
    data += static_cast<char>(std::stoi(std::string(hex.substr(k, 2)), nullptr, 16));
  }
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_bytes(path, with_header(header, data));
  const TensorFile file = read_safetensors(path);
  CHECK(file.metadata.at("format") == "pt");
  CHECK(file.at("f32").shape == std::vector<std::int64_t>{2, 2});
  CHECK(file.at("f32").data == std::vector<Real>{1.5, -2, 3, 0.1f});
  CHECK(file.at("f64").data == std::vector<Real>{Real(1e-3), Real(3.141592653589793)});
  CHECK(file.at("f16").data == std::vector<Real>{1, -2.5, 0x1p-24f, 65504, std::numeric_limits<Real>::infinity()});
  CHECK(file.at("bf16").data == std::vector<Real>{1, -3.140625});
  CHECK(file.at("one").shape.empty());
  CHECK(file.at("one").data == std::vector<Real>{4});
}

TEST_CASE("every half-precision number has its value") {
  for (int h = 0; h < 0x10000; ++h) {
    const int sign = h >> 15 ? -1 : 1, exponent = h >> 10 & 31, fraction = h & 1023;
    const float value = from_f16(static_cast<std::uint16_t>(h));
    if (exponent == 31 && fraction != 0) {
      REQUIRE(std::isnan(value));
    } else if (exponent == 31) {
      REQUIRE(value == sign * std::numeric_limits<float>::infinity());
    } else {
      const double expected =
          exponent == 0 ? fraction / 1024.0 * std::pow(2, -14) : (1 + fraction / 1024.0) * std::pow(2, exponent - 15);
      REQUIRE(value == sign * expected);
      REQUIRE(std::signbit(value) == (sign < 0));
    }
  }
  CHECK(std::isnan(from_bf16(0x7fc0)));
}

TEST_CASE("to_f16 gives the nearest half, of two the even one") {
  for (int h = 0; h < 0x7c00; ++h) {  // up to 65,504
    const auto half = static_cast<std::uint16_t>(h);
    REQUIRE(to_f16(from_f16(half)) == half);
    REQUIRE(to_f16(-from_f16(half)) == (half | 0x8000));
    const float next = h == 0x7bff ? 65536 : from_f16(static_cast<std::uint16_t>(h + 1));
    const float middle = (from_f16(half) + next) / 2;
    REQUIRE(to_f16(middle) == h + h % 2);
    REQUIRE(to_f16(std::nextafter(middle, 0.0f)) == h);
    REQUIRE(to_f16(std::nextafter(middle, 1e6f)) == h + 1);
  }
  CHECK(to_f16(1e30f) == 0x7c00);
  CHECK(to_f16(-HUGE_VALF) == 0xfc00);
  CHECK(std::isnan(from_f16(to_f16(NAN))));
}

TEST_CASE("half precision is written rounded, and a file in memory reads as one on the disk") {
  const TemporaryFolder folder;
  const auto path = folder.path / "half.safetensors";
  TensorFile file;
  file.tensors["x"] = {{3}, {1, Real(-2.5), Real(1.0001)}};
  write_safetensors(path, file, Precision::half);
  const std::string content = read_bytes(path);
  CHECK_THAT(content, ContainsSubstring("F16"));
  CHECK(read_safetensors(path).at("x").data == std::vector<Real>{1, -2.5, 1});
  CHECK(parse_safetensors(content, "name").at("x").data == std::vector<Real>{1, -2.5, 1});
  CHECK(parse_safetensors(content, "name", "y").tensors.empty());
  CHECK_THROWS_WITH(parse_safetensors(content.substr(0, content.size() - 1), "name"),
                    ContainsSubstring("name: truncated"));
}

TEST_CASE("a prefix selects tensors, and the others are not read") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  // `rest` is a terabyte that is not on the disk, and `count` has a type that cannot be read.
  write_bytes(path,
              with_header(R"({"count":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                          R"("features.w":{"dtype":"F32","shape":[1],"data_offsets":[1099511627784,1099511627788]},)"
                          R"("rest":{"dtype":"F32","shape":[1024,268435456],"data_offsets":[8,1099511627784]}})"));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + 1099511627788);
  const float value = 0.5;
  std::fstream(path, std::ios::binary | std::ios::in | std::ios::out)
      .seekp(-4, std::ios::end)
      .write(reinterpret_cast<const char*>(&value), sizeof(value));
  const TensorFile file = read_safetensors(path, "features.");
  CHECK(file.tensors.size() == 1);
  CHECK(file.at("features.w").data == std::vector<Real>{0.5});
  CHECK_THROWS_AS(read_safetensors(path, "count"), Error);  // I64
}

TEST_CASE("each rule of the format, broken once") {
  const TemporaryFolder folder;
  const std::string four(4, '\0');
  const auto tensor = [](const std::string& fields) { return R"({"w":{)" + fields + "}}"; };
  const std::string good = tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])");
  REQUIRE(failure(folder, with_header(good, four)) == "");
  REQUIRE(failure(folder, with_header(good + "    ", four)) == "");
  REQUIRE(failure(folder, with_header("{}")) == "");

  struct Case {
    const char* says;
    std::string bytes;
  };
  const Case cases[] = {
      {"a header's length alone takes 8", ""},
      {"a header's length alone takes 8", "1234567"},
      {"does not begin with '{'", with_header("")},
      {"a header of 100 bytes in a file of 12", std::string("d\0\0\0\0\0\0\0{}  ", 12)},
      {"a header of 18446744073709551615 bytes", std::string(8, '\xff') + "{}"},
      {"does not begin with '{'", with_header("[]")},
      {"does not begin with '{'", with_header(" " + good, four)},
      {"does not begin with '{'", with_header("\xef\xbb\xbf" + good, four)},
      {"not valid JSON", with_header("{")},
      {"not valid JSON", with_header(good + "x", four)},
      {"not valid JSON", with_header("{\"\xff\":{}}")},
      {"a number that is too large", with_header(R"({"a":1e999})")},
      {"zero byte", with_header(good + std::string(3, '\0'), four)},
      {"nested too deeply", with_header("{\"w\":" + std::string(1000000, '['))},
      {"nested too deeply", with_header(R"({"w":{"shape":[[1]]}})")},
      {"names 'w' twice", with_header(good.substr(0, good.size() - 1) + "," + good.substr(1), four)},
      {"names 'shape' twice",
       with_header(tensor(R"("dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,4])"), four)},
      {"names 'a' twice", with_header(R"({"__metadata__":{"a":"1","a":"2"}})")},
      {"__metadata__ is not an object", with_header(R"({"__metadata__":"text"})")},
      {"__metadata__: 'a' is not a string", with_header(R"({"__metadata__":{"a":1}})")},
      {"tensor 'w' is not an object", with_header(R"({"w":1})")},
      {"must have dtype, shape", with_header(tensor(R"("dtype":"F32","shape":[1])"), four)},
      {"must have dtype, shape", with_header(tensor(R"("dtype":"F32","shape":[1],"offsets":[0,4])"), four)},
      {"nothing else", with_header(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1)"), four)},
      {"dtype is not a string", with_header(tensor(R"("dtype":4,"shape":[1],"data_offsets":[0,4])"), four)},
      {"unknown type 'F99'", with_header(tensor(R"("dtype":"F99","shape":[1],"data_offsets":[0,4])"), four)},
      {"is I32, only F32", with_header(tensor(R"("dtype":"I32","shape":[1],"data_offsets":[0,4])"), four)},
      {"shape is not an array", with_header(tensor(R"("dtype":"F32","shape":1,"data_offsets":[0,4])"), four)},
      {"a dimension is not", with_header(tensor(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), four)},
      {"a dimension is not", with_header(tensor(R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])"), four)},
      {"a dimension is not",
       with_header(tensor(R"("dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4])"), four)},
      // 4 · 2^62 wraps to 0, and 4 · (2^62 + 1) to 4: without a check of overflow these would pass.
      {"size overflows", with_header(tensor(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0])"))},
      {"size overflows",
       with_header(tensor(R"("dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4])"), four)},
      {"size overflows", with_header(tensor(R"("dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0])"))},
      {"ascending", with_header(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), four)},
      {"ascending", with_header(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), four)},
      {"ascending", with_header(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[-4,0])"), four)},
      {"F32 of shape [2x1] takes 8 bytes, data_offsets give it 4",
       with_header(tensor(R"("dtype":"F32","shape":[2,1],"data_offsets":[0,4])"), four)},
      {"begins at byte 4 of the data, it should be 0",
       with_header(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), four + four)},
      {"begins at byte 2 of the data, it should be 4",  // overlap
       with_header(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                   R"("x":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                   four + four)},
      {"begins at byte 8 of the data, it should be 4",  // gap
       with_header(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                   R"("x":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                   four + four + four)},
      {"truncated: 3 bytes of data, the header lists 4", with_header(good, "123")},
      {"something follows the last tensor: 5 bytes", with_header(good, "12345")},
      {"something follows the last tensor", with_header("{}", "1")},
  };
  for (const Case& c : cases) {
    INFO("expected: " << c.says);
    const std::string says = failure(folder, c.bytes);
    INFO("got: " << says);
    CHECK(contains(says, c.says));
  }
}

TEST_CASE("a header may be 100,000,000 bytes long and no longer") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_bytes(path, std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10));  // 100,000,001
  std::filesystem::resize_file(path, 8 + 100'000'001);
  std::string says;
  try {
    read_safetensors(path);
  } catch (const Error& error) {
    says = error.what();
  }
  CHECK(contains(says, "a header of 100000001 bytes"));
}

TEST_CASE("names from a damaged file are fit to be printed") {
  const TemporaryFolder folder;
  const std::string says = failure(folder, with_header("{\"a\\nb" + std::string(500, 'x') + "\":1}"));
  CHECK(contains(says, "'a?bxxx"));
  CHECK(says.size() < 200);
}

TEST_CASE("what is not a file is an Error with the system's reason") {
  const TemporaryFolder folder;
  const auto says = [](const std::filesystem::path& path) {
    try {
      read_safetensors(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto missing = folder.path / "missing";
  CHECK(says(missing) == missing.string() + ": cannot be read: No such file or directory");
  CHECK(says(folder.path) == folder.path.string() + ": cannot be read: not a regular file");
  make_pipe(folder.path / "pipe");
  CHECK(says(folder.path / "pipe") == (folder.path / "pipe").string() + ": cannot be read: not a regular file");
}

TEST_CASE("a file cut short anywhere is an Error") {
  const TemporaryFolder folder;
  const auto path = folder.path / "whole.safetensors";
  write_safetensors(path, example());
  const std::string bytes = read_bytes(path);
  REQUIRE(failure(folder, bytes) == "");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    INFO(length << " of " << bytes.size() << " bytes");
    CHECK(failure(folder, bytes.substr(0, length)) != "");
  }
  CHECK(failure(folder, bytes + '\0') != "");
}

TEST_CASE("a flipped bit is found wherever it is") {
  const TemporaryFolder folder;
  const auto path = folder.path / "whole.safetensors";
  write_safetensors(path, example());
  std::string bytes = read_bytes(path);
  REQUIRE(parse_safetensors(bytes, "whole").sealed);
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    try {
      parse_safetensors(bytes, "flipped");
      ++accepted;
      UNSCOPED_INFO("bit " << bit % 8 << " of byte " << bit / 8 << " may be flipped");
    } catch (const Error&) {
    }
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
  CHECK(accepted == 0);
}

TEST_CASE("a file without a checksum is read, one with another is damaged or edited") {
  const TemporaryFolder folder;
  const auto path = folder.path / "whole.safetensors";
  write_safetensors(path, example());
  std::string bytes = read_bytes(path);
  const std::size_t key = bytes.find("checksum");
  REQUIRE(key != std::string::npos);
  bytes[bytes.size() - 1] ^= 1;
  CHECK(contains(failure(folder, bytes), "damaged or edited: "));
  bytes.replace(key, 8, "unsealed").replace(bytes.find("crc32:"), 6, "none :");
  CHECK(failure(folder, bytes) == "");
  CHECK_FALSE(read_safetensors(folder.path / "file.safetensors").sealed);
  // The checksum covers the tensors that a prefix skips, too.
  bytes = read_bytes(path);
  bytes[bytes.size() - 1] ^= 1;
  CHECK(contains(failure(folder, bytes, "matrix"), "damaged or edited: "));
}

TEST_CASE("flipped bytes of a file without a checksum give an Error or another valid file, never a crash") {
  const TemporaryFolder folder;
  const auto path = folder.path / "whole.safetensors";
  write_safetensors(path, example());
  std::string bytes = read_bytes(path);
  bytes.replace(bytes.find("checksum"), 8, "unsealed").replace(bytes.find("crc32:"), 6, "none :");
  Rng rng(0);
  int errors = 0;
  const int rounds = 3000;
  for (int round = 0; round < rounds; ++round) {
    std::string damaged = bytes;
    for (Index k = rng.below(4); k >= 0; --k) {
      damaged[rng.below(static_cast<Index>(bytes.size()))] = static_cast<char>(rng.below(256));
    }
    errors += failure(folder, damaged) != "";
  }
  CHECK(errors > rounds / 2);  // most of the file is header
  CHECK(errors < rounds);
}

TEST_CASE("what cannot be written is an Error, and the old file stays") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_bytes(path, "old");
  const auto refuses = [&](const std::string& name, const Tensor& tensor) {
    TensorFile file;
    file.tensors[name] = tensor;
    CHECK_THROWS_AS(write_safetensors(path, file), Error);
  };
  refuses("w", {{2, 2}, {1, 2, 3}});
  refuses("w", {{-1, -1}, {1}});
  refuses("__metadata__", {{1}, {1}});
  refuses("\xff", {{1}, {1}});
  CHECK(read_bytes(path) == "old");
  CHECK_THROWS_AS(write_safetensors(folder.path / "missing" / "file", {}), Error);
}

}  // namespace l2l::safetensors_test
