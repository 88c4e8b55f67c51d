// The feature network of neural_art: a small VGG network that learned to tell the ten classes of CIFAR-10.
//
//     train_features CIFAR OUT.safetensors [EPOCHS]      CIFAR: the folder of CIFAR-10's binary version
//
// A horse differs from a deer in shape, a frog from its meadow in texture: filters that tell them apart see both. The
// network is trained with batch normalisation, which is folded into the convolutions afterwards. A run that was
// interrupted goes on after its last whole epoch when it is started again in the same way.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <string>
#include <thread>

#include "autodiff/error.h"
#include "examples/feature_classifier.h"
#include "nn/files/atomic_file.h"
#include "nn/parameters.h"
#include "optim/rules.h"
#include "optimizees/data/cifar.h"
#include "optimizees/data/image_batch.h"
#include "optimizees/neural_art/features.h"

using namespace l2l;

namespace {

const FeatureNetwork::Blocks kBlocks = {{32, 32}, {64, 64}, {128, 128}, {128}};
constexpr Index kBatch = 128, kMeasured = 40;  // batches that a convolution's mean and variance are measured on
constexpr double kLearningRate = 0.01;  // Muon's, at the start
constexpr const char* kEpochs = "12";

/// `count` numbers from `first` on.
std::vector<Index> following(Index first, Index count) {
  std::vector<Index> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

class Training {
 public:
  Training(const std::string& data, const std::string& out, int epochs)
      : images_(read_cifar(data, DataPart::train)),
        test_(read_cifar(data, DataPart::test)),
        out_(out),
        unfinished_(out + ".unfinished"),
        epochs_(epochs),
        theta_(classifier_.layout().size()) {
    tape_.set_threads(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
    Rng rng(0);
    classifier_.init(rng, theta_);
    if (!std::filesystem::exists(unfinished_)) return;
    const TensorFile file = read_safetensors(unfinished_);
    const auto epoch = file.metadata.find("epoch"), of = file.metadata.find("of");
    if (epoch == file.metadata.end() || of == file.metadata.end() || of->second != std::to_string(epochs)) {
      throw Error(unfinished_, ": not an unfinished training of ", epochs,
                  " epochs; move it away, or name another OUT");
    }
    get_parameters(file, classifier_.layout(), theta_);
    epoch_ = std::stoi(epoch->second);
    std::printf("going on after epoch %d, from %s\n", epoch_, unfinished_.c_str());
  }

  void run() {
    while (epoch_ < epochs_) {
      train_epoch();
      TensorFile file;
      put_parameters(file, classifier_.layout(), theta_);
      file.metadata = {{"epoch", std::to_string(epoch_)}, {"of", std::to_string(epochs_)}};
      write_safetensors(unfinished_, file);
      std::printf("%.2f %% of the test images right\n", 100 * accuracy(folded()));
    }
    std::vector<Real> theta = folded();
    classifier_.features(theta).save(out_);
    std::ranges::copy(Features::load(out_, Pooling::average).weights, theta.begin());
    std::printf("%.2f %% with weights in half precision, as they are in %s\n", 100 * accuracy(theta), out_.c_str());
    std::filesystem::remove(unfinished_);
  }

 private:
  Var weights(const std::vector<Real>& theta, Real* gradient = nullptr) {
    return tape_.leaf({classifier_.layout().size()}, theta.data(), gradient);
  }
  Var pictures(const ImageSet& set, std::span<const Index> numbers) {
    return reshape(image_batch(tape_, set, numbers), {Index(numbers.size()), set.channels, set.height, set.width});
  }

  /// One pass over the images, with a rate that falls from epoch to epoch and a momentum and random numbers of its own:
  /// so θ is all that the next one needs.
  void train_epoch() {
    Rng rng(0, ++epoch_);
    const ImageSet images = augmented(images_, rng);
    std::vector<Index> order = following(0, images.count());
    for (Index k = images.count(); k > 1; --k) std::swap(order[k - 1], order[rng.below(k)]);
    Muon muon(kLearningRate * cosine_decay((epoch_ - 0.5) / epochs_, 0));
    muon.reset(classifier_.layout());
    std::vector<Real> gradient(theta_.size());
    std::vector<Var> convolved;
    const Index batches = images.count() / kBatch;
    double total = 0;
    const auto start = std::chrono::steady_clock::now();
    for (Index b = 0; b < batches; ++b) {
      const auto numbers = std::span(order).subspan(b * kBatch, kBatch);
      std::vector<int> labels;
      for (const Index n : numbers) labels.push_back(images.labels[n]);
      tape_.clear();
      std::ranges::fill(gradient, Real(0));
      const Var logits = classifier_(weights(theta_, gradient.data()), pictures(images, numbers), convolved);
      const Var loss = softmax_cross_entropy(logits, labels);
      tape_.backward(loss);
      muon.step(gradient, theta_);
      total += loss.item();
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
      if ((b + 1) % 50 == 0 || b + 1 == batches) {
        const double left = spent.count() * (double(batches) * (epochs_ - epoch_ + 1) / double(b + 1) - 1);
        std::printf("epoch %d of %d   batch %3td of %td   loss %.3f   about %.0f min left\n", epoch_, epochs_, b + 1,
                    batches, total / double(b + 1), left / 60);
        std::fflush(stdout);
      }
    }
  }

  /// θ with the normalisations in the convolutions.
  std::vector<Real> folded() {
    std::vector<ChannelStatistics> statistics = classifier_.statistics();
    std::vector<Var> convolved;
    for (Index b = 0; b < std::min(kMeasured, images_.count() / kBatch); ++b) {
      tape_.clear();
      classifier_(weights(theta_), pictures(images_, following(b * kBatch, kBatch)), convolved);
      for (std::size_t k = 0; k < convolved.size(); ++k) statistics[k].observe(convolved[k], 1 / double(b + 1));
    }
    std::vector<Real> theta = theta_;
    classifier_.fold(theta, statistics);
    return theta;
  }

  /// The share of test images whose largest logit is that of their class, with the normalisations folded.
  double accuracy(const std::vector<Real>& theta) {
    Index right = 0;
    for (Index first = 0; first < test_.count(); first += kBatch) {
      const std::vector<Index> numbers = following(first, std::min(kBatch, test_.count() - first));
      tape_.clear();
      const Var logits = classifier_.folded(weights(theta), pictures(test_, numbers));
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        const auto row = logits.values().subspan(k * ImageSet::kClasses, ImageSet::kClasses);
        right += std::max_element(row.begin(), row.end()) - row.begin() == test_.labels[numbers[k]];
      }
    }
    return double(right) / double(test_.count());
  }

  const FeatureClassifier classifier_{kBlocks, ImageSet::kClasses};
  const ImageSet images_, test_;
  const std::string out_, unfinished_;
  const int epochs_;
  int epoch_ = 0;
  std::vector<Real> theta_;
  Tape tape_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    int epochs = 0;
    const std::string number = argc > 3 ? argv[3] : kEpochs;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), epochs);
    if (argc < 3 || argc > 4 || error != std::errc() || *end != '\0' || epochs < 1) {
      throw UsageError("usage: CIFAR OUT.safetensors [EPOCHS]; CIFAR is the folder of the binary version, EPOCHS ",
                       kEpochs);
    }
    if (std::filesystem::exists(argv[2])) throw Error(argv[2], ": exists already; name another file");
    check_writable(argv[2]);  // before the work
    Training(argv[1], argv[2], epochs).run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_features: %s\n", error.what());
    return dynamic_cast<const UsageError*>(&error) ? 2 : 1;
  }
}
