#include "optim/bootstrap.h"

#include "nn/random.h"
#include "optim/statistics.h"

namespace l2l {

Interval iqm_interval(std::span<const ScoreTable> tasks, std::uint64_t seed, int resamples) {
  Rng rng(seed);
  const auto draw = [&](std::size_t count) {
    std::vector<Index> drawn(count);
    for (Index& k : drawn) k = rng.below(static_cast<Index>(count));
    return drawn;
  };
  std::vector<double> means, scores;
  for (int r = 0; r < resamples; ++r) {
    scores.clear();
    for (const ScoreTable& task : tasks) {
      if (task.empty()) continue;
      const std::vector<Index> functions = draw(task[0].size());
      for (const Index training : draw(task.size())) {
        for (const Index k : functions) scores.push_back(task[training].at(k));
      }
    }
    means.push_back(interquartile_mean(scores));
  }
  if (scores.empty()) means.clear();  // NaN cannot be sorted
  return {quantile(means, 0.025), quantile(means, 0.975)};
}

}  // namespace l2l
