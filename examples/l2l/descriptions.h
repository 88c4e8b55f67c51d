#pragma once

/// What each subcommand is and does, as its --help says: the first line is all that the list of subcommands shows.
namespace l2l::description {

inline constexpr char kTrain[] = R"(Train an LSTM optimizer on a family of functions.

Meta-trains an LSTM that minimises functions of one family, the optimizee. Each meta-epoch draws new functions,
lets the LSTM minimise them for --steps steps, and improves the LSTM's weights by backpropagation through
--unroll of these steps at a time. Every --validate-every epochs it is tried on functions kept apart; the
weights that did best there are the result. Ctrl-C stops it, and --resume goes on.
With --imitate the LSTM learns to step as a rule would from the same gradients, and the last weights are the result.

Writes DIR/optimizer.safetensors, config.json, train.csv, train.png and checkpoint.safetensors.

Example: l2l train --optimizee quadratic --out runs/quadratic
         l2l train --optimizee mnist --out runs/mnist --epochs 300 --lr 0.01
         l2l train --optimizee neural_art --out runs/neural_art --imitate adam:1.1
)";

inline constexpr char kRefine[] = R"(Refine a trained optimizer for the loss at the end, by evolution strategies.

Training by backpropagation teaches an LSTM to descend fast, now; what pays only after many steps it cannot see.
This measures it. Each iteration changes the biases and the output layer a little at random, there and back, lets
both follow --pairs training functions for --steps steps, and moves the weights towards what ended lower. Options
of the optimizee are for these functions: smaller ones are faster. Every --validate-every iterations the result is
tried on validation functions, not those that the training chose its weights by; the weights that did best there are
kept. An iteration takes as long as 2 x --pairs trajectories. Ctrl-C stops it; refining the result again goes on
from it.

Writes a run of its own: DIR/optimizer.safetensors and config.json, the training's train.csv, and refine.csv,
refine.json and refine.png.

Example: l2l refine --run runs/neural_art --size 32 --out runs/refined
)";

inline constexpr char kCompare[] = R"(Compare a trained optimizer with SGD, NAG, RMSprop and ADAM.

Tunes the learning rates of the latter four on validation functions, for as many steps as the LSTM was trained
for, or for --tune-steps. Then lets all five minimise the same held-out functions, from the same starting points,
on the same minibatches. With another --optimizee, or other options of the same one, it shows how the LSTM
generalises; --label keeps the results of several comparisons apart.

Writes DIR/compare.csv, compare.json and compare.png, with a label compare-LABEL.csv and so on.

Example: l2l compare --run runs/mnist --criterion sum
         l2l compare --run runs/mnist --units 40 --label 40-units
)";

inline constexpr char kProbe[] = R"(Look inside a trained optimizer: what it proposes, beside SGD and ADAM.

Follows the LSTM along one held-out function, one of those of l2l compare, and shows for a few coordinates
  - the updates that it makes, and those that SGD and ADAM would have made from the same gradients;
  - at each of the first steps, what all three would have proposed if the gradient had been another one.
These are figures 10 and 11 to 13 of the paper. A table says how the three differ on up to 1000 coordinates.
Learning rates are those of DIR/compare.json if it is there, for the same functions; else they are tuned.

Writes DIR/probe_updates.csv and .png, probe_response.csv, probe_response_COORDINATE.png and probe.json.

Example: l2l probe --run runs/mnist
         l2l probe --run runs/mnist --coordinates 5000,15900 --range 0.01 --force
)";

inline constexpr char kFigures[] =
    R"(Make the paper's figures: learning curves, generalisation, a look inside; and a page with all of them.

For each optimizee trains an optimizer, compares it with the others (l2l compare) on the functions that it was
trained on, to twice the trained steps, and on others, and looks inside (l2l probe). What DIR holds already is
used as it is: an interrupted call goes on where it stopped, and --runs takes optimizers trained elsewhere.

Writes DIR/report.html, one page with the pictures in it, and a run's folder for each optimizee.

Example: l2l figures --out runs/figures --runs examples/trained
         l2l figures --out runs/figures --only quadratic --epochs 300
)";

inline constexpr char kAblate[] = R"(Train with each way of preprocessing gradients, and compare.

Trains LSTM optimizers that see gradients as they are (none), times a constant (rescale:C), and as logarithm
and sign (log:10), under one budget and with several seeds: once on the optimizee, and once each on its loss
times 0.001 and times 1000, in other units so to speak. C is tuned at factor 1. Reports the final
loss on held-out functions, its spread, and how many trainings failed. A training runs on one thread.

Writes DIR/ablation.csv, ablation.json, ablation.png and, what the LSTM sees, preprocess.csv and .png.

Example: l2l ablate-preprocessing --optimizee quadratic --epochs 200 --out runs/ablation
)";

inline constexpr char kStyle[] = R"(Style pictures with a trained optimizer.

Looks for a picture with the shapes of one picture and the colours and textures of another, by minimising the
loss of the optimizee neural_art from noise on. Pictures are JPEG or PNG files, and keep their proportions. Any
size works that fits in memory; what it takes is said before it starts. With --optimizer a hand-designed rule
does the same from the same noise, its learning rate tuned on the very picture unless --rate gives it.

Writes FILE, and with --frames FILE-STEP.png.

Example: l2l style --run examples/trained/neural_art --content house.jpg --style painting.jpg
         l2l style --run examples/trained/neural_art --content *.jpg --style painting.jpg --out styled --sheet sheet.png
)";

inline constexpr char kDiagnose[] = R"(Say what may be wrong with a trained optimizer.

Follows it on four validation functions, looks inside, and reports a line for each of: values that are not
finite, a growing loss, a loss that is stuck at chance, dead updates, saturated gates, gradients
that the preprocessing clips, a growing LSTM state; and what DIR/train.csv says of the training.

Writes DIR/diagnose.json and diagnose.png.

Example: l2l diagnose --run runs/mnist
)";

inline constexpr char kMetaGradient[] = R"(Measure what the training's shortcuts do to its gradient.

Training takes the gradients that the LSTM sees as constants, and backpropagates through --unroll steps at a
time. This follows one trajectory of the trained optimizer on a function of the training split, and compares,
for several lengths of the unroll and without truncation, that gradient of the summed loss with the full one,
in which the gradients respond to theta. The training's --discount is a part of it. The weights of several LSTMs
(--groups conv,fc) are named with their group; an optimizer with a rule for a group is refused. It works in
double precision, in a program l2l-double beside this one.
Memory grows with the root of --steps: some 60 kB for each coordinate at 100 steps (1.1 GB for mnist).

Writes DIR/meta_gradient.csv, meta_gradient.json and meta_gradient.png.

Example: l2l meta-gradient --run runs/mnist --unrolls 1,5,20
)";

}  // namespace l2l::description
