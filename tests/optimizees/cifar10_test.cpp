#include <cmath>
#include <set>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optimizees/image_classifier.h"
#include "tests/autodiff/allocations.h"
#include "tests/optimizees/cifar_folder.h"
#include "tests/optimizees/idx_folder.h"
#include "tests/tolerance.h"

namespace l2l::cifar10_test {

using l2l::testing::Near;
using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Family make(const TemporaryFolder& folder, OptionValues values = {}) {
  values["data"] = folder.path.string();
  return make_optimizee(find_optimizee("cifar10"), values);
}

const OptionValues kSmall = {{"channels", "2"}, {"kernel", "3"}, {"units", "3"}, {"batch", "4"}};

OptionValues with(OptionValues values, const std::string& name, const std::string& value) {
  values[name] = value;
  return values;
}

/// Says which image it sees: θ is the number of the batch's first pixel.
class Watcher : public ImageClassifier {
 public:
  Watcher(std::shared_ptr<const ImageData> data, Index batch, Split split) : ImageClassifier(data, batch, split) {}
  const Layout& layout() const override { return layout_; }
  void init(Rng&, std::span<Real>) const override {}
  mutable int pixel = 0;

 private:
  Var logits(Var theta, Var images) const override {
    pixel = static_cast<int>(std::lround(images.values()[0] * 255));
    return theta.tape->constant({1, classes()}, Real(0));
  }
  Layout layout_ = Layout::flat(1);
};

/// Images of one pixel: the image number, and for test images 128 more; labels 0 to 9 in turn.
ImageSet pixels(int count, int first) {
  ImageSet set{.channels = 1, .height = 1, .width = 1, .pixels = {}, .labels = {}};
  for (int n = 0; n < count; ++n) set.pixels.push_back(first + n), set.labels.push_back(n % 10);
  return set;
}

std::set<int> images_of(const Family& watchers, Split split) {
  std::set<int> seen;
  Rng rng(1);
  const std::vector<Real> theta(1);
  const auto f = watchers(rng, split);
  for (int k = 0; k < 2000; ++k) {
    f->next_batch(rng);
    Tape tape;
    f->loss(tape, tape.constant({1}, theta));
    seen.insert(static_cast<const Watcher&>(*f).pixel);
  }
  return seen;
}

std::vector<int> classes_of(const std::string& text) { return parse_classes({{"classes", text}}); }

}  // namespace

TEST_CASE("cifar10: gradient check") {
  if (sizeof(Real) == 4) return;  // the differences of float reach over the kinks of rectifiers and maxima
  CifarFolder folder;
  folder.write_set(30, 6);
  for (const char* classes : {"all", "2,5,7"}) {
    Rng rng(1);
    const GradientCheck check = gradcheck(make(folder, with(kSmall, "classes", classes)), rng);
    INFO(check.worst);
    CHECK(check.ok());
  }
}

TEST_CASE("cifar10: the parameters of the paper's network, and their groups") {
  CifarFolder folder;
  folder.write_set(6, 1);
  const auto f = make(folder).example();
  const Index conv = 16 * 75 + 2 * 16 * 400 + 3 * 32, fc = 256 * 32 + 64 + 32 * 10 + 10;
  CHECK(f->layout().size() == conv + fc);
  CHECK(f->layout().groups() == std::vector<std::string>{"conv", "fc"});
  Index in_conv = 0;
  for (const Parameter& p : f->layout().parameters()) in_conv += p.group == "conv" ? p.shape.size() : 0;
  CHECK(in_conv == conv);
  CHECK(f->layout().at(0).name == "conv.0.weight");
  CHECK(f->layout().find("conv.2.norm.gain").group == "conv");
  CHECK(f->layout().find("fc.0.norm.gain").group == "fc");
  CHECK(f->layout().find("fc.1.bias").shape == Shape{10});

  std::vector<Real> theta(f->layout().size());
  Rng rng(1);
  f->init(rng, theta);
  CHECK(f->layout().find("conv.0.norm.gain").in(std::span<const Real>(theta))[3] == 1);
  CHECK(f->layout().find("fc.0.norm.bias").in(std::span<const Real>(theta))[3] == 0);
  double square = 0;
  const auto weights = f->layout().find("conv.1.weight").in(std::span<const Real>(theta));
  for (const Real x : weights) square += double(x) * x / double(weights.size());
  CHECK(std::sqrt(square) == Near(0.1, 4 * 0.1 / std::sqrt(2 * weights.size())));  // four standard errors
}

TEST_CASE("cifar10: other images, in the format of MNIST, have other sizes") {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    WARN("skipped: Debian's package dataset-fashion-mnist is not there");
    return;
  }
  const Family family = make_optimizee(find_optimizee("cifar10"));
  Rng rng(1);
  const auto f = family(rng, Split::test);
  CHECK(f->layout().find("conv.0.weight").shape == Shape{16, 1, 5, 5});
  CHECK(f->layout().find("fc.0.weight").shape == Shape{32, 3 * 3 * 16});
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  f->next_batch(rng);
  // A logit's deviation is 0.1 √(1 + 32 / 2), the mean of ten labels' 0.13: four of them.
  CHECK(Evaluation()(*f, theta) == Near(std::log(10), 0.5));
  CHECK(family.chance_loss() == std::log(10));
}

