#include "optim/learned/models.h"

#include "autodiff/error.h"
#include "nn/spelling.h"
#include "optim/orthogonalize.h"

namespace l2l {

const std::vector<NamedModel>& models() {
  static const std::vector<NamedModel> table = {
      {"lstm",
       "the paper's: logarithm and sign, 2 x 20 units, scaled",
       {.layers = 2, .hidden = 20, .preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1}},
      {"rnnprop",
       "moments, a dense layer, 2 x 20 units, squashed (Lv et al. 2017)",
       {.layers = 2,
        .hidden = 20,
        .preprocess = {Preprocess::Kind::moments, 0.95},
        .output_scale = 0.1,
        .proposal = Proposal::Kind::squashed,
        .dense = 1}},
      {"anchored",
       "orthogonal, 1 x 8 units, beside Muon's steps: for long horizons, with l2l refine --window",
       {.layers = 1,
        .hidden = 8,
        .preprocess = {Preprocess::Kind::orthogonal, kMomentumGrowth},
        .output_scale = 0.01,
        .proposal = Proposal::Kind::anchored,
        .rate = 0.08,
        .decay = 0.5}},
      {"perceptron",
       "the same with 2 x 8 dense units in place of the LSTM: no state but that of its features",
       {.layers = 0,
        .hidden = 8,
        .preprocess = {Preprocess::Kind::orthogonal, kMomentumGrowth},
        .output_scale = 0.01,
        .proposal = Proposal::Kind::anchored,
        .rate = 0.08,
        .decay = 0.5,
        .dense = 2}},
  };
  return table;
}

const NamedModel& find_model(std::string_view name) {
  std::vector<std::string> names;
  for (const NamedModel& model : models()) {
    if (model.name == name) return model;
    names.push_back(model.name);
  }
  throw UsageError("model '", name, "' is unknown; there are ", in_words(names), did_you_mean(name, names));
}

}  // namespace l2l
