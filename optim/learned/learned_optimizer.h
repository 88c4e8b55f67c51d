#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "optim/learned/coordinate_model.h"
#include "optim/rules.h"

namespace l2l {

/// A rule of optim/rules.h, by name.
struct FixedRule {
  std::string name;
  double learning_rate;

  std::unique_ptr<Optimizer> make() const { return find_rule(name).make(learning_rate); }
};

/// What a learned optimizer is made of: one model for all of θ, or an optimizer for each group of parameters
/// (Andrychowicz et al. 2016, section 3.3), which is a model or a rule that does not learn:
///
///     OptimizerModel({{"conv", CoordinateModel(config)}, {"fc", CoordinateModel(config)}})
///     OptimizerModel({{"conv", CoordinateModel(config)}, {"fc", FixedRule{"adam", 0.003}}})
///
/// Its φ is that of its models, concatenated.
class OptimizerModel {
 public:
  struct Part {
    std::string group;  // of parameters of θ; "" for the only part: all of them
    std::variant<CoordinateModel, FixedRule> optimizer;
    Layout::Range phi = {0, 0};  // where its weights are; filled in by the model

    /// What learns, or nullptr for a rule.
    const CoordinateModel* model() const { return std::get_if<CoordinateModel>(&optimizer); }
    Var weights(Var all) const { return Tape::view("weights", all, phi.first, {phi.count}); }
    std::span<const Real> weights(std::span<const Real> all) const { return all.subspan(phi.first, phi.count); }
  };

  OptimizerModel(const CoordinateModel& model) : OptimizerModel({Part{"", model}}) {}  // NOLINT: a model is one
  /// A UsageError for groups that are named twice, an unknown rule, or if there is nothing to be trained.
  explicit OptimizerModel(std::vector<Part> parts);

  const std::vector<Part>& parts() const { return parts_; }
  /// The groups that the parts are for.
  std::vector<std::string> groups() const;
  /// Of φ: each part's names begin with its group.
  const Layout& layout() const { return layout_; }
  /// The only part; an Error if there are several.
  const CoordinateModel& single() const;
  /// Random φ (see CoordinateModel::init).
  void init(Rng& rng, std::span<Real> phi) const;

 private:
  std::vector<Part> parts_;
  Layout layout_;
};

/// A learned optimizer: what it is made of, and its trained φ. What a checkpoint holds.
struct LearnedOptimizer {
  OptimizerModel model;
  std::vector<Real> phi;

  /// Reads and writes φ and everything needed to use it as safetensors. An Error names the file, and what does not fit
  /// or, of φ, is not finite.
  static LearnedOptimizer load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;
  /// What `save` writes; `notes` are extra metadata, ignored by `load`.
  std::string to_bytes(const std::map<std::string, std::string>& notes = {}) const;
};

}  // namespace l2l