TEST_CASE("cifar10: the loss does not depend on the scale of what is normalised") {
  CifarFolder folder;
  folder.write_set(12, 1);
  Rng rng(1);
  const auto f = make(folder, kSmall)(rng, Split::train);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  f->next_batch(rng);
  Evaluation evaluation;
  const double before = evaluation(*f, theta);
  for (const char* name : {"conv.1.weight", "fc.0.weight"}) {
    for (Real& w : f->layout().find(name).in(std::span(theta))) w *= 3;
  }
  // But for epsilon, 1e-5 beside variances of 0.1 and more, in two layers.
  CHECK(evaluation(*f, theta) == Near(before, 1e-4 * before));
  for (Real& w : f->layout().find("fc.1.weight").in(std::span(theta))) w *= 3;
  CHECK(evaluation(*f, theta) != Near(before, 1e-2 * before));
}

TEST_CASE("images: the splits are disjoint, and a choice of classes is kept in each") {
  std::vector<int> all = classes_of("all");
  const auto watch = [](const std::vector<int>& classes) {
    const auto data = std::make_shared<const ImageData>("here", pixels(72, 0), pixels(20, 128), classes);
    return classifiers<Watcher>(data, 1);
  };
  const Family f = watch(all);
  const std::set<int> train = images_of(f, Split::train), validation = images_of(f, Split::validation);
  CHECK(train.size() == 60);
  CHECK(*train.rbegin() == 59);
  CHECK(validation.size() == 12);
  CHECK(*validation.begin() == 60);
  CHECK(images_of(f, Split::test).size() == 20);
  CHECK(f.chance_loss() == std::log(10));

  const Family g = watch(classes_of("3,5-6"));
  CHECK(g.chance_loss() == std::log(3));
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const std::set<int> of_all = images_of(f, split), some = images_of(g, split);
    std::set<int> expected;
    for (const int pixel : of_all) {
      const int label = (pixel >= 128 ? pixel - 128 : pixel) % 10;
      if (label == 3 || label == 5 || label == 6) expected.insert(pixel);
    }
    CHECK(some == expected);
  }
}

TEST_CASE("images: classes are numbered anew, from 0 on") {
  const ImageData data("here", pixels(60, 0), pixels(10, 0), classes_of("9,0,4-5"));
  CHECK(data.classes == std::vector<int>{0, 4, 5, 9});
  CHECK(data.class_of[0] == 0);
  CHECK(data.class_of[4] == 1);
  CHECK(data.class_of[5] == 2);
  CHECK(data.class_of[9] == 3);
}

TEST_CASE("images: a choice of classes is read strictly") {
  CHECK(classes_of("all").size() == 10);
  CHECK(classes_of("0-4") == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(classes_of("5,7") == std::vector<int>{5, 7});
  struct Mistake {
    std::string text, message;
  };
  const std::vector<Mistake> table = {
      {"", "'' is neither a label nor a range"},
      {"0-", "'0-' is neither"},
      {"-3", "'-3' is neither"},
      {"1--3", "'1--3' is neither"},
      {"1,,2", "'' is neither"},
      {"1,2,", "'' is neither"},
      {"a,b", "'a' is neither"},
      {"1.5,2", "'1.5' is neither"},
      {"+1,2", "'+1' is neither"},
      {" 1,2", "' 1' is neither"},
      {"0-10", "there is no label 10, labels are 0 to 9"},
      {"3,99999999999", "there is no label 99999999999"},
      {"4-0", "'4-0' runs backwards, 0-4 would be right"},
      {"1,3,1", "label 1 is there twice"},
      {"0-4,3", "label 3 is there twice"},
      {"7", "at least two labels are needed"},
      {"7-7", "at least two"},
  };
  for (const Mistake& mistake : table) {
    INFO(mistake.text);
    CHECK_THROWS_AS(classes_of(mistake.text), UsageError);
    CHECK_THROWS_WITH(classes_of(mistake.text),
                      ContainsSubstring("classes '" + mistake.text + "': ") && ContainsSubstring(mistake.message));
  }
}

TEST_CASE("cifar10: data that do not do are refused") {
  CifarFolder folder;
  folder.write_set(5, 1);
  CHECK_THROWS_WITH(make(folder),
                    ContainsSubstring(folder.path.string()) && ContainsSubstring("5 training images, at least 6"));
  folder.write_set(30, 3);
  CHECK_THROWS_WITH(make(folder, {{"classes", "5,6"}}),
                    ContainsSubstring("none of the 3 images to test on is of the chosen classes"));
  CHECK_THROWS_WITH(make(folder, {{"kernel", "4"}}), ContainsSubstring("kernel '4'") && ContainsSubstring("odd"));
  CHECK_THROWS_WITH(make(folder, {{"batch", "1"}}), ContainsSubstring("batch '1'") && ContainsSubstring("at least 2"));
  CHECK_THROWS_WITH(make_optimizee(find_optimizee("cifar10"), {{"data", "no/such/folder"}}),
                    ContainsSubstring("no/such/folder") && ContainsSubstring("cifar-10-batches-bin"));
}

TEST_CASE("cifar10: the seed decides the minibatches; no heap allocation once warm") {
  CifarFolder folder;
  folder.write_set(60, 10);
  const Family family = make(folder, kSmall);
  const auto f = family.example(), g = family.example();
  std::vector<Real> theta(f->layout().size());
  Evaluation evaluation;
  const auto losses = [&](Function& f, std::uint64_t seed) {
    std::array<double, 6> losses;
    Rng rng(seed);
    f.init(rng, theta);
    for (double& loss : losses) {
      f.next_batch(rng);
      loss = evaluation(f, theta);
    }
    return losses;
  };
  const auto first = losses(*f, 5);
  CHECK(losses(*g, 5) == first);
  const long before = allocations();
  CHECK(losses(*f, 6) != first);
  CHECK(allocations() == before);
}

}  // namespace l2l::cifar10_test
