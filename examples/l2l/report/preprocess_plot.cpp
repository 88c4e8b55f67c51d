#include "examples/l2l/report/preprocess_plot.h"

#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/model_settings.h"
#include "examples/l2l/run/settings.h"
#include "nn/files/atomic_file.h"

namespace l2l {
namespace {

constexpr int kBefore = 20;  // gradients before the one that is looked at

/// 40 points a decade, both signs, in ascending order.
std::vector<Real> gradients() {
  constexpr int kFrom = -8 * 40, kTo = 3 * 40;
  const auto size = [](int k) { return static_cast<Real>(std::pow(10.0, k / 40.0)); };
  std::vector<Real> result;
  for (int k = kTo; k >= kFrom; --k) result.push_back(-size(k));
  for (int k = kFrom; k <= kTo; ++k) result.push_back(size(k));
  return result;
}

/// The features of each of these gradients, were it the next one: [features][gradients].
std::vector<std::vector<Real>> features_of(const Preprocess& preprocess, const std::vector<Real>& gradient) {
  const Index n = static_cast<Index>(gradient.size());
  const int before = preprocess.memory() > 0 ? kBefore : 0;
  const std::vector<Real> ones(n, 1);
  std::vector<Real> memory(preprocess.memory() * n), out(preprocess.features() * n);
  for (int t = 0; t < before; ++t) preprocess(ones, memory.data(), t, out.data(), n);
  preprocess(gradient, memory.data(), before, out.data(), n);
  std::vector<std::vector<Real>> rows;
  for (Index k = 0; k < preprocess.features(); ++k) rows.emplace_back(out.begin() + k * n, out.begin() + (k + 1) * n);
  return rows;
}

std::string csv(const SeenFeatures& seen) {
  std::string text = "gradient";
  for (std::size_t k = 1; k <= seen.values.size(); ++k) text += ",feature_" + std::to_string(k);
  text += "\n";
  for (std::size_t j = 0; j < seen.gradient.size(); ++j) {
    text += to_text(seen.gradient[j]);
    for (const std::vector<Real>& feature : seen.values) text += "," + to_text(feature[j]);
    text += "\n";
  }
  return text;
}

Commands colour(std::size_t feature) {
  static const Commands colours[] = {"#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9"};
  return colours[feature % std::size(colours)];
}

/// One half of the picture: gradients of one `sign`, on a logarithmic axis of |∇| with labels of ∇.
Commands panel(const SeenFeatures& seen, const Commands& title, const Commands& range, const Commands& sign) {
  Commands tics, curves, marks;
  for (int decade = -8; decade <= 2; decade += 2) {
    tics += Commands(tics.empty() ? Commands("'") : Commands(", '"), sign, "1e", decade, "' 1e", decade);
  }
  for (const double mark : seen.marks) {
    marks += Commands("set arrow from ", mark, ", graph 0 to ", mark,
                      ", graph 1 nohead linewidth 1 dashtype 2 linecolor '#808080'\n");
  }
  for (std::size_t k = 0; k < seen.titles.size(); ++k) {
    curves += Commands(k == 0 ? Commands("plot ") : Commands(", "), "$data using (", sign, "$1):", k + 2,
                       " with lines linewidth 3 linecolor '", colour(k), "' title ", Text(seen.titles[k]));
  }
  return Commands("set title '", title, "'\nset xrange ", range, "\nset xtics (", tics, ")\nunset arrow\n", marks,
                  curves, "\n");
}

}  // namespace

SeenFeatures seen_features(const Preprocess& preprocess) {
  const double p = preprocess.parameter;
  const std::string before = format("The plot has them after %d gradients of 1.", kBefore);
  SeenFeatures seen{"", {}, {}, gradients(), {}};
  Preprocess drawn = preprocess;
  switch (preprocess.kind) {
    case Preprocess::Kind::none:
      seen.text = "The gradient as it is.";
      seen.titles = {"∇"};
      break;
    case Preprocess::Kind::rescale:
      seen.text = format("The gradient times c = %g.", p);
      seen.titles = {"c ∇"};
      break;
    case Preprocess::Kind::log_sign: {
      const double threshold = std::exp(-p);
      seen.text = format(
          "Logarithm and sign of a gradient, with p = %g, or for |∇| below exp(-p) = %.2g a number that shrinks with "
          "it "
          "(the paper's appendix A).",
          p, threshold);
      seen.titles = {"log|∇| / p, or -1", "sgn ∇, or exp(p) ∇"};
      seen.marks = {-threshold, threshold};
      break;
    }
    case Preprocess::Kind::moments:
      seen.text = format(
                      "The gradient and its moving average of decay β = %g, divided by the square root s of that of "
                      "its square (RNNprop). ",
                      p) +
                  before;
      seen.titles = {"∇/s", "m/s"};
      break;
    case Preprocess::Kind::orthogonal: drawn = {Preprocess::Kind::timescales, 0}; [[fallthrough]];
    case Preprocess::Kind::timescales:
      seen.text =
          "The gradient and its moving averages of three decays, divided by the square root s of that of its square, "
          "and "
          "a clock. " +
          before;
      seen.titles = {"∇/s", "m(.5)/s", "m(.9)/s", "m(.99)/s", "clock"};
  }
  if (preprocess.parameter_rows() > 0) {
    seen.text += format(
        " Three more depend on all gradients of a parameter, the direction of Muon with q = %g among "
        "them; they are not drawn.",
        p);
  }
  seen.values = features_of(drawn, seen.gradient);
  return seen;
}

bool draw_preprocessing(const Preprocess& preprocess, const std::filesystem::path& folder) {
  const SeenFeatures seen = seen_features(preprocess);
  const std::string data = csv(seen);
  write_file_atomically(folder / "preprocess.csv", data);
  return plot(Commands(Commands::data("data", std::string_view(data).substr(data.find('\n') + 1)),
                       "set datafile separator comma\n"
                       "set multiplot layout 1,2 title ",
                       Text("What the optimizer sees of a gradient: --preprocess " + preprocess_text(preprocess) +
                            (seen.marks.empty() ? "" : "; dashed: |∇| = exp(-p)")),
                       " font ',15'\n"
                       "set logscale x\n",
                       preprocess.kind == Preprocess::Kind::log_sign ? Commands("set yrange [-1.15:1.15]\n") : "",
                       "set ylabel 'feature'\n"
                       "set xlabel 'gradient ∇'\n"
                       "set bmargin 6.5\n"
                       "set key at screen 0.5, 0.045 center center horizontal width 3\n",
                       panel(seen, "negative gradients", "[1e3:1e-8]", "-"), "unset key\n",
                       panel(seen, "positive gradients", "[1e-8:1e3]", ""), "unset multiplot\n"),
              folder / "preprocess.png", folder / "preprocess.csv");
}

}  // namespace l2l
