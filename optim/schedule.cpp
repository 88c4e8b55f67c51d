#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/error.h"
#include "nn/spelling.h"

namespace l2l {
namespace {

class Scheduled : public Optimizer {
 public:
  Scheduled(std::unique_ptr<Optimizer> optimizer, Schedule schedule, int steps)
      : optimizer_(std::move(optimizer)), schedule_(schedule), steps_(steps) {}
  Scheduled(const Scheduled& other)
      : optimizer_(other.optimizer_->clone()),
        schedule_(other.schedule_),
        steps_(other.steps_),
        t_(other.t_),
        update_(other.update_) {}

  void reset(const Layout& layout) override {
    optimizer_->reset(layout);
    begin(layout);
  }
  void move_to(const Layout& layout, std::span<const Index> from, Index steps) override {
    optimizer_->move_to(layout, from, steps);
    begin(layout);
  }
  void step(std::span<const Real> gradient, std::span<Real> theta) override {
    if (theta.size() != update_.size()) {
      throw Error("with_schedule: reset for ", update_.size(), " elements, but theta has ", theta.size());
    }
    std::ranges::fill(update_, Real(0));
    optimizer_->step(gradient, update_);
    const Real factor = static_cast<Real>(factor_of(schedule_, t_++, steps_));
    for (std::size_t k = 0; k < theta.size(); ++k) theta[k] += factor * update_[k];
  }
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Scheduled>(*this); }

 private:
  void begin(const Layout& layout) {
    update_.resize(layout.size());
    t_ = 0;
  }

  std::unique_ptr<Optimizer> optimizer_;
  Schedule schedule_;
  int steps_, t_ = 0;
  std::vector<Real> update_;
};

const Names<Schedule>& schedules() {
  static const Names<Schedule> names(
      "schedule", {{"cosine", Schedule::cosine}, {"cooldown", Schedule::cooldown}, {"sqrt", Schedule::sqrt}});
  return names;
}

}  // namespace

double cosine_decay(double progress, double end) {
  const double decay = (1 + std::cos(std::numbers::pi * std::min(1.0, progress))) / 2;
  return end + (1 - end) * decay;
}

double factor_of(Schedule schedule, int t, int n) {
  const double progress = static_cast<double>(t) / n;
  switch (schedule) {
    case Schedule::cosine: return cosine_decay(progress, 0);
    case Schedule::cooldown: return std::clamp(4 * (1 - progress), 0.0, 1.0);
    case Schedule::sqrt: return 1 / std::sqrt(1.0 + t);
  }
  return 1;
}

std::unique_ptr<Optimizer> with_schedule(std::unique_ptr<Optimizer> optimizer, Schedule schedule, int steps) {
  return std::make_unique<Scheduled>(std::move(optimizer), schedule, steps);
}

Schedule parse_schedule(std::string_view name) { return schedules().parse(name); }
std::string_view name_of(Schedule schedule) { return schedules().name_of(schedule); }

}  // namespace l2l
