#include "optimizees/neural_art/neural_art.h"

#include <set>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "optimizees/neural_art/default_features.h"
#include "tests/nn/reference.h"
#include "tests/nn/temporary_folder.h"

namespace l2l::neural_art_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A grey picture with one bright row and column, so that features tell it from others, and its parts from each other.
Picture grey(Index height, Index width, double shade) {
  Picture picture{height, width, std::vector<Real>(3 * height * width, static_cast<Real>(shade))};
  for (Index row = 0; row < 3 * height; ++row) {
    for (Index column = 0; column < width; ++column) {
      if (row % height == height / 3 || column == width / 2) picture.pixels[row * width + column] = 1;
    }
  }
  return picture;
}

/// Fourteen contents of as many shades, a style and the weights of a small network.
struct Pictures {
  TemporaryFolder folder;
  std::filesystem::path contents = folder.path / "contents", style = folder.path / "style.png",
                        features = folder.path / "features.safetensors";

  explicit Pictures(int count = 14) {
    std::filesystem::create_directories(contents);
    for (int k = 0; k < count; ++k) {
      write_png(contents / (std::string(1, static_cast<char>('a' + k)) + ".png"), grey(16, 20, 0.06 * k));
    }
    write_png(style, grey(12, 12, 0.3));
    const FeatureNetwork network({{4, 4}, {4}}, Pooling::average);
    std::vector<Real> weights(network.layout().size());
    Rng rng(1);
    network.init(rng, weights);
    Features{network, weights}.save(features);
  }

  Family make(OptionValues values = {}) const {
    OptionValues all = {{"content", contents.string()},
                        {"style", style.string()},
                        {"features", features.string()},
                        {"size", "8"},
                        {"content-layer", "relu2_1"},
                        {"style-layers", "relu1_1,relu1_2"},
                        {"scales", "2"}};
    for (const auto& [name, value] : values) all[name] = value;
    return make_optimizee(find_optimizee("neural_art"), all);
  }
};

double loss_at_grey(Function& f) { return Evaluation()(f, std::vector<Real>(f.layout().size())); }

}  // namespace

TEST_CASE("neural_art: gradient check from end to end") {
  if (sizeof(Real) == 4) return;  // the differences of float reach over the kinks of rectifiers
  const Pictures pictures;
  for (const char* pooling : {"max", "average"}) {
    INFO(pooling);
    Rng rng(1);
    const GradientCheck check = gradcheck(pictures.make({{"pooling", pooling}, {"init", "2"}}), rng);
    INFO(check.worst);
    CHECK(check.ok());
  }
}

TEST_CASE("neural_art: theta is the picture") {
  const auto f = Pictures().make().example();
  CHECK(f->layout().size() == 3 * 8 * 8);
  CHECK(f->functions() == 64);
}

TEST_CASE("neural_art: no content is in two splits, and the style is in none") {
  // A picture that changes changes the losses of those splits that draw it.
  const Pictures pictures;
  const auto losses = [&](Split split, const OptionValues& options = {}) {
    OptionValues values = options;
    values["style-weight"] = "0";
    const Family family = pictures.make(values);
    Rng rng(5);
    std::vector<double> all;
    for (int k = 0; k < 40; ++k) all.push_back(loss_at_grey(*family(rng, split)));
    return all;
  };
  const auto with_another = [&](char name, const auto& check) {
    const std::string file = pictures.contents / (std::string(1, name) + ".png");
    const std::string content = read_bytes(file);
    write_png(file, grey(16, 20, 0.97));
    check();
    write_bytes(file, content);
  };
  const Split splits[] = {Split::train, Split::validation, Split::test};
  std::vector<double> before[3];
  for (int s = 0; s < 3; ++s) before[s] = losses(splits[s]);
  std::string drawn_by;
  for (char name = 'a'; name < 'a' + 14; ++name) {
    with_another(name, [&] {
      for (int s = 0; s < 3; ++s) {
        if (losses(splits[s]) != before[s]) drawn_by += "tve"[s];
      }
    });
  }
  CHECK(drawn_by == "ettvttettvttet");

  const OptionValues b_is_the_style = {{"style", pictures.contents / "b.png"}};
  const std::vector<double> without_b = losses(Split::train, b_is_the_style);
  CHECK(without_b != before[0]);
  with_another('b', [&] { CHECK(losses(Split::train, b_is_the_style) == without_b); });
}

