#include "optim/team.h"

#include <atomic>
#include <barrier>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "autodiff/error.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/meta/evolution.h"
#include "optim/meta/meta_train.h"
#include "optim/tune.h"
#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::team_test {

using namespace l2l::testing;

namespace {

/// Threads that take the part of processes: they share nothing but what they hand in.
class Threads {
 public:
  explicit Threads(int size) : parts_(size), all_here_(size) {}

  /// The results of work() in each of them, in the order of ranks.
  template <class Work>
  auto run(Work work) {
    std::vector<decltype(work())> results(parts_.size());
    std::vector<std::thread> threads;
    for (int rank = 0; rank < static_cast<int>(parts_.size()); ++rank) {
      threads.emplace_back([&, rank] {
        Team::join(std::make_unique<Member>(*this, rank));
        results[rank] = work();
      });
    }
    for (std::thread& thread : threads) thread.join();
    return results;
  }

 private:
  class Member : public Team {
   public:
    Member(Threads& all, int rank) : all_(all), rank_(rank) {}
    int size() const override { return static_cast<int>(all_.parts_.size()); }
    int rank() const override { return rank_; }
    std::string name(int rank) const override { return "thread " + std::to_string(rank); }
    std::vector<std::string> gather(const std::string& mine) override {
      all_.parts_[rank_] = mine;
      all_.all_here_.arrive_and_wait();
      std::vector<std::string> parts = all_.parts_;
      all_.all_here_.arrive_and_wait();  // nobody hands in the next one before all have read this one
      return parts;
    }

   private:
    Threads& all_;
    int rank_;
  };

  std::vector<std::string> parts_;
  std::barrier<> all_here_;
};

/// What f throws, as "class: text".
template <class F>
std::string thrown(F f) {
  try {
    f();
    return "nothing";
  } catch (const UsageError& error) {
    return std::string("UsageError: ") + error.what();
  } catch (const Diverged& error) {
    return std::string("Diverged: ") + error.what();
  } catch (const Error& error) {
    return std::string("Error: ") + error.what();
  } catch (const std::bad_alloc&) {
    return "bad_alloc";
  } catch (int number) {
    return "int: " + std::to_string(number);
  }
}

const Family bowl = bowls(5, 0.05);
constexpr int kSizes[] = {1, 2, 3, 4, 7};

}  // namespace

TEST_CASE("share_tasks: every task is done once, and all get all results in order") {
  for (const int size : kSizes) {
    for (const int count : {0, 1, 3, 10}) {
      CAPTURE(size, count);
      std::vector<TaskResult> expected;
      for (int k = 0; k < count; ++k)
        expected.push_back(TaskResult(k % 3, k % 2 ? k + 1. / 3 : k / 2.));  // empty, of float, of double
      std::vector<std::atomic<int>> done(count);
      const auto results = Threads(size).run([&] {
        return share_tasks(count, 2, [&](int k, int thread) {
          ++done[k];
          if (thread > 1) throw Error("there is no third thread");
          // A task within a task: done by whoever has the outer one.
          if (Team::current().size() != 1) throw Error("not alone");
          share_tasks(2, 1, [&](int, int) -> TaskResult { return {}; });
          return expected[k];
        });
      });
      for (const std::vector<TaskResult>& result : results) CHECK(result == expected);
      for (const std::atomic<int>& times : done) CHECK(times == 1);
    }
  }
}

TEST_CASE("share_tasks: what one throws all throw, and of several the lowest rank's counts") {
  const auto of_all = [](int size, auto f) {
    return Threads(size).run([&] { return thrown([&] { share_tasks(6, 1, f); }); });
  };
  const auto at = [](int which, auto exception) {
    return [=](int k, int) -> TaskResult {
      if (k == which) throw exception;
      return {1};
    };
  };
  for (const int size : kSizes) {
    CAPTURE(size);
    const auto all = [size](const std::string& text) { return std::vector<std::string>(size, text); };
    const std::string who = 4 % size ? "thread " + std::to_string(4 % size) + ": " : "";
    CHECK(of_all(size, at(4, Error("of", 4))) == all("Error: " + who + "of4"));
    CHECK(of_all(size, at(0, UsageError("bad"))) == all("UsageError: bad"));
    CHECK(of_all(size, at(5, Diverged("far"))) == all("Diverged: far"));
    CHECK(of_all(size, at(0, std::bad_alloc()))[0] == "bad_alloc");
    CHECK(of_all(size, at(1, std::bad_alloc())) == all(size == 1 ? "bad_alloc" : "Error: thread 1: out of memory"));
    CHECK(of_all(size, at(6, Error("no such task"))) == all("nothing"));
  }
  const auto both = [](int k, int) -> TaskResult { throw Error("of ", k); };
  CHECK(of_all(3, both) == std::vector<std::string>(3, "Error: of 0"));
  // What is no std::exception asks all to stop, each in its own way.
  on_stop([] { throw 7; });
  const auto stopped = [](int count, auto f) {
    return Threads(3).run([&] { return thrown([&] { share_tasks(count, 1, f); }); });
  };
  CHECK(stopped(3, at(1, 5)) == std::vector<std::string>(3, "int: 7"));
  // One that has no task is asked as well.
  on_stop([] { throw 7; },
          [] {
            if (Team::current().rank() == 2) throw 5;
          });
  CHECK(stopped(1, at(6, 0)) == std::vector<std::string>(3, "int: 7"));
  on_stop({});
}

