#pragma once
#include <string>

#include "examples/l2l/report/figures.h"
#include "examples/l2l/report/report.h"

namespace l2l {

/// Sentences about the order of the optimizers by their losses, here and in the paper: that it is the same, or which
/// ones are the other way round, with their numbers. Here is the horizon or the last step, whichever is closer to the
/// paper's step in units of its horizon, 100. Differences that may be chance (less than one standard error) or come
/// from reading the plot (less than 2%) are named as such.
std::string order_beside_paper(const ComparisonSummary& comparison, const PaperLosses& paper);

}  // namespace l2l
