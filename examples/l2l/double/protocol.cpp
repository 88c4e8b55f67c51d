#include "examples/l2l/double/protocol.h"

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/double/sources_fingerprint.h"

namespace l2l {
namespace {

constexpr std::size_t kFixed = 8;  // arguments before the options

}  // namespace

std::vector<std::string> arguments_of(const DoubleRequest& request) {
  std::string unrolls;
  for (const int unroll : request.unrolls) unrolls += std::to_string(unroll) + " ";
  std::vector<std::string> arguments = {kSourcesFingerprint,
                                        request.optimizer,
                                        request.optimizee,
                                        std::to_string(request.steps),
                                        format("%.17g", request.discount),
                                        std::to_string(request.seed),
                                        std::to_string(request.threads),
                                        unrolls};
  for (const auto& [name, value] : request.options) arguments.insert(arguments.end(), {name, value});
  return arguments;
}

DoubleRequest request_of(const std::vector<std::string>& arguments) {
  if (arguments.size() < kFixed) throw Error("l2l-double: is started by `l2l meta-gradient`, not by hand");
  if (arguments[0] != kSourcesFingerprint) {
    throw Error("l2l-double: built from other sources than l2l; cmake --build --preset release builds both");
  }
  DoubleRequest request;
  request.optimizer = arguments[1];
  request.optimizee = arguments[2];
  request.steps = std::stoi(arguments[3]);
  request.discount = std::stod(arguments[4]);
  request.seed = std::stoull(arguments[5]);
  request.threads = std::stoi(arguments[6]);
  std::istringstream unrolls(arguments[7]);
  for (int unroll; unrolls >> unroll;) request.unrolls.push_back(unroll);
  for (std::size_t k = kFixed; k + 1 < arguments.size(); k += 2) request.options[arguments[k]] = arguments[k + 1];
  return request;
}

}  // namespace l2l
