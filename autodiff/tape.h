#pragma once
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include "autodiff/arena.h"
#include "autodiff/shape.h"
#include "autodiff/types.h"

namespace l2l {

class Tape;

/// An array on a tape: a value, and a gradient unless it is a constant. `Var` is a small view into its tape's arena,
/// passed by value. It is valid until the tape is cleared.
struct Var {
  Tape* tape = nullptr;
  const Real* value = nullptr;
  Real* grad = nullptr;  // nullptr: a constant, no gradient flows into it
  Shape shape;
  std::uint32_t round = 0;  // how often the tape had been cleared when this was made

  Index size() const { return shape.size(); }
  /// The values in row-major order.
  std::span<const Real> values() const;
  /// ∂loss/∂this after `Tape::backward(loss)`; an Error for a constant.
  std::span<const Real> gradient() const;
  /// The value of an array with one element.
  Real item() const;
};

/// Records operations as they are computed and differentiates them in reverse ("reverse-mode automatic
/// differentiation"; Griewank & Walther 2008, ch. 3). The order of creation is a topological order, so `backward` is
/// one loop from the last node to the first.
///
/// A tape is an object, not a global: two may be alive at once, and neither knows of the other. What is recorded
/// between two calls of `clear` is called a round.
class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // ---- Leaves -------------------------------------------------------------------------------------------------

  /// A leaf whose gradient is wanted; `data` is copied (row-major, as many as the shape has elements).
  Var variable(const Shape& shape, std::span<const Real> data);
  /// An array through which no gradient flows; `data` is copied.
  Var constant(const Shape& shape, std::span<const Real> data);
  Var constant(const Shape& shape, Real fill);
  /// A leaf in the caller's own memory, which must outlive the round. Values are read, never written; `backward` *adds*
  /// to `grad`. Without `grad` it is a constant.
  Var leaf(const Shape& shape, const Real* value, Real* grad = nullptr);

  // ---- Differentiation ----------------------------------------------------------------------------------------

  /// Sets ∂loss/∂x in the gradient of every x that the scalar `loss` depends on. Once per round: gradients of arrays on
  /// the way are not set to 0 again, and would count twice. Every node runs, also those that the loss does not depend
  /// on: their gradient is 0. Where a derivative is infinite (sqrt at 0), this makes 0 · ∞ = NaN. So `detach` the
  /// inputs of what is only shown.
  void backward(Var loss);
  /// Forgets all nodes and arrays, and keeps the memory for the next round. All `Var`s become invalid.
  void clear();

  /// In debug mode every value and gradient is checked as it is computed. The first that is not finite throws an Error
  /// that names the op, the node and the element. Costs a pass over memory per op. Nodes keep their inputs and results,
  /// `sizeof(Var)` for each, so that the tape can be drawn (tape_graph.h).
  void set_debug(bool on) { debug_ = on; }

  /// How many threads ops on images and long arrays may use (1 by default). Results do not depend on it.
  void set_threads(int threads) { threads_ = threads; }
  int threads() const { return threads_; }

  // ---- To write an op -----------------------------------------------------------------------------------------

  /// The result of an op, whose values are written through `out`.
  struct Output : Var {
    Real* out = nullptr;
  };
  /// Checks that all inputs are alive and on one tape, and makes the op's result: values uninitialised, gradient 0, or
  /// a constant if all inputs are.
  static Output output(const char* op, const Shape& shape, std::span<const Var> inputs);
  static Output output(const char* op, const Shape& shape, std::initializer_list<Var> inputs) {
    return output(op, shape, std::span<const Var>(inputs.begin(), inputs.size()));
  }
  /// A result that shares memory with `x`, from element `offset` on; gradients flow without a node.
  static Var view(const char* op, Var x, Index offset, const Shape& shape);
  /// To be called when the values of `y` are computed, with the op and inputs that `output` got. `backward()` runs when
  /// the gradient of `y` is complete, and must *add* to the gradients of the inputs that have one. It is dropped if `y`
  /// is a constant.
  template <class Backward>
  void record(const char* op, std::span<const Var> inputs, const Var& y, Backward backward);
  template <class Backward>
  void record(const char* op, std::initializer_list<Var> inputs, const Var& y, Backward backward) {
    record(op, std::span<const Var>(inputs.begin(), inputs.size()), y, backward);
  }
  /// Arena memory that lives as long as the round.
  Real* scratch(Index n) { return static_cast<Real*>(arena_.allocate(n * sizeof(Real))); }
  /// Temporary memory of n Reals. All ops share it, one at a time: it is an Error to ask for it while it is in use.
  class Workspace {
   public:
    Workspace(Tape& tape, Index n);
    ~Workspace() { tape_.working_ = false; }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    operator Real*() const { return data_; }

   private:
    Tape& tape_;
    Real* data_;
  };
  Workspace workspace(Index n) { return {*this, n}; }
  template <class T>
  std::span<const T> copy(std::span<const T> data);

  /// A node that was recorded in debug mode; an Error for another one.
  struct Recorded {
    const char* op;
    std::span<const Var> inputs;
    const Var& result;
  };
  Recorded node(std::size_t k) const;
  /// How often the tape has been cleared, and whether it has run backward since.
  std::uint32_t round() const { return round_; }
  bool ran_backward() const { return ran_backward_; }

  /// How many nodes are recorded; the arena's bytes used in this round, and all that are held.
  std::size_t nodes() const { return nodes_.size(); }
  std::size_t bytes_used() const { return arena_.used(); }
  std::size_t bytes_held() const { return arena_.capacity() + workspace_.capacity(); }

  /// Throws an Error that begins with `where` unless `x` is alive.
  static void check_alive(const char* where, const Var& x);

 private:
  struct Node {
    const char* op;
    void (*run)(void*);
    void* closure;
    std::span<const Var> operands;  // the inputs, then the result; kept in debug mode only
  };
  std::span<const Var> keep(std::span<const Var> inputs, const Var& result);

  void check_finite(const char* what, const char* op, std::size_t node, const Real* data, const Shape& shape) const;

  Arena arena_, workspace_;
  std::vector<Node> nodes_;
  std::uint32_t round_ = 0;
  bool ran_backward_ = false;
  bool working_ = false;  // a Workspace is in use
  bool debug_ = false;
  int threads_ = 1;
};

// The closure of a node is in the arena. The arena runs no destructors, hence the two assertions: capture Vars, spans
// and numbers by value, and copy longer data with `copy`.
template <class Backward>
void Tape::record(const char* op, std::span<const Var> inputs, const Var& y, Backward backward) {
  static_assert(std::is_trivially_destructible_v<Backward>, "a node's closure must be trivially destructible");
  static_assert(std::is_trivially_copyable_v<Backward>, "a node's closure must be trivially copyable");
  if (debug_) check_finite("value", op, nodes_.size(), y.value, y.shape);
  if (y.grad == nullptr) return;
  void* closure = new (arena_.allocate(sizeof(Backward))) Backward(backward);
  nodes_.push_back({op, [](void* f) { (*static_cast<Backward*>(f))(); }, closure,
                    debug_ ? keep(inputs, y) : std::span<const Var>()});
}

template <class T>
std::span<const T> Tape::copy(std::span<const T> data) {
  static_assert(std::is_trivially_copyable_v<T>);
  T* target = static_cast<T*>(arena_.allocate(data.size_bytes()));
  for (std::size_t k = 0; k < data.size(); ++k) new (target + k) T(data[k]);
  return {target, data.size()};
}

}  // namespace l2l
