#include "nn/parameters.h"

#include "autodiff/error.h"
#include "tests/catch.h"

namespace l2l::parameters_test {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("theta goes into named tensors and comes back") {
  Layout layout;
  layout.add("w", {2, 3});
  layout.add("b", {2});
  layout.add("s", {});
  const std::vector<Real> theta = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  TensorFile file;
  put_parameters(file, layout, theta, "net.");
  CHECK(file.at("net.w").shape == std::vector<std::int64_t>{2, 3});
  CHECK(file.at("net.b").data == std::vector<Real>{7, 8});
  CHECK(file.at("net.s").shape.empty());

  std::vector<Real> back(9);
  get_parameters(file, layout, back, "net.");
  CHECK(back == theta);

  const auto says = [&](const TensorFile& from, const Layout& wanted, std::size_t size) {
    std::vector<Real> x(size, Real(-1));
    try {
      get_parameters(from, wanted, x, "net.");
    } catch (const Error& error) {
      CHECK(x == std::vector<Real>(size, Real(-1)));
      return std::string(error.what());
    }
    return std::string();
  };
  file.path = "run/optimizer.safetensors";
  TensorFile damaged = file;
  damaged.tensors["net.b"].shape = {1, 2};
  CHECK(says(damaged, layout, 9) == "run/optimizer.safetensors: tensor 'net.b' has shape [1x2], it should be [2]");
  damaged.tensors["net.b"].shape = {2, 1};
  CHECK_THAT(says(damaged, layout, 9), ContainsSubstring("has shape [2x1], it should be [2]"));
  damaged.tensors["net.b"] = {{3}, {1, 2, 3}};
  CHECK_THAT(says(damaged, layout, 9), ContainsSubstring("has shape [3], it should be [2]"));
  damaged.tensors.erase("net.b");
  CHECK(says(damaged, layout, 9) == "run/optimizer.safetensors: there is no tensor 'net.b'");
  CHECK_THAT(says(file, layout, 8), ContainsSubstring("theta has 8 elements, the layout 9"));
  CHECK_THROWS_AS(put_parameters(file, layout, std::vector<Real>(10)), Error);
}

}  // namespace l2l::parameters_test
