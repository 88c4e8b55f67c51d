#include "examples/l2l/report/comparison_curves.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/report/page_number.h"
#include "examples/l2l/run/csv_file.h"
#include "examples/l2l/run/text_file.h"

namespace l2l {
namespace {

using Json = nlohmann::ordered_json;

/// Tables of an older version have no differences to the learned optimizer.
const char kWithoutDifferences[] = "optimizer,step,mean_loss,sem\n";
const char kWithDifferences[] = "optimizer,step,mean_loss,sem,difference,difference_sem\n";

Json read_curves(const std::string& csv, const ComparisonSummary& made) {
  const bool paired = csv.starts_with(kWithDifferences);
  Json curves = Json::array();
  const auto curve_of = [&](const std::string& name, const Score& score) -> Json& {
    const auto found = std::find_if(curves.begin(), curves.end(), [&](const Json& c) { return c["name"] == name; });
    if (found != curves.end()) return *found;
    const std::optional<double>& rate = score.learning_rate;
    curves.push_back({{"name", name}, {"text", name + (rate ? format(" (rate %.2g)", *rate) : " (learned)")}});
    return curves.back();
  };
  for (const CsvRow& row : read_csv(csv, paired ? kWithDifferences : kWithoutDifferences)) {
    const std::string name(row.cells[0]);
    const auto score = made.scores.find(name);
    if (score == made.scores.end()) throw Error("line ", row.number, " is not of an optimizer that was compared");
    Json& curve = curve_of(name, score->second);
    if (const std::size_t step = curve["mean"].size(); row.cells[1] != std::to_string(step)) {
      throw Error("line ", row.number, " is not of step ", step, " of ", name);
    }
    const char* const columns[] = {"mean", "sem", "difference", "difference_sem"};
    for (std::size_t k = 0; k < (paired ? 4 : 2); ++k) {
      curve[columns[k]].push_back(page_number(row.at(2 + k), kPageLossDigits));
    }
  }
  for (const Json& curve : curves) {
    if (const std::size_t rows = curve["mean"].size(), all = static_cast<std::size_t>(made.steps) + 1; rows != all) {
      throw Error("it has ", rows, " of ", all, " rows of ", curve["name"].get<std::string>());
    }
  }
  if (curves.size() != made.scores.size()) {
    throw Error("it has the rows of ", curves.size(), " of ", made.scores.size(), " optimizers");
  }
  return curves;
}

}  // namespace

Json comparison_curves(const std::filesystem::path& file, const ComparisonSummary& made, const std::string& remedy) {
  const std::string text = read_text(file);
  try {
    return read_curves(text, made);
  } catch (const Error& error) {
    throw Error(file.string(), ": damaged, or not written by l2l compare: ", error.what(), remedy);
  }
}

}  // namespace l2l
