#pragma once
#include <string>
#include <vector>

#include "optimizees/registry.h"

namespace l2l {

/// Losses at the end of the paper's plots, read off to about 2%.
struct PaperLosses {
  std::string where;  // "Fig. 4, step 97"
  int step;  // to know which of ours to put beside it
  double lstm, adam, rmsprop, sgd, nag;
};

/// A comparison in the report of `l2l figures`, shown beside that of the paper.
struct Figure {
  std::string label;  // of the comparison, see RunFolder::comparison; empty: on the functions it was trained on
  OptionValues options;  // of the functions it is compared on, where they differ from the training
  std::string title;
  std::string text;  // what it shows, and what the paper found
  std::vector<PaperLosses> paper;
  std::string beside = {};  // another run whose optimizer was compared on the same functions; "" for none
  int steps = 0;  // tuned for and followed; 0: the training's, and twice as many
};

/// Styled pictures for the report, if `l2l style --sheet` has written them (see RunFolder::sheet).
struct Sheet {
  std::string name, caption;
};

/// A trained optimizer and its figures.
struct FigureRun {
  std::string name;  // of its folder
  std::string optimizee;
  OptionValues options;  // of the optimizee in training, where they differ from the defaults
  std::vector<Figure> figures;
  std::vector<Sheet> sheets = {};
};

/// The table, with the runs of an optimizee in succession. To add a figure, add a row.
const std::vector<FigureRun>& figure_runs();
/// The optimizees that it has runs of, each once.
std::vector<std::string> figure_optimizees();

}  // namespace l2l
