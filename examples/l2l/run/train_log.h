#pragma once
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "optim/meta/meta_train.h"

namespace l2l {

/// The content of train.csv: a header, and a line per meta-epoch.
struct TrainingLog {
  void add(const EpochReport& report);
  /// The lines without the header.
  std::string_view numbers() const;

  struct Validation {
    int epoch;
    double loss;
  };
  /// The validation with the lowest loss, the first of equal ones; nothing if there was none with a finite loss.
  std::optional<Validation> best() const;

  std::string text = kHeader;
  std::vector<Validation> validations;
  std::vector<double> losses, final_losses, norms;  // of the lines that were read

  static constexpr const char* kHeader =
      "epoch,meta_loss,final_loss,gradient_norm,learning_rate,validation,deviation\n";
};

/// Reads train.csv, or its first `most` epochs. An Error says what is wrong with it; it does not name the file.
TrainingLog read_training_log(const std::filesystem::path& file, int most = std::numeric_limits<int>::max());

}  // namespace l2l
