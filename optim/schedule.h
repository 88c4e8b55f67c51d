#pragma once
#include <memory>
#include <string_view>

#include "optim/optimizer.h"

namespace l2l {

/// A learning rate's cosine decay (Loshchilov & Hutter 2017, eq. 5, without restarts) as a factor: from 1 at the start
/// to `end` at the end. progress: 0 … 1, beyond which it stays.
double cosine_decay(double progress, double end);

/// How the length of steps changes over a horizon of n steps, by a factor at t = 0, 1, …
///
///     cosine    (1 + cos(π t/n)) / 2
///     cooldown  1, and over the last quarter 4 (1 - t/n)     (Hägele et al. 2024, "Scaling Laws and Compute-Optimal
///               Training Beyond Fixed Training Durations": as good as cosine, and the horizon may change until then)
///     sqrt      1 / √(1 + t), which asks for no horizon     (Zinkevich 2003)
///
/// The first two are 0 from step n on.
enum class Schedule { cosine, cooldown, sqrt };

double factor_of(Schedule schedule, int t, int n);
/// The optimizer with its updates times the factor of the schedule, over `steps` steps, at least 1. It is not shown θ
/// itself, so its updates must depend on gradients alone, as all here do. When it moves to another layout
/// (Optimizer::move_to) the schedule begins anew.
std::unique_ptr<Optimizer> with_schedule(std::unique_ptr<Optimizer> optimizer, Schedule schedule, int steps);

/// "cosine", "cooldown" or "sqrt"; a UsageError for anything else. And back.
Schedule parse_schedule(std::string_view name);
std::string_view name_of(Schedule schedule);
/// All there are.
inline constexpr Schedule kSchedules[] = {Schedule::cosine, Schedule::cooldown, Schedule::sqrt};

}  // namespace l2l
