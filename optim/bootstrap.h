#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace l2l {

/// A task's scores: [training][function]. The trainings differ in their seeds and meet the same functions.
using ScoreTable = std::vector<std::vector<double>>;

struct Interval {
  double low, high;
};

inline constexpr int kResamples = 2000;

/// The 95% percentile interval of the interquartile mean of all scores of all tasks, by a bootstrap that is stratified
/// by task: every resample has each task's trainings and functions as often as there are, drawn with replacement. (In
/// Agarwal et al. 2021 the trainings alone are drawn, as the functions of a task are fixed there. Here they are a
/// sample too, and all trainings of a task meet the same ones, so rows and columns are drawn independently: the
/// pigeonhole bootstrap, Owen 2007.) Of one training it says how much functions matter, and nothing about other
/// trainings. Scores must be finite; NaN where there are none.
Interval iqm_interval(std::span<const ScoreTable> tasks, std::uint64_t seed = 0, int resamples = kResamples);

}  // namespace l2l
