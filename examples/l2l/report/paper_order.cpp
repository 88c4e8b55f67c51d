#include "examples/l2l/report/paper_order.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/format.h"

namespace l2l {
namespace {

constexpr double kPaperHorizon = 100;  // steps that the paper trained for
constexpr double kReadingError = 0.02;  // of the paper's numbers, relative

struct Standing {
  const char* name;
  Measurement here;  // infinite if it diverged
  double paper;
};

std::string here_and_there(const Standing& s) {
  if (!std::isfinite(s.here.mean)) return format("%s (diverged, paper %.3g)", s.name, s.paper);
  const std::string error = std::isnan(s.here.sem) ? "" : format(" ± %.2g", s.here.sem);
  return format("%s (%.3g%s, paper %.3g)", s.name, s.here.mean, error.c_str(), s.paper);
}

/// Why it may be nothing that a is ahead of b here, and b ahead of a in the paper.
std::string doubt(const Standing& a, const Standing& b) {
  std::string text;
  if (b.here.mean - a.here.mean < std::hypot(a.here.sem, b.here.sem)) text = "within one standard error here";
  if (a.paper - b.paper < kReadingError * a.paper)
    text += (text.empty() ? "" : " and ") + std::string("within 2% there");
  return text.empty() ? "" : " [" + text + "]";
}

}  // namespace

std::string order_beside_paper(const ComparisonSummary& c, const PaperLosses& paper) {
  const int horizon = std::min(c.horizon, c.steps);
  const double meant = paper.step / kPaperHorizon * c.horizon;
  const bool at_horizon = std::fabs(horizon - meant) <= std::fabs(c.steps - meant);
  const auto here = [&](const char* name) {
    Measurement loss = at_horizon ? c.scores.at(name).horizon : c.scores.at(name).final;
    if (!std::isfinite(loss.mean)) loss.mean = INFINITY;
    return loss;
  };
  std::vector<Standing> standings = {{"the LSTM", here("lstm"), paper.lstm},
                                     {"ADAM", here("adam"), paper.adam},
                                     {"RMSprop", here("rmsprop"), paper.rmsprop},
                                     {"SGD", here("sgd"), paper.sgd},
                                     {"NAG", here("nag"), paper.nag}};
  std::stable_sort(standings.begin(), standings.end(),
                   [](const Standing& a, const Standing& b) { return a.here.mean < b.here.mean; });

  std::string swapped;
  for (std::size_t k = 0; k < standings.size(); ++k) {
    std::string behind;
    for (std::size_t j = k + 1; j < standings.size(); ++j) {
      const Standing &a = standings[k], &b = standings[j];
      if (!(a.here.mean < b.here.mean && a.paper > b.paper)) continue;
      behind += (behind.empty() ? "" : ", ") + here_and_there(b) + doubt(a, b);
    }
    if (behind.empty()) continue;
    swapped += (swapped.empty() ? "" : "; ") + here_and_there(standings[k]) + " is here ahead of " + behind;
  }
  const std::string where = format("At step %d", at_horizon ? horizon : c.steps), there = " (" + paper.where + ")";
  if (swapped.empty()) return where + " the order of the optimizers is the paper's" + there + ".";
  return where + " the order of the optimizers differs from the paper's" + there +
         ", where these pairs are the other way round: " + swapped + ".";
}

}  // namespace l2l
