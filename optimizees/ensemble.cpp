#include "optimizees/ensemble.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/spelling.h"
#include "optimizees/registry.h"

namespace l2l {

Ensemble::Ensemble(const std::vector<Member>& members, Mode mode) : mode_(mode) {
  if (members.empty()) throw Error("ensemble: it has no members");
  for (const Member& member : members) {
    if (!(member.weight > 0) || !std::isfinite(member.weight)) {
      throw Error("ensemble: the weight of '", member.name, "' is ", member.weight, ", it must be above 0");
    }
    for (const Family& other : families_) {
      if (other.name == member.name) throw Error("ensemble: '", member.name, "' is there twice");
    }
    families_.push_back({member.name, member.make(), member.weight});
    total_weight_ += member.weight;
    for (const std::string& group : families_.back().f->layout().groups()) {
      if (std::find(groups_.begin(), groups_.end(), group) == groups_.end()) groups_.push_back(group);
    }
  }
  lay_out();
}

std::span<const Ensemble::Family> Ensemble::active() const {
  return mode_ == Mode::sum ? std::span(families_) : std::span(families_).subspan(chosen_, 1);
}

void Ensemble::lay_out() {
  layout_ = Layout();
  for (const Family& family : active()) {
    for (const Parameter& p : family.f->layout().parameters()) {
      layout_.add(family.name + "." + p.name, p.shape, p.group);
    }
  }
  const std::vector<std::string> there = layout_.groups();
  for (const std::string& group : groups_) {
    const bool missing = std::find(there.begin(), there.end(), group) == there.end();
    if (missing) layout_.add("nothing of group '" + group + "'", {0}, group);
  }
}

void Ensemble::sample(Rng& rng, Split split) {
  if (mode_ == Mode::choice) {
    double left = rng.uniform() * total_weight_;
    chosen_ = 0;
    while (chosen_ + 1 < families_.size() && left >= families_[chosen_].weight) left -= families_[chosen_++].weight;
  }
  for (const Family& family : active()) family.f->sample(rng, split);
  lay_out();
}

void Ensemble::init(Rng& rng, std::span<Real> theta) const {
  for (const Family& family : active()) {
    const std::size_t n = static_cast<std::size_t>(family.f->layout().size());
    family.f->init(rng, theta.first(n));
    theta = theta.subspan(n);
  }
}

void Ensemble::next_batch(Rng& rng) {
  for (const Family& family : active()) family.f->next_batch(rng);
}

Var Ensemble::loss(Tape& tape, Var theta) {
  if (mode_ == Mode::choice) return families_[chosen_].f->loss(tape, theta);
  Var total = tape.constant({}, Real(0));
  Index first = 0;
  for (const Family& family : families_) {
    const Index n = family.f->layout().size();
    total = total + static_cast<Real>(family.weight) * family.f->loss(tape, slice(theta, first, n));
    first += n;
  }
  return total;
}

Index Ensemble::functions() const {
  const auto members = active();
  const Index first = members[0].f->functions();
  const bool equal =
      std::all_of(members.begin(), members.end(), [=](const Family& m) { return m.f->functions() == first; });
  return equal ? first : 1;
}

double Ensemble::blind_loss() const {
  double total = 0;
  for (const Family& family : families_) {
    // Losses are reported per function, those of a sum per function of the sum.
    const double each = mode_ == Mode::choice
                            ? 1 / total_weight_
                            : static_cast<double>(family.f->functions()) / static_cast<double>(functions());
    total += family.weight * each * family.f->blind_loss();
  }
  return total;
}

namespace {

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> items;
  std::istringstream stream(text + ",");
  for (std::string item; std::getline(stream, item, ',');) items.push_back(item);
  return items;
}

Ensemble::Mode parse_mode(const std::string& name) {
  if (name == "choice") return Ensemble::Mode::choice;
  if (name == "sum") return Ensemble::Mode::sum;
  throw UsageError("--mode '", name, "' is unknown; there are choice and sum", did_you_mean(name, {"choice", "sum"}));
}

std::vector<double> parse_weights(const std::string& text, std::size_t count) {
  if (text == "equal") return std::vector<double>(count, 1);
  std::vector<double> weights;
  for (const std::string& item : split_list(text)) weights.push_back(positive_number({{"weights", item}}, "weights"));
  if (weights.size() != count) {
    throw UsageError("--weights '", text, "': ", weights.size(), " numbers for ", count, " members; one for each");
  }
  return weights;
}

}  // namespace

OptimizeeEntry ensemble() {
  return {
      .name = "ensemble",
      .summary = "several optimizees as one: one of them at a time, or their sum",
      .options = {{"members", "quadratic,mnist", "optimizees of this list, each with its own defaults",
                   OptimizeeOption::Kind::word, OptimizeeOption::Shown::always},
                  {"mode", "choice", "choice: a function of one of them; sum: of all, theta one behind the other"},
                  {"weights", "equal", "how often each is chosen, or its factor in the sum: 1,0.5"}},
      .make = [](const OptionValues& values) -> OptimizeeFactory {
        const Ensemble::Mode mode = parse_mode(values.at("mode"));
        const std::vector<std::string> names = split_list(values.at("members"));
        const std::vector<double> weights = parse_weights(values.at("weights"), names.size());
        std::vector<Ensemble::Member> members;
        for (std::size_t k = 0; k < names.size(); ++k) {
          if (names[k] == "ensemble") throw UsageError("--members: an ensemble cannot be a member of one");
          if (std::count(names.begin(), names.end(), names[k]) > 1) {
            throw UsageError("--members: '", names[k], "' is there twice; --weights counts it more");
          }
          members.push_back({names[k], make_optimizee(find_optimizee(names[k])), weights[k]});
        }
        return [=] { return std::make_unique<Ensemble>(members, mode); };
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01},
  };
}

}  // namespace l2l
