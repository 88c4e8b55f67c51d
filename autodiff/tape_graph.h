#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autodiff/tape.h"

namespace l2l {

/// What a tape holds, as a drawing: text in the language DOT, of which Graphviz's `dot` makes a picture.
///
///     tape.set_debug(true);  // nodes keep their inputs and results
///     TapeGraph graph(tape);
///     const Var a = graph.name(tape.variable({}, two), "a"), loss = square(a);
///     tape.backward(loss);
///     std::puts(graph.dot().c_str());  // | dot -Tsvg > graph.svg
///
/// Every recorded op is a box with its name, its shape, its value, and after `backward` its gradient. Of arrays with
/// more than `kShown` elements it shows the Euclidean norms, |value| and |gradient|. Variables are blue, constants grey
/// and dashed.
///
///     solid black edge   the gradient flows back along it
///     dashed grey edge   from a constant
///     dashed red edge    the gradient is cut: the array has one, the op takes its values as constants
///
/// Ops on constants leave no node, so their results are constants like others. Views (`slice`, `reshape`) are edges
/// with the view's name or shape. Leaves are not on a tape: one that is used in parts is one box if it has a name,
/// otherwise there is a box for each part.
class TapeGraph {
 public:
  static constexpr Index kShown = 4;
  enum class Direction { right, down };

  /// Draws this tape, which must outlive it and record in debug mode. Names and groups are those of the tape's current
  /// round, and forgotten when it is cleared.
  explicit TapeGraph(const Tape& tape) : tape_(tape) {}
  TapeGraph(const TapeGraph&) = delete;
  TapeGraph& operator=(const TapeGraph&) = delete;

  /// What x, or a view, is called; its last name counts. Returns x.
  Var name(const Var& x, std::string name);
  /// Says that the constant `to` was computed from `from` where this tape does not see it, as on another tape.
  void cut(const Var& from, const Var& to);

  /// The ops that are recorded while it lives. Groups may be nested.
  class Group {
   public:
    ~Group();
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

   private:
    friend TapeGraph;
    Group(TapeGraph& graph, std::string label, bool folded);
    TapeGraph& graph_;
    std::uint32_t round_;
    int group_;
  };
  /// A frame around its ops …
  [[nodiscard]] Group group(std::string label) { return {*this, std::move(label), false}; }
  /// … or one box in place of them, whose edges are those that lead in and out.
  [[nodiscard]] Group folded(std::string label) { return {*this, std::move(label), true}; }

  /// The drawing of what is on the tape now.
  std::string dot(Direction direction = Direction::right) const;

 private:
  struct Named {
    Var array;
    std::string name;
    int group;  // that was open
  };
  struct Cut {
    Var from, to;
  };
  struct Range {  // a group: of the nodes from `first` to before `last`
    std::string label;
    bool folded;
    int parent;  // the group around it, or -1
    std::size_t first, last;
  };
  class Writer;

  void begin_round();

  const Tape& tape_;
  std::uint32_t round_ = 0;  // of what follows
  std::vector<Named> names_;
  std::vector<Cut> cuts_;
  std::vector<Range> groups_;  // in the order in which they began
  int open_ = -1;  // the innermost one that lives
};

/// A text within double quotes as DOT understands it: escaped, on one line.
std::string dot_text(std::string_view text);

}  // namespace l2l
