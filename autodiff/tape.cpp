#include "autodiff/tape.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

#include "autodiff/error.h"
#include "autodiff/kernels/parallel.h"

namespace l2l {

// ---- Var ------------------------------------------------------------------------------------------------------

std::span<const Real> Var::values() const {
  Tape::check_alive("values", *this);
  return {value, static_cast<std::size_t>(size())};
}

std::span<const Real> Var::gradient() const {
  Tape::check_alive("gradient", *this);
  if (grad == nullptr)
    throw Error("gradient: this Var of shape ", shape, " is a constant; make it with Tape::variable");
  return {grad, static_cast<std::size_t>(size())};
}

Real Var::item() const {
  Tape::check_alive("item", *this);
  if (size() != 1) throw Error("item: shape ", shape, " has ", size(), " elements, only one has an item");
  return *value;
}

// ---- Leaves ---------------------------------------------------------------------------------------------------

namespace {
void check_count(const char* where, const Shape& shape, std::size_t given) {
  if (static_cast<Index>(given) != shape.size()) {
    throw Error(where, ": ", given, " numbers given for shape ", shape, ", which takes ", shape.size());
  }
}
}  // namespace

Var Tape::variable(const Shape& shape, std::span<const Real> data) {
  check_count("variable", shape, data.size());
  Var x = constant(shape, data);
  x.grad = scratch(x.size());
  std::fill_n(x.grad, x.size(), Real(0));
  return x;
}

Var Tape::constant(const Shape& shape, std::span<const Real> data) {
  check_count("constant", shape, data.size());
  Real* value = scratch(shape.size());
  std::copy(data.begin(), data.end(), value);
  return leaf(shape, value);
}

Var Tape::constant(const Shape& shape, Real fill) {
  Real* value = scratch(shape.size());
  std::fill_n(value, shape.size(), fill);
  return leaf(shape, value);
}

Var Tape::leaf(const Shape& shape, const Real* value, Real* grad) {
  if (debug_) check_finite("value", "leaf", nodes_.size(), value, shape);
  return {this, value, grad, shape, round_};
}

// ---- Recording ------------------------------------------------------------------------------------------------

void Tape::check_alive(const char* where, const Var& x) {
  if (x.tape == nullptr) throw Error(where, ": a Var that was never made by a tape");
  if (x.round != x.tape->round_) {
    throw Error(where, ": a Var of shape ", x.shape,
                " from before its tape was cleared; create it again after clear()");
  }
}

Tape::Output Tape::output(const char* op, const Shape& shape, std::span<const Var> inputs) {
  bool differentiated = false;
  for (const Var& x : inputs) {
    check_alive(op, x);
    if (x.tape != inputs[0].tape) throw Error(op, ": its inputs are on two different tapes");
    differentiated = differentiated || x.grad != nullptr;
  }
  Tape& tape = *inputs[0].tape;
  if (differentiated && tape.ran_backward_) {
    throw Error(op, ": its tape has run backward; clear() it before recording again");
  }
  Real* const out = tape.scratch(shape.size());
  Output y = {{&tape, out, nullptr, shape, tape.round_}, out};
  if (differentiated) {
    y.grad = tape.scratch(shape.size());
    parallel_pieces(tape.threads(), shape.size(),
                    [=](Index first, Index count) { std::fill_n(y.grad + first, count, Real(0)); });
  }
  return y;
}

Var Tape::view(const char* op, Var x, Index offset, const Shape& shape) {
  check_alive(op, x);
  x.value += offset;
  if (x.grad != nullptr) x.grad += offset;
  x.shape = shape;
  return x;
}

Tape::Workspace::Workspace(Tape& tape, Index n) : tape_(tape) {
  if (tape.working_) throw Error("workspace: it is in use");
  tape.workspace_.clear();
  data_ = static_cast<Real*>(tape.workspace_.allocate(n * sizeof(Real)));
  tape.working_ = true;
}

// ---- Backward -------------------------------------------------------------------------------------------------

void Tape::backward(Var loss) {
  check_alive("backward", loss);
  if (loss.tape != this) throw Error("backward: the loss is on another tape");
  if (loss.size() != 1) throw Error("backward: the loss has shape ", loss.shape, ", it must be a scalar: sum() it");
  if (ran_backward_) throw Error("backward: this tape has run backward already; clear() it and record again");
  if (loss.grad == nullptr) throw Error("backward: the loss depends on no variable");
  ran_backward_ = true;
  *loss.grad += 1;  // zero before, unless the loss is a leaf in memory of the caller's
  for (std::size_t k = nodes_.size(); k-- > 0;) {
    const Node& node = nodes_[k];
    node.run(node.closure);
    if (!debug_ || node.operands.empty()) continue;
    for (const Var& x : node.operands.first(node.operands.size() - 1)) {
      if (x.grad != nullptr) check_finite("gradient for its input", node.op, k, x.grad, x.shape);
    }
  }
}

void Tape::clear() {
  nodes_.clear();
  arena_.clear();
  ++round_;
  ran_backward_ = false;
}

// ---- Debug mode -----------------------------------------------------------------------------------------------

std::span<const Var> Tape::keep(std::span<const Var> inputs, const Var& result) {
  Var* const kept = static_cast<Var*>(arena_.allocate((inputs.size() + 1) * sizeof(Var)));
  std::uninitialized_copy(inputs.begin(), inputs.end(), kept);
  new (kept + inputs.size()) Var(result);
  return {kept, inputs.size() + 1};
}

Tape::Recorded Tape::node(std::size_t k) const {
  if (k >= nodes_.size()) throw Error("node: there are ", nodes_.size(), " nodes on the tape, none has the number ", k);
  const auto& [op, run, closure, operands] = nodes_[k];
  if (operands.empty()) {
    throw Error("node: ", op, " (node ", k,
                " of the tape) was recorded without debug mode, so its inputs are unknown; ",
                "call set_debug(true) first");
  }
  return {op, operands.first(operands.size() - 1), operands.back()};
}

void Tape::check_finite(const char* what, const char* op, std::size_t node, const Real* data,
                        const Shape& shape) const {
  for (Index k = 0; k < shape.size(); ++k) {
    if (!std::isfinite(data[k])) {
      const char* found = std::isnan(data[k]) ? "nan" : data[k] > 0 ? "inf" : "-inf";
      throw Error(op, ": ", what, " is ", found, " at element ", k, " of ", shape, " (node ", node, " of the tape)");
    }
  }
}

}  // namespace l2l
