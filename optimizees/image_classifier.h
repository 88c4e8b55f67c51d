#pragma once
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "optim/function.h"
#include "optimizees/data/image_set.h"
#include "optimizees/registry.h"

/// Shared by the image classifiers.
namespace l2l {

/// An option for a table's row, and its value: the labels that take part, ascending. "all", or labels and ranges of
/// them: "0-4", "5,7", "0-2,9". An OptionError says what would be right.
OptimizeeOption classes_option();
std::vector<int> parse_classes(const OptionValues& values);

/// A data set shared out to the three splits. It is read once; all functions of a family use it.
struct ImageData {
  ImageSet train, test;  // as they are in the files
  std::vector<int> classes;  // the labels that take part
  std::array<int, ImageSet::kClasses> class_of;  // label → class index, -1 if unused
  std::array<std::vector<Index>, 3> numbers;  // for each split: which images of `train`, or of `test`

  /// The last images of the training file are for validation: 10,000 of 60,000, but never more than one in six. They
  /// are set apart before classes are left out, so that no choice of classes trains on what another validates on. An
  /// Error begins with `source` if images differ in size, or if there are too few.
  ImageData(const std::string& source, ImageSet train_images, ImageSet test_images, const std::vector<int>& classes);

  const ImageSet& images(Split split) const { return split == Split::test ? test : train; }
};

/// Cross-entropy of a network that classifies images, on minibatches drawn with replacement (Andrychowicz et al. 2016,
/// sections 3.2 and 3.3). The functions of the family differ in where they start and in the minibatches they see;
/// splits, in the images these are drawn from. There are as many logits as classes that take part.
class ImageClassifier : public Function {
 public:
  ImageClassifier(std::shared_ptr<const ImageData> data, Index batch, Split split)
      : data_(std::move(data)), batch_(batch), split_(split) {}

  void next_batch(Rng& rng) override;
  Var loss(Tape& tape, Var theta) override;

 protected:
  /// images: [batch, channels · height · width], pixels from 0 to 1; result: [batch, classes()]
  virtual Var logits(Var theta, Var images) const = 0;
  /// The minibatch, [batch, channels · height · width]. An Error before the first.
  Var images(Tape& tape) const;
  int classes() const { return static_cast<int>(data_->classes.size()); }

 private:
  std::shared_ptr<const ImageData> data_;
  Index batch_;
  Split split_;
  std::vector<Index> numbers_;  // the batch: which images, and their classes
  std::vector<int> labels_;
};

/// The family of classifiers of this kind. At chance the loss is ln C, of C classes.
template <class Classifier, class Config>
Family classifiers(std::shared_ptr<const ImageData> data, const Config& config) {
  const double chance_loss = std::log(static_cast<double>(data->classes.size()));
  return Family([=](Rng&, Split split) { return std::make_unique<Classifier>(data, config, split); }, chance_loss);
}

}  // namespace l2l
