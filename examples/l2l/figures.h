#pragma once
#include <string>
#include <vector>

#include "optimizees/registry.h"

namespace l2l {

/// What the paper's plots end with, read off to about 2%.
struct PaperLosses {
  std::string where;  // "Fig. 4, step 97"
  double lstm, adam, rmsprop, sgd, nag;
};

/// A comparison in the report of `l2l figures`, beside the paper's.
struct Figure {
  std::string optimizee;  // what the optimizer was trained on
  std::string label;  // of the comparison, see RunFolder::comparison; empty: on the functions it was trained on
  OptionValues options;  // of the functions it is compared on, where they differ
  std::string title;
  std::string text;  // what it shows, and what the paper found
  std::vector<PaperLosses> paper;
};

/// The table, an optimizee's rows together. Another figure is another row.
const std::vector<Figure>& figures_table();

}  // namespace l2l
