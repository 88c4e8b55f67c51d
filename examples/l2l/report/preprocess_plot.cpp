#include "examples/l2l/report/preprocess_plot.h"

#include <cmath>
#include <string>
#include <vector>

#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/settings.h"
#include "nn/files/atomic_file.h"

namespace l2l {
namespace {

/// 40 points a decade, both signs, in ascending order.
std::vector<Real> gradients() {
  constexpr int kFrom = -8 * 40, kTo = 3 * 40;
  const auto size = [](int k) { return static_cast<Real>(std::pow(10.0, k / 40.0)); };
  std::vector<Real> result;
  for (int k = kTo; k >= kFrom; --k) result.push_back(-size(k));
  for (int k = kFrom; k <= kTo; ++k) result.push_back(size(k));
  return result;
}

std::string csv(const Preprocess& preprocess) {
  const std::vector<Real> x = gradients();
  const Index n = static_cast<Index>(x.size());
  std::vector<Real> features(Preprocess::kMaxFeatures * n);
  preprocess(x, nullptr, 0, features.data(), n);
  std::string text = kPreprocessHeader;
  for (Index k = 0; k < n; ++k) {
    text += to_text(x[k]) + "," + to_text(features[k]) + "," + to_text(features[n + k]) + "\n";
  }
  return text;
}

/// One half of the picture: gradients of one `sign`, on a logarithmic axis of |∇| with labels of ∇.
Commands panel(const Commands& title, const Commands& range, const Commands& sign, double threshold) {
  Commands tics;
  for (int decade = -8; decade <= 2; decade += 2) {
    tics += Commands(tics.empty() ? Commands("'") : Commands(", '"), sign, "1e", decade, "' 1e", decade);
  }
  return Commands("set title '", title, "'\nset xrange ", range, "\nset xtics (", tics, ")\nset arrow 1 from ",
                  threshold, ", graph 0 to ", threshold,
                  ", graph 1 nohead linewidth 1 dashtype 2 linecolor '#808080'\n"
                  "plot $data using (",
                  sign,
                  "$1):2 with lines linewidth 3 linecolor '#d55e00' title 'first feature: log|∇| / p, or -1', "
                  "$data using (",
                  sign,
                  "$1):3 with lines linewidth 3 linecolor '#0072b2' title 'second feature: sgn ∇, or exp(p) ∇'\n");
}

}  // namespace

bool draw_preprocessing(const Preprocess& preprocess, const std::filesystem::path& folder) {
  const std::string data = csv(preprocess);
  const double p = preprocess.parameter, threshold = std::exp(-p);
  write_file_atomically(folder / "preprocess.csv", data);
  return plot(Commands(Commands::data("data", std::string_view(data).substr(data.find('\n') + 1)),
                       "set datafile separator comma\n"
                       "set multiplot layout 1,2 title 'What the LSTM sees of a gradient: log and sign, p = ",
                       p, "; dashed: |∇| = exp(-", p,
                       ")' font ',15'\n"
                       "set logscale x\n"
                       "set yrange [-1.15:1.15]\n"
                       "set ylabel 'feature'\n"
                       "set xlabel 'gradient ∇'\n"
                       "set bmargin 6.5\n"
                       "set key at screen 0.5, 0.045 center center horizontal width 3\n",
                       panel("negative gradients", "[1e3:1e-8]", "-", threshold), "unset key\n",
                       panel("positive gradients", "[1e-8:1e3]", "", threshold), "unset multiplot\n"),
              folder / "preprocess.png", folder / "preprocess.csv");
}

}  // namespace l2l
