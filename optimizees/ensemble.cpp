#include "optimizees/ensemble.h"

#include <algorithm>
#include <cmath>

#include "autodiff/ops.h"
#include "nn/spelling.h"
#include "optimizees/registry.h"

namespace l2l {

namespace {

/// Functions of some members, side by side or a single one.
class EnsembleFunction : public Function {
 public:
  struct Part {
    std::string name;
    std::unique_ptr<Function> f;
    double factor;
  };

  /// `groups`: of all members, those that take no part here among them.
  EnsembleFunction(std::vector<Part> parts, const std::vector<std::string>& groups) : parts_(std::move(parts)) {
    for (const Part& part : parts_) {
      for (const Parameter& p : part.f->layout().parameters()) {
        layout_.add(part.name + "." + p.name, p.shape, p.group, p.kind);
      }
    }
    const std::vector<std::string> there = layout_.groups();
    for (const std::string& group : groups) {
      const bool missing = std::find(there.begin(), there.end(), group) == there.end();
      if (missing) layout_.add("nothing of group '" + group + "'", {0}, group);
    }
  }

  const Layout& layout() const override { return layout_; }

  void init(Rng& rng, std::span<Real> theta) const override {
    for (const Part& part : parts_) {
      const std::size_t n = static_cast<std::size_t>(part.f->layout().size());
      part.f->init(rng, theta.first(n));
      theta = theta.subspan(n);
    }
  }

  void next_batch(Rng& rng) override {
    for (const Part& part : parts_) part.f->next_batch(rng);
  }

  Var loss(Tape& tape, Var theta) override {
    if (parts_.size() == 1 && parts_[0].factor == 1) return parts_[0].f->loss(tape, theta);
    Var total = tape.constant({}, Real(0));
    Index first = 0;
    for (const Part& part : parts_) {
      const Index n = part.f->layout().size();
      total = total + static_cast<Real>(part.factor) * part.f->loss(tape, slice(theta, first, n));
      first += n;
    }
    return total;
  }

  Index functions() const override {
    const Index first = parts_[0].f->functions();
    const bool equal = std::ranges::all_of(parts_, [=](const Part& part) { return part.f->functions() == first; });
    return equal ? first : 1;
  }

