#include "examples/l2l/figures.h"

namespace l2l {

const std::vector<Figure>& figures_table() {
  static const std::vector<Figure> table = {
      {"quadratic",
       "",
       {},
       "Quadratic functions",
       "f(θ) = ‖Wθ - y‖² in ten dimensions, W and y drawn anew for every function. The paper's plot is probably a mean "
       "per dimension; the order of the optimizers can be compared, the numbers not.",
       {{"Fig. 4, step 99", .040, .052, .060, .216, .081}}},
      {"mnist",
       "",
       {},
       "A network that classifies images",
       "One hidden layer of 20 sigmoid units, cross-entropy on minibatches of 128. The paper trains and tests on "
       "MNIST, "
       "this on the images named by --data, by default Fashion-MNIST, which is harder: losses are higher for every "
       "optimizer.",
       {{"Fig. 4, step 97", .257, .370, .358, .470, .333}, {"Fig. 4, step 196", .211, .303, .290, .332, .265}}},
      {"mnist",
       "40-units",
       {{"units", "40"}},
       "Generalisation: 40 hidden units",
       "Twice as many units as in training.",
       {{"Fig. 5", .19, .32, .32, .45, .30}}},
      {"mnist",
       "2-layers",
       {{"depth", "2"}},
       "Generalisation: two hidden layers",
       "A second layer of 20 units.",
       {{"Fig. 5", .33, .70, .73, 1.79, .76}}},
      {"mnist",
       "relu",
       {{"activation", "relu"}},
       "Generalisation: ReLU",
       "Another nonlinearity. Here the paper's optimizer fails.",
       {{"Fig. 5", 2.6, .37, .40, .44, .36}}},
  };
  return table;
}

}  // namespace l2l
