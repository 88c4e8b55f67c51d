#include "optim/bootstrap.h"

#include <cmath>
#include <functional>

#include "optim/statistics.h"
#include "tests/catch.h"

namespace l2l::bootstrap_test {

namespace {

/// The interquartile means of all resamples that there are, each as likely: every way to draw the trainings and the
/// functions of every task.
std::vector<double> all_resamples(const std::vector<ScoreTable>& tasks) {
  std::vector<int> limits, drawn;
  for (const ScoreTable& task : tasks) {
    limits.insert(limits.end(), task.size(), static_cast<int>(task.size()));
    limits.insert(limits.end(), task[0].size(), static_cast<int>(task[0].size()));
  }
  std::vector<double> means;
  const std::function<void()> visit = [&] {
    if (drawn.size() < limits.size()) {
      for (int k = 0; k < limits[drawn.size()]; ++k) {
        drawn.push_back(k);
        visit();
        drawn.pop_back();
      }
      return;
    }
    std::vector<double> scores;
    std::size_t begin = 0;
    for (const ScoreTable& task : tasks) {
      const std::size_t functions = begin + task.size(), end = functions + task[0].size();
      for (std::size_t r = begin; r < functions; ++r) {
        for (std::size_t c = functions; c < end; ++c) scores.push_back(task[drawn[r]][drawn[c]]);
      }
      begin = end;
    }
    means.push_back(interquartile_mean(scores));
  };
  visit();
  return means;
}

/// Whether x may be the quantile of so many random draws from `all`: the share of them below x, or up to it, is within
/// four standard deviations.
void check_quantile(double x, double share, const std::vector<double>& all, int draws) {
  double below = 0, up_to = 0;
  for (const double mean : all) {
    below += mean < x - 1e-12;
    up_to += mean <= x + 1e-12;
  }
  const double slack = 4 * std::sqrt(share * (1 - share) / draws);
  CHECK(below / all.size() <= share + slack);
  CHECK(up_to / all.size() >= share - slack);
}

void check_interval(const std::vector<ScoreTable>& tasks) {
  const std::vector<double> all = all_resamples(tasks);
  const Interval interval = iqm_interval(tasks, 3);
  check_quantile(interval.low, 0.025, all, kResamples);
  check_quantile(interval.high, 0.975, all, kResamples);
}

}  // namespace

TEST_CASE("bootstrap: the interval is that of all resamples") {
  check_interval({{{0.5, 0.9, 1.1, 1.2, 1.7, 3.1}}});  // one training, six functions
  check_interval({{{0.5}, {0.9}, {1.3}, {4}}});  // four trainings, one function
  check_interval({{{0.5, 1.0, 1.7, 2.1}, {0.6, 1.2, 1.9, 2.6}}});  // both: the same functions
  check_interval({{{0.5, 1.0, 1.7}}, {{2.0, 2.5}, {3.0, 3.6}}, {{7.0, 9.0}}});  // three tasks
}

TEST_CASE("bootstrap: what is certain, what is not there, and seeds") {
  const std::vector<ScoreTable> same = {{{2, 2, 2}, {2, 2, 2}}}, none, one = {{{1, 2, 3, 4, 7}}};
  CHECK(iqm_interval(same).low == 2);
  CHECK(iqm_interval(same).high == 2);
  CHECK(std::isnan(iqm_interval(none).low));
  // Tasks keep their share: with each certain, so is all.
  const std::vector<ScoreTable> tasks = {{{1, 1}}, {{5, 5}}};
  CHECK(iqm_interval(tasks).low == 3);
  CHECK(iqm_interval(tasks).high == 3);
  CHECK(iqm_interval(one, 1).low == iqm_interval(one, 1).low);
  CHECK(iqm_interval(one, 1, 7).low != iqm_interval(one, 2, 7).low);
}

}  // namespace l2l::bootstrap_test
