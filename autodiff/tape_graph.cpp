#include "autodiff/tape_graph.h"

#include <utility>

#include "autodiff/error.h"

namespace l2l {

void TapeGraph::begin_round() {
  if (round_ == tape_.round()) return;
  round_ = tape_.round();
  names_.clear();
  cuts_.clear();
  groups_.clear();
  open_ = -1;
}

Var TapeGraph::name(const Var& x, std::string name) {
  Tape::check_alive("name", x);
  if (x.tape != &tape_) throw Error("name: '", name, "' is on another tape");
  begin_round();
  names_.push_back({x, std::move(name), open_});
  return x;
}

void TapeGraph::cut(const Var& from, const Var& to) {
  for (const Var& x : {from, to}) {
    Tape::check_alive("cut", x);
    if (x.tape != &tape_) throw Error("cut: a Var of shape ", x.shape, " is on another tape");
  }
  if (to.grad != nullptr) throw Error("cut: what was computed elsewhere is a constant, this Var has a gradient");
  begin_round();
  cuts_.push_back({from, to});
}

TapeGraph::Group::Group(TapeGraph& graph, std::string label, bool folded) : graph_(graph) {
  graph.begin_round();
  round_ = graph.round_;
  group_ = static_cast<int>(graph.groups_.size());
  graph.groups_.push_back({std::move(label), folded, graph.open_, graph.tape_.nodes(), SIZE_MAX});
  graph.open_ = group_;
}

TapeGraph::Group::~Group() {
  if (round_ != graph_.tape_.round() || round_ != graph_.round_) return;  // the tape was cleared meanwhile
  Range& range = graph_.groups_[group_];
  range.last = graph_.tape_.nodes();
  graph_.open_ = range.parent;
}

}  // namespace l2l
