// Arrays in a file: nn/safetensors.h.
#include "nn/files/safetensors.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/safetensors_input.h"

namespace l2l::fuzz {

void read(std::string_view bytes) {
  const std::string content = safetensors_file(bytes);
  for (const char* prefix : {"", "a"}) {
    attempt([&] {
      for (const auto& [name, tensor] : parse_safetensors(content, "FILE", prefix).tensors) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : tensor.shape) elements *= extent;
        require(elements == std::ssize(tensor.data), "an array of another size than its shape's: " + name);
      }
    });
  }
}

std::vector<std::string> seeds() {
  TensorFile file;
  file.tensors["a"] = {{2, 1}, {1, 2}};
  file.tensors["b"] = {{}, {3}};
  file.tensors["empty"] = {{0, 7}, {}};
  file.metadata["key"] = "text";
  const std::filesystem::path path = folder() / "written";
  write_safetensors(path, file);
  const std::string full = content_of(path);
  write_safetensors(path, file, Precision::half);
  return {full, safetensors_input(full), safetensors_input(content_of(path)),
          R"({"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F64","shape":[1],)"
          R"("data_offsets":[2,10]}})"
          "\n0123456789",
          R"({"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"__metadata__":{}})"
          "\n01234567"};
}

}  // namespace l2l::fuzz
