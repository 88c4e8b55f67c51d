#include "optim/study/meta_gradient.h"

#include <cmath>
#include <string>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/unroll.h"
#include "optim/meta/meta_train.h"
#include "tests/optim/families.h"
#include "tests/optim/roundings.h"

namespace l2l::meta_gradient_test {

using namespace l2l::testing;

namespace {

/// f(θ) = Σ_k softplus(w_k · θ - y_k) / 3 + 0.05 ‖θ‖²: its Hessian depends on θ and, by y, on the minibatch.
class Bumpy : public Function {
 public:
  explicit Bumpy(Rng& rng) : layout_(Layout::flat(kSize)), W_(kRows * kSize), y_(kRows) { rng.fill_normal(W_, 0, 1); }
  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, 1); }
  void next_batch(Rng& rng) override { rng.fill_normal(y_, 0, 1); }
  Var loss(Tape& tape, Var theta) override {
    const Var W = tape.leaf({kRows, kSize}, W_.data()), y = tape.leaf({kRows, 1}, y_.data());
    const Var bumps = sum(softplus(matmul(W, reshape(theta, {kSize, 1})) - y));
    return bumps / Real(3) + Real(0.05) * sum(square(theta));
  }
  Index functions() const override { return 3; }

 protected:
  Layout layout_;

 private:
  static constexpr Index kRows = 6, kSize = 4;
  std::vector<Real> W_, y_;
};
const Family bumpy([](Rng& rng, Split) { return std::make_unique<Bumpy>(rng); });

/// The same for θ of two groups that bear on each other: its elements are `owners`, of `l` and `r` for left and right.
class GroupedBumpy : public Bumpy {
 public:
  GroupedBumpy(Rng& rng, const std::string& owners) : Bumpy(rng) {
    layout_ = Layout();
    layout_.add("nothing", {0}, "right");  // there may be none of a group, as in some functions of an ensemble
    for (char owner : owners) {
      layout_.add(std::to_string(layout_.size()), {1}, owner == 'l' ? "left" : "right");
    }
  }
};
Family grouped_bumpy(const std::string& owners) {
  return Family([=](Rng& rng, Split) { return std::make_unique<GroupedBumpy>(rng, owners); });
}

constexpr int kSteps = 12;

LearnedOptimizer random_optimizer(const OptimizerModel& model) {
  LearnedOptimizer learned{model, {}};
  learned.phi.resize(learned.model.layout().size());
  Rng rng(3);
  rng.fill_normal(learned.phi, 0, 0.5);
  return learned;
}

LearnedOptimizer random_optimizer(Preprocess preprocess) {
  return random_optimizer(CoordinateModel({2, 3, preprocess, 0.3}));
}

/// An LSTM for each group, with as little in common as there can be; not in the order of θ.
OptimizerModel two_lstms() {
  return OptimizerModel({{"right", CoordinateModel({1, 4, {Preprocess::Kind::rescale, 0.5}, 0.2})},
                         {"left", CoordinateModel({2, 3, {Preprocess::Kind::log_sign, 10}, 0.3})}});
}

/// The trajectory as the running optimizer follows it: visit(f(θ_t) per function, ∇f(θ_t)) for t = 0 … kSteps.
template <class Visit>
void follow(const LearnedOptimizer& learned, const Family& family, Rng rng, Visit visit) {
  const auto optimizer = make_optimizer(learned);
  const auto f = family(rng, Split::train);
  optimizer->reset(f->layout());
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  Evaluation evaluation;
  for (int t = 0; t <= kSteps; ++t) {
    f->next_batch(rng);
    const double loss = evaluation(*f, theta);
    visit(loss, evaluation.gradient());
    optimizer->step(evaluation.gradient(), theta);
  }
}

/// L(φ) of that trajectory.
double meta_loss(const LearnedOptimizer& learned, const Family& f, const Rng& rng) {
  double total = 0;
  follow(learned, f, rng, [&](double loss, std::span<const Real>) { total += loss; });
  return total;
}

/// The derivatives of a function of φ by central differences.
template <class F>
std::vector<Near> differences(LearnedOptimizer learned, F function) {
  std::vector<Near> result;
  for (Real& weight : learned.phi) {
    const Real kept = weight;
    const auto moved = [&](Real x) {
      weight = x;
      return function(learned);
    };
    result.push_back(derivative(moved, kept, 1e-5, forward_roundings({2, 4}, kSteps)));
    weight = kept;
  }
  return result;
}
std::vector<Real> values(const std::vector<Near>& x) {
  std::vector<Real> result;
  for (const Near& v : x) result.push_back(static_cast<Real>(v.value));
  return result;
}

