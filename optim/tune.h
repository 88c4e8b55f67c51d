#pragma once
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "optim/evaluate.h"
#include "optim/rules.h"

namespace l2l {

/// What a learning rate is chosen for: the loss at the last step (the paper's), or the sum of losses over all steps.
enum class Criterion { final, sum };
Criterion parse_criterion(std::string_view name);
std::string_view name_of(Criterion criterion);
/// The criterion's value; `sum` adds f(θ_1) … f(θ_steps), since no optimizer can change f(θ_0).
double score(const Curves& curves, Criterion criterion, int steps);

struct TuneOptions {
  Criterion criterion = Criterion::final;
  double low = 1e-4, high = 10;  // of the first, logarithmic grid
  int per_decade = 3;  // points of that grid per factor of ten; widened while the best is at an end
  int refinements = 3;  // times the grid is halved around the best
  int safety = 2;  // see tune_learning_rate; 0: every winner is taken
  EvaluateOptions evaluate{.split = Split::validation, .functions = 32};
};

struct TuneResult {
  double learning_rate = 0;
  double score = 0;
  std::vector<std::pair<double, double>> tried;  // learning rate, score; in ascending rate
};

/// The learning rate with the lowest score on validation functions: a logarithmic grid, then finer ones around the
/// best. A rate under which a trajectory diverges (see tune.cpp) is passed over. And as a rate at the edge of stability
/// can win on some functions and diverge on others, or a little later, a winner must also be *safe*: at 1.1 times the
/// rate, over twice the steps, on `safety` times as many other validation functions, no trajectory diverges either.
TuneResult tune_learning_rate(const Rule& rule, const Family& family, const TuneOptions& options,
                              const std::function<void(int evaluations)>& progress = {});

}  // namespace l2l
