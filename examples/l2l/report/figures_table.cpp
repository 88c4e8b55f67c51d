#include "examples/l2l/report/figures.h"

namespace l2l {

const std::vector<FigureRun>& figure_runs() {
  static const std::vector<FigureRun> table = {
      {"quadratic",
       "quadratic",
       {},
       {{"",
         {},
         "Quadratic functions",
         "f(θ) = ‖Wθ - y‖² in ten dimensions, W and y drawn anew for every function. The paper's plot is probably a "
         "mean per dimension; the order of the optimizers can be compared, the numbers not.",
         {{"Fig. 4, step 99", 99, .040, .052, .060, .216, .081}}}}},
      {"mnist",
       "mnist",
       {},
       {{"",
         {},
         "A network that classifies images",
         "One hidden layer of 20 sigmoid units, cross-entropy on minibatches of 128. The paper trains and tests on "
         "MNIST, this on the images named by --data, by default Fashion-MNIST, which is harder: losses are higher for "
         "every optimizer.",
         {{"Fig. 4, step 97", 97, .257, .370, .358, .470, .333},
          {"Fig. 4, step 196", 196, .211, .303, .290, .332, .265}}},
        {"40-units",
         {{"units", "40"}},
         "Generalisation: 40 hidden units",
         "Twice as many units as in training.",
         {{"Fig. 5", 100, .19, .32, .32, .45, .30}}},
        {"2-layers",
         {{"depth", "2"}},
         "Generalisation: two hidden layers",
         "A second layer of 20 units.",
         {{"Fig. 5", 100, .33, .70, .73, 1.79, .76}}},
        {"relu",
         {{"activation", "relu"}},
         "Generalisation: ReLU",
         "Another nonlinearity. Here the paper's optimizer fails.",
         {{"Fig. 5", 100, 2.6, .37, .40, .44, .36}}},
        {"1000",
         {},
         "Over 1000 steps",
         "Every learning rate is tuned for 1000 steps. What was trained for 100 falls behind; an optimizer that is "
         "refined for 1000 (l2l refine --steps 1000) does not. The paper has no such figure.",
         {},
         "",
         1000}}},
      {"cifar10",
       "cifar10",
       {},
       {{"",
         {},
         "A convolutional network",
         "Three convolutions, each normalised, rectified and pooled, and a fully connected layer; an LSTM for the "
         "convolutions and one for the rest. The paper has CIFAR-10 and follows it to about 1000 steps; this has the "
         "images named by --data, by default Fashion-MNIST, and as many steps as are given. In the paper NAG wins.",
         {{"Fig. 6, step 1000", 1000, .823, .909, .879, 1.06, .797}}}}},
      {"cifar10-5-9",
       "cifar10",
       {{"classes", "5-9"}},
       {{"",
         {},
         "Half of the labels: trained and tested on 5 to 9",
         "What an optimizer can do that has seen these labels. The paper's, on five labels, was trained on all ten.",
         {{"Fig. 6, CIFAR-5", 1000, .356, .397, .393, .484, .367}}}}},
      {"cifar10-0-4",
       "cifar10",
       {{"classes", "0-4"}},
       {{"5-9",
         {{"classes", "5-9"}},
         "Transfer: trained on labels 0 to 4, tested on 5 to 9",
         "No image of these labels was seen in training, nor any validated on. The paper's optimizer that was trained "
         "on other labels (LSTM-sub) loses a little, and nothing to the hand-designed ones but NAG.",
         {{"Fig. 6, CIFAR-5, LSTM-sub", 1000, .386, .397, .393, .484, .367}},
         "cifar10-5-9"}}},
      {"neural_art",
       "neural_art",
       {},
       {{"",
         {},
         "Style transfer: contents never seen, the style of the training",
         "θ is a picture of 64x64 pixels. The paper has 1800 contents and VGG, and shows curves without numbers.",
         {}},
        {"new-style",
         {{"style", "/usr/share/backgrounds/Painting-Colors_by__herobrine7gamer.jpg"}, {"size", "128"}},
         "Style transfer: a style never seen, at twice the size",
         "Four times the coordinates of the training.",
         {}}},
       {{"trained-style-64-learned",
         "The learned optimizer, training style at 64x64: content, results after 32, 64, 96 and 128 steps, style."},
        {"trained-style-64-adam", "ADAM on the same, with the rate of the comparison."},
        {"new-style-128-learned", "The learned optimizer, with a style it has never seen, at 128x128."},
        {"new-style-128-adam", "ADAM on the same."}}},
  };
  return table;
}

std::vector<std::string> figure_optimizees() {
  std::vector<std::string> names;
  for (const FigureRun& run : figure_runs()) {
    if (names.empty() || names.back() != run.optimizee) names.push_back(run.optimizee);
  }
  return names;
}

}  // namespace l2l
