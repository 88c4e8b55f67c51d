#include "examples/l2l/run/train_log.h"

#include <cmath>

#include "autodiff/error.h"
#include "examples/l2l/run/csv_file.h"
#include "examples/l2l/run/settings.h"
#include "examples/l2l/run/text_file.h"

namespace l2l {

void TrainingLog::add(const EpochReport& r) {
  text += std::to_string(r.epoch);
  for (const double x : {r.meta_loss, r.final_loss, r.gradient_norm, r.learning_rate}) text += "," + to_text(x);
  text += "," + (r.validated ? to_text(r.validation) : "") + "," + (r.deviation ? to_text(*r.deviation) : "") + "\n";
  if (r.validated) validations.push_back({r.epoch, r.validation});
}

std::optional<TrainingLog::Validation> TrainingLog::best() const {
  std::optional<Validation> best;
  for (const Validation& validation : validations) {
    if (std::isfinite(validation.loss) && (!best || validation.loss < best->loss)) best = validation;
  }
  return best;
}

std::string_view TrainingLog::numbers() const {
  return std::string_view(text).substr(std::string_view(kHeader).size());
}

TrainingLog read_training_log(const std::filesystem::path& file, int most) {
  const std::string text = read_text(file);
  TrainingLog log;
  for (const CsvRow& row : read_csv(text, TrainingLog::kHeader, most)) {
    if (const int epoch = row.count(0); epoch != row.number - 1) {
      throw Error("line ", row.number, " is for epoch ", epoch, " instead of ", row.number - 1);
    }
    for (const std::size_t column : {1, 2, 3, 4}) row.at(column);
    for (const std::size_t column : {5, 6}) {  // empty if there was no validation, or nothing to imitate
      if (!row.cells[column].empty()) row.at(column);
    }
    log.text += row.line;
    if (!row.cells[5].empty()) log.validations.push_back({row.count(0), row.at(5)});
    log.losses.push_back(row.at(1));
    log.final_losses.push_back(row.at(2));
    log.norms.push_back(row.at(3));
  }
  return log;
}

}  // namespace l2l
