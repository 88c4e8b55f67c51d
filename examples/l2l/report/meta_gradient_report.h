#pragma once
#include <string>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "optim/study/meta_gradient.h"
#include "optimizees/registry.h"

namespace l2l {

/// A block of one gradient, and how well it agrees with the same block of the full gradient.
struct MetaGradientRow {
  int unroll = 0;
  std::string block;  // "all", for φ as a whole, or a parameter
  Agreement agreement;
  double norm = 0;
};

struct MetaGradientReport {
  std::string optimizee;
  OptionValues options;
  int steps = 0;
  double discount = 1;  // of the training's gradients: γ, see Losses in optim/meta/objective.h
  std::uint64_t seed = 0;
  std::vector<double> losses;  // along the trajectory
  std::vector<MetaGradientRow> full;  // a row per block
  std::vector<MetaGradientRow>
      rows;  // a row per unroll and block, in the order of `full`; the last unroll is all steps
};

/// `unroll,block,cosine,relative_error,norm`
std::string meta_gradient_csv(const MetaGradientReport& report);
/// Settings, losses and norms; numbers that are not finite are null.
std::string meta_gradient_json(const MetaGradientReport& report);
/// Two tables to read, a row per block and a column per unroll.
std::string meta_gradient_table(const MetaGradientReport& report);
/// gnuplot commands: cosine and relative error against the unroll.
Commands meta_gradient_plot(const MetaGradientReport& report);

}  // namespace l2l
