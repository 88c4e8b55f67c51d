#include "optimizees/image_classifier.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

#include "autodiff/ops.h"
#include "nn/spelling.h"
#include "optim/team.h"
#include "optimizees/data/image_batch.h"

namespace l2l {

OptimizeeOption classes_option() { return {"classes", "all", "the labels that take part: all, or e.g. 0-4 or 5,7"}; }

std::vector<int> parse_classes(const OptionValues& values) {
  constexpr int kLast = ImageSet::kClasses - 1;
  const std::string& text = values.at("classes");
  std::vector<int> all(ImageSet::kClasses);
  std::iota(all.begin(), all.end(), 0);
  if (text == "all") return all;

  const auto fail = [&](const auto&... parts) { throw OptionError("classes '", text, "': ", parts...); };
  const auto label = [&](const std::string& number, const std::string& item) {
    int n = 0;
    const char* const end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, n);
    if (error == std::errc::invalid_argument || stop != end || number.starts_with('-')) {
      fail("'", item, "' is neither a label nor a range of them, such as 7 or 0-4");
    }
    if (error != std::errc() || n > kLast) fail("there is no label ", number, ", labels are 0 to ", kLast);
    return n;
  };
  std::set<int> chosen;
  for (const std::string& item : split(text, ',')) {
    const std::size_t dash = item.find('-', 1);
    const int first = label(item.substr(0, dash), item);
    const int last = dash == std::string::npos ? first : label(item.substr(dash + 1), item);
    if (last < first) fail("'", item, "' runs backwards, ", last, "-", first, " would be right");
    for (int n = first; n <= last; ++n) {
      if (!chosen.insert(n).second) fail("label ", n, " is there twice");
    }
  }
  if (chosen.size() < 2) fail("at least two labels are needed, such as 5,7");
  return {chosen.begin(), chosen.end()};
}

ImageData::ImageData(const std::string& source, ImageSet train_images, ImageSet test_images,
                     const std::vector<int>& classes)
    : train(std::move(train_images)), test(std::move(test_images)), classes(classes) {
  if (test.height != train.height || test.width != train.width) {
    throw Error(source, ": test images are ", test.height, "x", test.width, ", training images ", train.height, "x",
                train.width, "; they must be of one size");
  }
  for (const ImageSet* set : {&train, &test}) {
    check_same("the images of " + source, {reinterpret_cast<const char*>(set->pixels.data()), set->pixels.size()});
    check_same("the labels of " + source, {reinterpret_cast<const char*>(set->labels.data()), set->labels.size()});
  }
  const Index held_out = std::min<Index>(10'000, train.count() / 6);
  if (held_out < 1) {
    throw Error(source, ": ", train.count(), " training images, at least 6 are needed to hold out one in six");
  }
  class_of.fill(-1);
  for (std::size_t k = 0; k < classes.size(); ++k) class_of[classes[k]] = static_cast<int>(k);
  const auto choose = [&](Split split, Index first, Index last) {
    std::vector<Index>& chosen = numbers[static_cast<std::size_t>(split)];
    for (Index k = first; k < last; ++k) {
      if (class_of[images(split).labels[k]] >= 0) chosen.push_back(k);
    }
    if (chosen.empty()) {
      throw Error(source, ": none of the ", last - first, " images to ",
                  split == Split::train        ? "train"
                  : split == Split::validation ? "validate"
                                               : "test",
                  " on is of the chosen classes; choose others");
    }
  };
  choose(Split::train, 0, train.count() - held_out);
  choose(Split::validation, train.count() - held_out, train.count());
  choose(Split::test, 0, test.count());
}

void ImageClassifier::next_batch(Rng& rng) {
  const std::vector<Index>& choice = data_->numbers[static_cast<std::size_t>(split_)];
  const ImageSet& images = data_->images(split_);
  numbers_.resize(batch_);
  labels_.resize(batch_);
  for (Index k = 0; k < batch_; ++k) {
    numbers_[k] = choice[rng.below(static_cast<Index>(choice.size()))];
    labels_[k] = data_->class_of[images.labels[numbers_[k]]];
  }
}

Var ImageClassifier::images(Tape& tape) const {
  if (numbers_.empty()) throw Error("images: loss was called before next_batch");
  return image_batch(tape, data_->images(split_), numbers_);
}

Var ImageClassifier::loss(Tape& tape, Var theta) { return softmax_cross_entropy(logits(theta, images(tape)), labels_); }

}  // namespace l2l
