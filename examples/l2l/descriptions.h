#pragma once

/// The text of each subcommand's --help. The list of subcommands shows its first line.
namespace l2l::description {

inline constexpr char kTrain[] = R"(Train an LSTM optimizer on a family of functions.

Trains an LSTM to minimise functions of one family, the optimizee. Each meta-epoch draws new functions, lets the
LSTM minimise them for --steps steps, and improves its weights by backpropagation through --unroll of these
steps at a time. Every --validate-every epochs it is tried on validation functions; the weights with the lowest
loss there are the result. Ctrl-C stops the training, --resume continues it.
With --imitate the LSTM learns to take the steps of a hand-designed rule, and the last weights are the result; with
--imitate-share only on a part of the trajectories, and the best weights are.
--model takes another network than the paper's LSTM, and --epochs 0 writes it untrained, for l2l refine.

With the loss of its validations it shows that of ADAM after as many steps on the same functions, with the learning
rate that is best there (--reference).

Writes DIR/optimizer.safetensors, config.json, train.csv, train.png, reference.json and checkpoint.safetensors.

Example: l2l train --optimizee quadratic --out runs/quadratic
         l2l train --optimizee mnist --out runs/mnist --epochs 300 --lr 0.01
         l2l train --optimizee neural_art --out runs/neural_art --imitate adam:0.4
)";

inline constexpr char kRefine[] = R"(Refine a trained optimizer for its final loss, by evolution strategies.

Training by backpropagation sees only what helps within an unroll. This measures the final loss of whole
trajectories. Each iteration tries --pairs random perturbations of the biases and the output layer, each with both
signs on one training function for --steps steps, and moves the weights towards the lower final losses. Options of
the optimizee apply to these functions: smaller ones are faster. Every --validate-every iterations the weights are
tried on validation functions, other ones than the training used; those with the lowest loss are kept.
An iteration takes as long as 2 x --pairs trajectories. With --window W it takes W steps of each only: all pairs stay
where they are, in memory, and go on from there; what counts are then the losses on the way. With --shortest S too,
trajectories end anywhere from S steps on, for an optimizer that may be stopped at any time. --all-weights perturbs
all weights. Ctrl-C stops it; to continue, refine the result again.

Writes a run of its own: DIR/optimizer.safetensors and config.json, the training's train.csv if there is one, and
refine.csv, refine.json and refine.png.

Example: l2l refine --run runs/neural_art --size 32 --out runs/refined
         l2l train --optimizee mnist --model anchored --epochs 0 --out runs/begun
         l2l refine --run runs/begun --steps 1000 --window 50 --shortest 50 --last 20 --out runs/long
)";

inline constexpr char kWatch[] = R"(Show in a browser how a training goes: live curves.

Serves a page on this computer, and prints its address. The page shows the losses of training and validation, the best
validation and the reference, ADAM tuned on the same functions (see l2l train --reference), as the training writes
them down: at its validations, every five seconds at most. It only reads these files, so a training may begin before
or after it, go on or be over. Several runs are drawn into one plot. Ctrl-C ends it, and no training.

The page is for this computer alone, unless --host says otherwise: it has no password. From elsewhere it is reached
through ssh -L 8321:127.0.0.1:8321.

Example: l2l watch --run runs/mnist
         l2l watch --run runs
         l2l watch --run runs/a runs/b --port 0
)";

inline constexpr char kCompare[] = R"(Compare a trained optimizer with SGD, NAG, RMSprop and ADAM.

Tunes the learning rates of these four on validation functions, for as many steps as the LSTM was trained for, or
for --tune-steps. Then all five minimise the same held-out functions, from the same starting points, on the same
minibatches. --also muon,muon-growing adds other rules, --schedule cooldown,cosine all once more with steps that
shrink. Another --optimizee, or other options of the same one, show how the LSTM generalises; a --label for each
comparison keeps their results apart.

As all meet the same functions, differences in pairs say most. The table has the mean difference to the best rule, in
how many functions the LSTM is lower, and the p-value of Wilcoxon's signed-rank test; and as speed-up, how many times
fewer steps the LSTM needs for the loss that the best rule has at the horizon (interquartile mean over functions). The
picture's lower panel has the differences: a rule above 0 is worse than the LSTM.

Writes DIR/compare.csv, compare-functions.csv, compare.json and compare.png, with a label compare-LABEL.csv and so on.

Example: l2l compare --run runs/mnist --criterion sum
         l2l compare --run runs/mnist --units 40 --label 40-units
)";

inline constexpr char kProbe[] = R"(Look inside a trained optimizer: its updates, beside those of SGD and ADAM.

Follows the LSTM on one of the held-out functions of l2l compare, and shows for a few coordinates
  - its updates, and those that SGD and ADAM would have made from the same gradients, and then without gradients;
  - at each of the first steps, the update of all three as a function of the current gradient.
These are figures 10 and 11 to 13 of the paper. A table says how the three differ on up to 1000 coordinates.
Learning rates are those of DIR/compare.json, if it was made on the same functions; else they are tuned.

Writes DIR/probe_updates.csv and .png, probe_response.csv, probe_response_COORDINATE.png and probe.json.

Example: l2l probe --run runs/mnist
         l2l probe --run runs/mnist --coordinates 5000,15900 --range 0.01 --force
)";