using Kind = Preprocess::Kind;
const Preprocess kPreprocesses[] = {{Kind::none, 1}, {Kind::rescale, 0.5}, {Kind::log_sign, 10}, {Kind::log_sign, 1}};

}  // namespace

TEST_CASE("the full meta-gradient is the derivative of the trajectory's losses") {
  if (sizeof(Real) == 4) return;  // differences need double
  const Family bowl = bowls(3, 0.5);
  for (const Family* f : {&bowl, &bumpy}) {
    for (const Preprocess& preprocess : kPreprocesses) {
      CAPTURE(f == &bowl, name_of(preprocess.kind), preprocess.parameter);
      const LearnedOptimizer learned = random_optimizer(preprocess);
      const Rng rng(1);
      const MetaGradient meta(learned, *f, kSteps, rng);
      int reported = 0;
      const std::vector<Real> full = meta.full([&](int steps) { reported = steps; });
      const auto truth = differences(learned, [&](const LearnedOptimizer& moved) { return meta_loss(moved, *f, rng); });
      check_close(full, truth);
      CHECK(agreement(full, values(truth)).relative_error < 1e-6);
      CHECK(agreement(full, values(truth)).cosine == Near(1, 1e-12));  // less than half of that error's square
      CHECK(agreement(meta.truncated(kSteps), values(truth)).relative_error > 1e-3);  // or this would test nothing
      CHECK(reported == kSteps);
      CHECK(meta.steps() == kSteps);
    }
  }
}

TEST_CASE("the full meta-gradient of several LSTMs is that derivative by the weights of all") {
  if (sizeof(Real) == 4) return;
  const LearnedOptimizer learned = random_optimizer(two_lstms());
  for (const std::string owners : {"llrr", "lrrl", "rlrl", "llll"}) {
    const Family f = grouped_bumpy(owners);
    const Rng rng(1);
    const MetaGradient meta(learned, f, kSteps, rng);
    const std::vector<Real> full = meta.full();
    const auto numeric = differences(learned, [&](const LearnedOptimizer& moved) { return meta_loss(moved, f, rng); });
    check_close(full, numeric);
    const std::vector<Real> truth = values(numeric);
    for (const OptimizerModel::Part& part : learned.model.parts()) {
      CAPTURE(owners, part.group);
      const auto of_part = [&](const std::vector<Real>& all) { return part.weights(std::span<const Real>(all)); };
      if (owners == "llll" && part.group == "right") {
        CHECK(norm(of_part(full)) == 0);
        continue;
      }
      CHECK(agreement(of_part(full), of_part(truth)).relative_error < 1e-6);
      CHECK(agreement(of_part(meta.truncated(kSteps)), of_part(truth)).relative_error > 1e-4);
    }
  }
}

TEST_CASE("the untruncated meta-gradient is the derivative of the losses with the recorded gradients held fixed") {
  if (sizeof(Real) == 4) return;
  const Family grouped = grouped_bumpy("lrrl"), lacking = grouped_bumpy("llll");
  for (const Family* f : {&bumpy, &grouped, &lacking}) {
    CAPTURE(f == &bumpy, f == &grouped);
    const LearnedOptimizer learned = f == &bumpy ? random_optimizer({}) : random_optimizer(two_lstms());
    const MetaGradient meta(learned, *f, kSteps, Rng(1));
    std::vector<double> losses;
    std::vector<std::vector<Real>> gradients;
    follow(learned, *f, Rng(1), [&](double loss, std::span<const Real> gradient) {
      losses.push_back(loss);
      gradients.emplace_back(gradient.begin(), gradient.end());
    });
    const double n = 2 * forward_roundings({2, 4}, kSteps);
    for (int t = 0; t <= kSteps; ++t) CHECK(meta.losses()[t] == rounded(losses[t], n));
    // Σ_t ⟨∇_t, θ_t⟩ has the derivative of Σ_t f(θ_t), 3 times the loss per function, where ∇_t is fixed.
    const auto linear = [&](const LearnedOptimizer& moved) {
      const auto optimizer = make_optimizer(moved);
      const auto example = f->example();
      optimizer->reset(example->layout());
      std::vector<Real> theta(example->layout().size());
      double total = 0;
      for (int t = 0; t < kSteps; ++t) {
        optimizer->step(gradients[t], theta);
        for (std::size_t k = 0; k < theta.size(); ++k) total += gradients[t + 1][k] * theta[k] / 3;
      }
      return total;
    };
    check_close(meta.truncated(kSteps), differences(learned, linear));
  }
}