TEST_CASE("neural_art: targets are computed once for each function") {
  const Pictures pictures;
  const Family family = pictures.make();
  Rng rng(1);
  const auto f = family(rng, Split::train);
  const double first = loss_at_grey(*f);
  // Neither the folder nor the weights are looked at again.
  std::filesystem::remove_all(pictures.folder.path);
  CHECK(loss_at_grey(*f) == first);
  CHECK(loss_at_grey(*family(rng, Split::train)) != first);
}

TEST_CASE("neural_art: the same stream draws the same functions; crops differ") {
  const Pictures pictures(7);  // one for validation
  const Family family = pictures.make(), same = pictures.make();
  Rng one(1), other(1);
  std::set<double> losses;
  for (int k = 0; k < 5; ++k) {
    const auto f = family(one, Split::validation), g = same(other, Split::validation);
    CHECK(loss_at_grey(*f) == loss_at_grey(*g));
    losses.insert(loss_at_grey(*f));
  }
  CHECK(losses.size() == 5);
}

TEST_CASE("neural_art: the network of the library has the layers that are compared by default") {
  const auto features = default_features(Pooling::average);
  CHECK(features->weights.size() == static_cast<std::size_t>(features->network.layout().size()));
  OptionValues options;
  for (const OptimizeeOption& option : find_optimizee("neural_art").options) {
    options[option.name] = option.default_value;
  }
  StyleLoss loss = make_style_loss(options);
  loss.set_style(grey(32, 32, 0.3));
  loss.set_content(grey(32, 32, 0.3));
  // The defaults of the options are those of StyleLossConfig.
  StyleLoss same(features, StyleLossConfig());
  same.set_style(grey(32, 32, 0.3));
  same.set_content(grey(32, 32, 0.3));
  Tape tape;
  const Var x = tape.constant({1, 3, 32, 32}, Real(1.1));
  CHECK(loss(tape, x).total.item() == same(tape, x).total.item());
}

TEST_CASE("neural_art: a weight of 0 leaves a term out") {
  const Pictures pictures;
  const Family family = pictures.make(
      {{"content-weight", "0"}, {"style-weight", "0"}, {"smoothness-weight", "0"}, {"range-weight", "0"}});
  Rng rng(1);
  CHECK(loss_at_grey(*family(rng, Split::test)) == 0);
}

TEST_CASE("neural_art: what cannot be right is an error that says so") {
  const Pictures pictures;
  const auto make = [&](const char* name, const std::string& value) { pictures.make({{name, value}}); };
  CHECK_THROWS_AS(make("pooling", "min"), UsageError);
  CHECK_THROWS_WITH(make("style-weight", "-1"), "style-weight '-1' must be a number from 0 on");
  CHECK_THROWS_WITH(make("init", "0"), "init '0' must be a number above 0");
  CHECK_THROWS_WITH(make("size", "0"), "size '0' must be a whole number from 1 to 4096");
  CHECK_THROWS_WITH(make("size", "1"), ContainsSubstring("1x1 pixels is too small"));
  CHECK_THROWS_WITH(make("style-layers", "relu1_1,"),
                    ContainsSubstring("no layer ''; there are relu1_1, relu1_2, relu2_1"));
  CHECK_THROWS_WITH(make("content-layer", "relu5_1"), ContainsSubstring("no layer 'relu5_1'"));
  CHECK_THROWS_WITH(make("style", "nowhere.png"), ContainsSubstring("nowhere.png: cannot be read"));
  CHECK_THROWS_WITH(make("features", "nowhere.st"), ContainsSubstring("nowhere.st"));
  CHECK_THROWS_WITH(make("content", pictures.folder.path / "none"),
                    ContainsSubstring("none: cannot be read as a folder"));
  const TemporaryFolder empty;
  CHECK_THROWS_WITH(make("content", empty.path), ContainsSubstring("no picture in this folder"));
  const Pictures few(3);
  CHECK_THROWS_WITH(make("content", few.contents),
                    ContainsSubstring("3 pictures, too few for training, validation and testing; 7 are enough"));
}

}  // namespace l2l::neural_art_test