inline constexpr char kWalk[] = R"(Draw the paths of a trained optimizer and of SGD, NAG, RMSprop and ADAM.

All five minimise one of the held-out functions of l2l compare, from the same starting point, on the same
minibatches; the learning rates of the four are tuned on validation functions for as many steps. The picture has
their paths over contour lines of the loss, which are at equal ratios. Losses beyond ten times the one at the start
set neither the contour lines nor the part that is shown.
  - A function of two coordinates is drawn as it is, with its minima if they are known.
  - Of any other the picture is the plane through the start, the end of the learned optimizer and the end of the
    best rule. The other paths are projected onto it orthogonally, and the picture says how much of each path lies
    outside of it. x and y are distances.
  - With --filter-normalise (Li et al. 2018) each filter of the two directions, the weights that make a unit or a
    channel, is scaled to the norm that it has at the start, and what belongs to no filter becomes 0. That is another
    plane through the start, and x and y are multiples of its directions.
The contour lines are of the mean loss on the first --batches minibatches that the optimizers meet, the same for all
points of the picture.

Writes DIR/walk.png, walk.gif, walk.csv and walk.json.

Example: l2l walk --run examples/trained/landscape --function 3
         l2l walk --run examples/trained/landscape --kind rosenbrock --force
         l2l walk --run runs/mnist --filter-normalise
)";

inline constexpr char kFigures[] =
    R"(Make the paper's figures, on one page: learning curves, generalisation, a look inside.

For each optimizee it trains an optimizer, compares it with the others (l2l compare), on the functions that it was
trained on and on other ones, for twice the steps of the training, and looks inside (l2l probe). What DIR holds
already is used as it is, so an interrupted call continues where it stopped. --runs takes optimizers that are
trained already.

A table has the speed-ups of all runs in DIR that were compared, also of other trainings. Those that differ in their
seed alone make one row, with the interquartile mean over functions and seeds.

Writes DIR/report.html, one page with plots to explore that needs nothing else, speedups.csv, and the folder of a run
for each optimizee.

Example: l2l figures --out runs/figures --runs examples/trained
         l2l figures --out runs/figures --only quadratic --epochs 300
)";

inline constexpr char kAblate[] = R"(Train with each way of preprocessing gradients, and compare.

Trains LSTM optimizers that see gradients as they are (none), times a constant (rescale:C), and as logarithm
and sign (log:10), all with the same settings and several seeds. Each is trained on the optimizee, on its loss
times 0.001, and on its loss times 1000, as if in other units. C is tuned at factor 1. Reports the final loss
on held-out functions, its spread, and how many trainings failed. Each training runs on one thread.

Writes DIR/ablation.csv, ablation.json and ablation.png; and preprocess.csv and .png, which show what the LSTM sees.

Example: l2l ablate-preprocessing --optimizee quadratic --epochs 200 --out runs/ablation
)";

inline constexpr char kStyle[] = R"(Style pictures with a trained optimizer.

Makes a picture with the shapes of one picture and the colours and textures of another, by minimising the loss of
the optimizee neural_art. Pictures are JPEG or PNG files, and keep their proportions. The search begins with noise
and a small picture, which is enlarged twice, four times and so on until it has --size, with --steps steps at each
size. Over the last quarter of these they shrink (--schedule). The memory needed is printed first. With --optimizer a
hand-designed rule does the same from the same noise; its learning rate is tuned on the first of these searches unless
--rate gives it.

Writes FILE, and with --frames FILE-STEP.png.

Example: l2l style --run examples/trained/neural_art --content house.jpg --style painting.jpg --size 512
         l2l style --run examples/trained/neural_art --content *.jpg --style painting.jpg --out styled --sheet sheet.png
         l2l style --run examples/trained/neural_art --content house.jpg --style a.jpg b.jpg --style-weights 2,1 \
             --strength 0.7 --keep-colours --preview preview.png
)";

inline constexpr char kDiagnose[] = R"(Say what may be wrong with a trained optimizer.

Follows it on four validation functions, and reports a line for each of: values that are not finite, a growing
loss, a loss that is stuck at chance, dead updates, saturated gates, gradients that the preprocessing clips, a
growing LSTM state, updates that go on without gradients (drift) or depend on the number of steps alone; and what
DIR/train.csv says about the training.

Writes DIR/diagnose.json and diagnose.png.

Example: l2l diagnose --run runs/mnist
)";

inline constexpr char kMetaGradient[] = R"(Compare the gradient that training uses with the exact one.

Training treats the gradients that the LSTM sees as constants, backpropagates through --unroll steps at a time,
and has a --discount. In the exact gradient of the summed loss, those gradients depend on theta. This follows one
trajectory of the trained optimizer on a training function, and compares the two, for several lengths of the
unroll and without truncation. The weights of several LSTMs (--groups conv,fc) are named with their group; an
optimizer with a rule for a group is refused. Computes in double precision, in the program l2l-double.
Memory grows with the square root of --steps: about 60 kB per coordinate at 100 steps (1.1 GB for mnist).

Writes DIR/meta_gradient.csv, meta_gradient.json and meta_gradient.png.

Example: l2l meta-gradient --run runs/mnist --unrolls 1,5,20
)";

}  // namespace l2l::description
