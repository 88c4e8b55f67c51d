#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "optim/study/walk.h"
#include "optim/tune.h"
#include "optimizees/registry.h"

namespace l2l {

/// One optimizer's path, on the plane of the picture.
struct WalkPath {
  std::string name;
  std::optional<double> learning_rate;  // none for the learned optimizer
  std::vector<std::array<double, 2>> points;  // up to the last with a finite loss
  std::vector<double> losses;  // of all steps
  double outside = 0;  // see `share_outside` in optim/study/walk.h
};

/// What l2l walk found.
struct Walk {
  std::string optimizee;
  OptionValues options;
  std::string trained_on;  // the optimizee of the training
  int trained_steps = 0;  // see RunFolder::trained_steps
  int function = 0, steps = 0, tune_functions = 0;
  Criterion criterion = Criterion::final;
  std::uint64_t seed = 0;

  bool plane = false;  // it is one through θ_0 and two ends; else θ has two coordinates
  bool filter_normalised = false;  // the directions of the plane are
  std::array<std::string, 2> axes;  // what x and y are: a coordinate, or whose end the direction points to
  int batches = 1;  // minibatches that the losses on the grid are means of
  PlaneGrid grid = {};
  std::vector<double> losses;  // row by row
  std::vector<std::array<double, 2>> minima;
  std::vector<WalkPath> paths;  // the learned optimizer's first
};

/// `columns` points from left to right of the smallest rectangle, 4 wide and 3 high, that shows the minima and all of
/// the paths where their loss is at most `loss_cap(walk)`, with a margin.
PlaneGrid grid_around(const Walk& walk, int columns);
/// Losses above it do not set the scale: ten times that at θ_0.
double loss_cap(const Walk& walk);

/// `optimizer,step,x,y,loss`: a line per optimizer and step as far as its losses are finite.
std::string walk_csv(const Walk& walk);
/// Settings, the grid and the paths; numbers that are not finite are null.
std::string walk_json(const Walk& walk);
/// A table to read: losses, and how much of a path is outside of the plane.
std::string walk_table(const Walk& walk);

/// gnuplot commands: contour lines of the loss, and the paths.
Commands walk_plot(const Walk& walk);
/// The same as a GIF of so many frames, or fewer if there are fewer steps. Each is `kFrameTime` long.
Commands walk_animation(const Walk& walk, int frames);
inline constexpr int kFrameTime = 10;  // in 1/100 s

}  // namespace l2l
