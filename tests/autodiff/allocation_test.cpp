#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include "autodiff/images/ops.h"
#include "tests/autodiff/allocations.h"
#include "tests/autodiff/testing.h"

namespace {
std::atomic<long> count = 0;
}

// Every allocation of the test program comes through here; the array and nothrow forms call these. The sanitizers
// have their own, which are worth more to them than counting is.
#ifndef L2L_SANITIZE
constexpr bool kCounting = true;

void* operator new(std::size_t bytes) {
  ++count;
  if (void* p = std::malloc(bytes ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++count;
  const auto align = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(align, (bytes + align - 1) / align * align)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#else
constexpr bool kCounting = false;
#endif

long l2l::testing::allocations() { return count; }

using namespace l2l;
using namespace l2l::testing;

namespace {

/// A loss in which every op occurs.
Var everything(Tape& tape, Var theta, std::span<const int> labels) {
  Var a = reshape(slice(theta, 0, 12), {3, 4}), b = reshape(slice(theta, 12, 12), {4, 3});
  Var x = matmul(a, b);  // [3, 3]
  x = add_column_bias(add_row_bias(x, slice(theta, 0, 3)), slice(theta, 3, 3));
  Var y = batched_matmul(reshape(x, {3, 1, 3}), reshape(matmul(x, x, Trans::yes), {3, 3, 1}));  // [3, 1, 1]
  Var positive = square(y) + 1;
  y = sqrt(positive) - log(positive) * exp(-positive) + abs(y) / positive;
  y = sigmoid(y) + tanh(y) + relu(y) + softplus(y) - Real(2) / positive + 1 - y * Real(0.5) + y / Real(3);
  Var z = concat({x, detach(x), x}, 1);  // [3, 9]
  const auto [h, c] = lstm_cell(concat({z, z, z, z}), z);
  Var sums = sum(row_sums(h)) + sum(column_sums(c)) + mean(y) + (Real(1) - sum(z));
  Var image = conv2d(reshape(slice(theta, 0, 16), {2, 2, 2, 2}), reshape(slice(theta, 0, 18), {1, 2, 3, 3}),
                     slice(theta, 0, 1), 1, 1);  // [2, 1, 2, 2]
  image = batch_norm(image, slice(theta, 1, 1), slice(theta, 2, 1));
  image =
      batch_norm(image, slice(theta, 1, 1), slice(theta, 2, 1), theta.values().first(1), positive.values().first(1));
  sums = sums + sum(batch_norm_relu_max_pool(image, slice(theta, 1, 1), slice(theta, 2, 1)));
  sums = sums + sum(max_pool2d(image, 2) + avg_pool2d(image, 2));
  Var known = known_gradient(theta, 1, theta.values());
  return sums + softmax_cross_entropy(x, labels) + known + sum(tape.constant({2}, Real(1)));
}

}  // namespace

TEST_CASE("allocation: the counter counts") {
  const long before = allocations();
  const auto one = std::make_unique<double>(1);
  CHECK((allocations() > before) == kCounting);
}

TEST_CASE("allocation: none after the second round, whatever the ops") {
  Random random(1);
  const std::vector<Real> theta = uniform(random, 24);
  std::vector<Real> gradient(theta.size());
  const std::vector<int> labels{0, 2, 1};
  Tape tape;
  for (bool debug : {false, true}) {
    tape.set_debug(debug);
    for (int round = 1; round <= 5; ++round) {
      const long before = allocations();
      tape.clear();
      tape.backward(everything(tape, tape.leaf({24}, theta.data(), gradient.data()), labels));
      const long made = allocations() - before;
      INFO("round " << round << ", debug " << debug);
      if (round > 2) CHECK(made == 0);
    }
  }
}
