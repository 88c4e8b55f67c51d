#include "optim/meta/meta_config.h"

#include <cmath>

#include "autodiff/error.h"
#include "optim/rules.h"

namespace l2l {

void check_at_least_one(const char* name, int value) {
  if (value < 1) throw UsageError(name, " is ", value, ", it must be at least 1");
}

void check(const MetaTrainConfig& c) {
  check_at_least_one("epochs", c.epochs);
  check_at_least_one("steps", c.steps);
  check_at_least_one("unroll", c.unroll);
  check_at_least_one("functions", c.functions);
  check_at_least_one("validate-every", c.validate_every);
  check_at_least_one("validation-functions", c.validation_functions);
  check_at_least_one("threads", c.threads);
  if (c.steps % c.unroll != 0) {
    throw UsageError("steps (", c.steps, ") must be a multiple of unroll (", c.unroll, ")");
  }
  if (c.first_steps < 0 || c.first_steps > c.steps) {
    throw UsageError("first-steps is ", c.first_steps, ", it must be from 0 to steps (", c.steps, ")");
  }
  if (!(c.learning_rate > 0)) throw UsageError("lr is ", c.learning_rate, ", it must be positive");
  if (!(c.discount >= 0 && c.discount <= 1)) throw UsageError("discount is ", c.discount, ", it must be from 0 to 1");
  if (!(c.final_rate >= 0)) throw UsageError("final-rate is ", c.final_rate, ", it must not be negative");
  if (c.validation_steps < 0) throw UsageError("validation-steps is ", c.validation_steps, ", it must not be negative");
  if (c.patience < 0) throw UsageError("patience is ", c.patience, ", it must not be negative");
  for (double w : c.weights) {
    if (!std::isfinite(w)) throw UsageError("weight ", w, " of a loss, it must be finite");
  }
  if (c.imitated) {
    find_rule(c.imitated->name);
    if (!(c.imitated->learning_rate > 0)) {
      throw UsageError("the rate of ", c.imitated->name, " is ", c.imitated->learning_rate, ", it must be positive");
    }
  }
  if (!(c.imitation_share > 0 && c.imitation_share <= 1)) {
    throw UsageError("imitate-share is ", c.imitation_share, ", it must be above 0, up to 1");
  }
  if (c.log_loss && c.imitates_only()) throw UsageError("log-loss changes nothing if all trajectories imitate");
  if (c.imitation_share < 1 && !c.imitated) throw UsageError("imitate-share needs a rule to imitate");
  if (!(c.clip >= 0)) throw UsageError("clip is ", c.clip, ", it must not be negative");
  if (!c.weights.empty() && static_cast<int>(c.weights.size()) != c.unroll + 1) {
    throw UsageError(c.weights.size(), " weights given, an unroll of ", c.unroll, " steps has ", c.unroll + 1,
                     " losses");
  }
}

}  // namespace l2l
