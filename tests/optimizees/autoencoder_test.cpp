#include <cmath>
#include <numbers>

#include "autodiff/error.h"
#include "optimizees/registry.h"
#include "tests/optimizees/idx_folder.h"
#include "tests/tolerance.h"

namespace l2l::autoencoder_test {

using namespace l2l::testing;

namespace {

Family make(const IdxFolder& folder, OptionValues values = {}) {
  values["data"] = folder.path.string();
  return make_optimizee(find_optimizee("autoencoder"), values);
}

}  // namespace

TEST_CASE("autoencoder: gradient check") {
  IdxFolder folder;
  folder.write_set(30, 6, 2, 3);
  Rng rng(1);
  const GradientCheck check = gradcheck(make(folder, {{"units", "3"}, {"batch", "5"}, {"init", "1"}}), rng);
  INFO(check.worst);
  CHECK(check);
}

TEST_CASE("autoencoder: one that says nothing has the loss ln 2, whatever the image") {
  IdxFolder folder;
  folder.write_set(30, 6, 2, 3);
  Rng rng(1);
  const auto f = make(folder, {{"units", "2"}, {"batch", "4"}})(rng, Split::test);
  CHECK(f->layout().size() == 6 * 2 + 2 + 2 * 6 + 6);
  const std::vector<Real> theta(f->layout().size(), Real(0));
  CHECK_THROWS_AS(Evaluation()(*f, theta), Error);  // no minibatch yet
  f->next_batch(rng);
  CHECK(Evaluation()(*f, theta) == rounded(std::numbers::ln2, 30, 1));
}

}  // namespace l2l::autoencoder_test