TEST_CASE("check_same names the first process that has something else") {
  const auto compare = [](std::vector<std::string> bytes) {
    return Threads(static_cast<int>(bytes.size())).run([&] {
      return thrown([&] { check_same("the images", bytes[Team::current().rank()]); });
    });
  };
  CHECK(compare({"abc"}) == std::vector<std::string>{"nothing"});
  CHECK(compare({"abc", "abc", "abc"}) == std::vector<std::string>(3, "nothing"));
  CHECK(compare({"abc", "abc", "abd"}) ==
        std::vector<std::string>(3, "Error: thread 2: the images are not those of thread 0"));
  CHECK(compare({"", std::string(1, '\0')}) ==
        std::vector<std::string>(2, "Error: thread 1: the images are not those of thread 0"));
}

TEST_CASE("team: a training has the same bytes for any number of processes") {
  MetaTrainConfig config;
  config.epochs = 3;
  config.steps = 10;
  config.unroll = 5;
  config.validate_every = 2;
  config.validation_functions = 3;
  config.seed = 3;
  for (const int functions : {1, 5}) {
    config.functions = functions;
    const auto train = [&] {
      MetaTrainer trainer(CoordinateModel({1, 6, {}, 0.1}), bowl, config);
      std::vector<double> numbers;
      while (!trainer.done()) {
        const EpochReport report = trainer.run_epoch();
        numbers.insert(numbers.end(), {report.meta_loss, report.final_loss, report.gradient_norm, report.validation});
      }
      const MetaTrainState& state = trainer.state();
      numbers.insert(numbers.end(), state.phi.begin(), state.phi.end());
      numbers.insert(numbers.end(), state.best_phi.begin(), state.best_phi.end());
      numbers.insert(numbers.end(), state.adam.v.begin(), state.adam.v.end());
      return std::pair(numbers, state.random);
    };
    const auto alone = train();
    for (const int size : kSizes) {
      CAPTURE(functions, size);
      const auto results = Threads(size).run(train);
      for (const auto& result : results) CHECK(result.first == alone.first);
      CHECK(results[0].second == alone.second);  // what a checkpoint has
    }
  }
}

TEST_CASE("team: a training that diverges in one process ends in all, with the state of the epoch before") {
  MetaTrainConfig config;
  config.epochs = 4;
  config.steps = config.unroll = 5;
  config.validate_every = 4;
  config.validation_functions = 1;
  config.functions = 3;
  config.learning_rate = 100;  // the first step goes over the cliff
  config.clip = 0;
  const auto train = [&] {
    MetaTrainer trainer(CoordinateModel({1, 6, {}, 0.1}), always<Cliff>(), config);
    const std::vector<Real> phi = trainer.state().phi;
    std::string text;
    int epochs = 0;
    text = thrown([&] {
      for (; !trainer.done(); ++epochs) trainer.run_epoch();
    });
    return std::pair(text, trainer.state().epoch == epochs);
  };
  const auto alone = train();
  CHECK(alone.first.starts_with("Diverged: meta-training diverged in epoch"));
  for (const auto& result : Threads(2).run(train)) CHECK(result == alone);
}

TEST_CASE("team: evolution and tuning have the same numbers for any number of processes") {
  const CoordinateModel model({1, 6, {}, 0.1});
  std::vector<Real> phi(model.layout().size());
  Rng rng(4);
  model.init(rng, phi);
  EvolutionConfig config;
  config.iterations = 6;
  config.pairs = 5;
  config.steps = 20;
  config.validate_every = 3;
  config.validation_functions = 3;
  for (const int window : {0, 5}) {
    for (const int shortest : {0, window}) {
      config.window = window, config.shortest = shortest;
      const auto refine = [&] {
        Evolution evolution({model, phi}, bowl, bowl, config);
        std::vector<double> numbers;
        while (!evolution.done()) {
          const EvolutionReport report = evolution.run_iteration();
          numbers.insert(numbers.end(), {report.loss, report.validation});
        }
        for (const Real weight : evolution.best().phi) numbers.push_back(weight);
        return numbers;
      };
      const std::vector<double> alone = refine();
      for (const int size : kSizes) {
        CAPTURE(window, shortest, size);
        for (const std::vector<double>& numbers : Threads(size).run(refine)) CHECK(numbers == alone);
      }
    }
  }
  const auto tuned = [&] {
    TuneOptions options;
    options.evaluate.functions = 3;
    options.evaluate.steps = 10;
    return tune_learning_rate(find_rule("sgd"), bowl, options).tried;
  };
  const auto alone = tuned();
  for (const auto& tried : Threads(4).run(tuned)) CHECK(tried == alone);
}

}  // namespace l2l::team_test