 private:
  std::vector<Part> parts_;
  Layout layout_;
};

void check(const std::vector<EnsembleMember>& members) {
  if (members.empty()) throw Error("ensemble: it has no members");
  for (const EnsembleMember& member : members) {
    if (!(member.weight > 0) || !std::isfinite(member.weight)) {
      throw Error("ensemble: the weight of '", member.name, "' is ", member.weight, ", it must be above 0");
    }
    const auto same = [&](const EnsembleMember& other) { return other.name == member.name; };
    if (std::ranges::count_if(members, same) > 1) throw Error("ensemble: '", member.name, "' is there twice");
  }
}

double total_weight(const std::vector<EnsembleMember>& members) {
  double total = 0;
  for (const EnsembleMember& member : members) total += member.weight;
  return total;
}

/// The groups of parameters of all members, in the order of their first occurrence.
std::vector<std::string> groups_of(const std::vector<EnsembleMember>& members) {
  std::vector<std::string> groups;
  for (const EnsembleMember& member : members) {
    for (const std::string& group : member.family.example()->layout().groups()) {
      if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
    }
  }
  return groups;
}

/// Which member a function is drawn from.
const EnsembleMember& choose(const std::vector<EnsembleMember>& members, double total, Rng& rng) {
  double left = rng.uniform() * total;
  std::size_t chosen = 0;
  while (chosen + 1 < members.size() && left >= members[chosen].weight) left -= members[chosen++].weight;
  return members[chosen];
}

/// Losses are reported per function, those of a sum per function of the sum.
double chance_loss(const std::vector<EnsembleMember>& members, EnsembleMode mode, const Family& all) {
  const double total = total_weight(members);
  const double functions = static_cast<double>(all.example()->functions());
  double loss = 0;
  for (const EnsembleMember& member : members) {
    const double each = mode == EnsembleMode::choice
                            ? 1 / total
                            : static_cast<double>(member.family.example()->functions()) / functions;
    loss += member.weight * each * member.family.chance_loss();
  }
  return loss;
}

}  // namespace

Family ensemble_of(std::vector<EnsembleMember> members, EnsembleMode mode) {
  check(members);
  const std::vector<std::string> groups = groups_of(members);
  const double total = total_weight(members);
  const auto draw = [=](Rng& rng, Split split) {
    std::vector<EnsembleFunction::Part> parts;
    if (mode == EnsembleMode::choice) {
      const EnsembleMember& member = choose(members, total, rng);
      parts.push_back({member.name, member.family(rng, split), 1});
    } else {
      for (const EnsembleMember& m : members) parts.push_back({m.name, m.family(rng, split), m.weight});
    }
    return std::make_unique<EnsembleFunction>(std::move(parts), groups);
  };
  return Family(draw, chance_loss(members, mode, Family(draw)));
}

namespace {

/// "mnist:depth=2:units=40" → the family with these options, the others at their defaults.
Family parse_member(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts[0] == "ensemble") throw OptionError("members: an ensemble cannot be a member of one");
  OptionValues values;
  for (std::size_t k = 1; k < parts.size(); ++k) {
    const std::size_t equals = parts[k].find('=');
    if (equals == std::string::npos || equals == 0) {
      throw OptionError("members: '", text, "': '", parts[k], "' is not OPTION=VALUE, as in mnist:depth=2");
    }
    if (!values.emplace(parts[k].substr(0, equals), parts[k].substr(equals + 1)).second) {
      throw OptionError("members: '", text, "': '", parts[k].substr(0, equals), "' is there twice");
    }
  }
  try {
    return make_optimizee(find_optimizee(parts[0]), values);
  } catch (const OptionError& error) {
    throw OptionError("members: '", text, "': ", error.what());  // the option is the member's, not the ensemble's
  }
}

std::vector<double> parse_weights(const std::string& text, std::size_t count) {
  if (text == "equal") return std::vector<double>(count, 1);
  std::vector<double> weights;
  for (const std::string& item : split(text, ',')) weights.push_back(positive_number({{"weights", item}}, "weights"));
  if (weights.size() != count) {
    throw OptionError("weights '", text, "': ", weights.size(), " numbers for ", count, " members; one for each");
  }
  return weights;
}

}  // namespace

OptimizeeEntry ensemble() {
  return {
      .name = "ensemble",
      .summary = "several optimizees as one: one of them at a time, or their sum",
      .options = {{"members", "quadratic,mnist",
                   "optimizees of this list, with their defaults or options: mnist:depth=2:units=40",
                   OptimizeeOption::Kind::members, OptimizeeOption::Shown::always},
                  {.name = "mode",
                   .default_value = "choice",
                   .help = "choice: a function of one of them; sum: of all, theta concatenated",
                   .words = {"choice", "sum"}},
                  {"weights", "equal", "how often each is chosen, or its factor in the sum: 1,0.5"}},
      .make = [](const OptionValues& values) -> Family {
        static const Names<EnsembleMode> modes("mode", {{"choice", EnsembleMode::choice}, {"sum", EnsembleMode::sum}});
        const EnsembleMode mode = modes.parse<OptionError>(values.at("mode"));
        const std::vector<std::string> names = split(values.at("members"), ',');
        const std::vector<double> weights = parse_weights(values.at("weights"), names.size());
        std::vector<EnsembleMember> members;
        for (std::size_t k = 0; k < names.size(); ++k) {
          if (std::count(names.begin(), names.end(), names[k]) > 1) {
            throw OptionError("members: '", names[k], "' is there twice; a weight of 2 has the same effect");
          }
          members.push_back({names[k], parse_member(names[k]), weights[k]});
        }
        return ensemble_of(members, mode);
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01},
  };
}

}  // namespace l2l