TEST_CASE("the truncated meta-gradient is what MetaTrainer accumulates while φ stands still") {
  constexpr int T = 4, kUnrolls = 3;
  struct Case {
    bool grouped, fused;
    double discount;
  };
  for (const auto& [grouped, fused, discount] :
       {Case{false, false, 1}, {false, true, 1}, {false, true, 0.6}, {true, false, 1}, {true, true, 0.6}}) {
    CAPTURE(grouped, fused, discount);
    MetaTrainConfig config;
    config.discount = discount;
    config.unroll = T;
    config.epochs = config.validation_functions = 1;
    config.learning_rate = 1e-300;  // φ stands still
    config.clip = 0;
    config.fused = fused;
    const OptimizerModel model = grouped ? two_lstms() : CoordinateModel({2, 3, {}, 0.3});
    const Family family = grouped ? grouped_bumpy("lrrl") : bumpy;
    std::vector<Real> phi, sum(model.layout().size()), before(model.layout().size());
    Rng rng(0);
    for (int unrolls = 1; unrolls <= kUnrolls; ++unrolls) {
      config.steps = unrolls * T;
      MetaTrainer trainer(model, family, config);
      phi = trainer.state().phi;
      rng.set_state(trainer.state().random);
      trainer.run_epoch();
      // ADAM's first moment is m ← 0.9 m + 0.1 g, where g is the gradient of the last unroll.
      const std::vector<Real>& m = trainer.state().adam.m;
      for (std::size_t k = 0; k < m.size(); ++k) sum[k] += (m[k] - Real(0.9) * before[k]) / Real(0.1);
      before = m;
    }
    const MetaGradient meta({model, phi}, family, kUnrolls * T, rng);
    // To have g back from m takes ten times its three roundings, and what came before is as large as g.
    const double n = 2 * gradient_roundings({2, 4}, kUnrolls * T) + 2 * 30 * kUnrolls;
    CHECK(agreement(meta.truncated(T, discount), sum).relative_error == rounded(0, n, 1));
    CHECK(agreement(meta.truncated(T, 0.8), sum).relative_error > 1e-2);
    CHECK(agreement(meta.truncated(kUnrolls * T, discount), sum).relative_error > 1e-2);
  }
}

TEST_CASE("agreement of vectors computed by hand") {
  const std::vector<Real> c = {3, 4}, a = {3, 0}, zero = {0, 0};
  CHECK(agreement(c, c).cosine == 1);
  CHECK(agreement(c, c).relative_error == 0);
  CHECK(agreement(a, c).cosine == 0.6);
  CHECK(agreement(a, c).relative_error == 0.8);
  CHECK(std::isnan(agreement(zero, c).cosine));
  CHECK(agreement(zero, c).relative_error == 1);
}

TEST_CASE("meta-gradients that cannot be had say so") {
  const Family f = bowls();
  const LearnedOptimizer learned = random_optimizer({});
  CHECK_THROWS_AS(MetaGradient(learned, f, 0, Rng(0)), UsageError);
  CHECK_THROWS_AS(MetaGradient(learned, f, 6, Rng(0)).truncated(4), UsageError);
  CHECK_THROWS_AS(MetaGradient(learned, f, 6, Rng(0)).truncated(0), UsageError);
  LearnedOptimizer wild{CoordinateModel({2, 3, {}, sizeof(Real) == 8 ? 1e200 : 1e30}), learned.phi};
  CHECK_THROWS_AS(MetaGradient(wild, f, 6, Rng(0)), Error);
  const Family grouped = grouped_bumpy("llrr");
  const OptimizerModel mixed({{"left", CoordinateModel({2, 3, {}, 0.3})}, {"right", FixedRule{"adam", 0.1}}});
  CHECK_THROWS_WITH(MetaGradient(random_optimizer(mixed), grouped, 6, Rng(0)),
                    "meta-gradient: the group 'right' has the rule adam, whose response to its gradient is not "
                    "recorded; take a training with an LSTM for it");
}

}  // namespace l2l::meta_gradient_test
