#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "autodiff/format.h"
#include "autodiff/tape_graph.h"

namespace l2l {

// ---- Text -----------------------------------------------------------------------------------------------------

std::string dot_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      result += ' ';
    } else if (c == '&') {
      result += "&amp;";  // dot reads entities of HTML
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result + '"';
}

namespace {

std::string number(double x) { return std::isnan(x) ? "nan" : format("%.4g", x + 0.0); }  // -0 is 0

/// "value 3", "value 1, 2", or "|value| 2.236"
std::string line(const char* what, const Real* data, Index n) {
  std::string text = std::string("\n") + what;
  if (n > TapeGraph::kShown) {
    double squares = 0;
    for (Index k = 0; k < n; ++k) squares += static_cast<double>(data[k]) * static_cast<double>(data[k]);
    return std::string("\n|") + what + "| " + number(std::sqrt(squares));
  }
  for (Index k = 0; k < n; ++k) text += (k == 0 ? " " : ", ") + number(static_cast<double>(data[k]));
  return text;
}

/// What is in the box of an array.
std::string content(const std::string& title, const Var& x, bool differentiated) {
  std::ostringstream text;
  text << title;
  if (x.shape.rank() > 0) text << "\n" << x.shape;
  if (x.size() > 0) {
    text << line("value", x.value, x.size());
    if (differentiated && x.grad != nullptr) text << line("gradient", x.grad, x.size());
  }
  return text.str();
}

std::uintptr_t address(const Real* data) { return reinterpret_cast<std::uintptr_t>(data); }
std::uintptr_t end_of(const Var& x) { return address(x.value + x.size()); }

/// Whether x is a view of `whole`, with its gradient or as a constant.
bool is_part(const Var& x, const Var& whole) {
  const bool values = address(whole.value) <= address(x.value) && end_of(x) <= end_of(whole);
  const std::uintptr_t offset = address(x.value) - address(whole.value);
  return values && (x.grad == nullptr || (whole.grad != nullptr && address(x.grad) - address(whole.grad) == offset));
}
/// Whether they are one array, perhaps under two shapes, or as a constant too.
bool is_same(const Var& x, const Var& y) {
  return x.value == y.value && x.size() == y.size() && (x.grad == y.grad || x.grad == nullptr || y.grad == nullptr);
}

}  // namespace

// ---- The drawing ----------------------------------------------------------------------------------------------

class TapeGraph::Writer {
 public:
  explicit Writer(const TapeGraph& graph) : tape_(graph.tape_) {
    if (graph.round_ == tape_.round()) {
      names_ = graph.names_;
      cuts_ = graph.cuts_;
      groups_ = graph.groups_;
    }
    const std::size_t n = tape_.nodes();
    group_of_.assign(n, -1);
    for (std::size_t g = 0; g < groups_.size(); ++g) {  // the inner ones come later
      groups_[g].last = std::min(groups_[g].last, n);
      for (std::size_t k = groups_[g].first; k < groups_[g].last; ++k) group_of_[k] = static_cast<int>(g);
    }
    for (std::size_t k = 0; k < n; ++k) node_at_[address(tape_.node(k).result.value)] = k;
    find_leaves();
  }

  std::string text(Direction direction) {
    out_ << "digraph tape {\n  rankdir=" << (direction == Direction::right ? "LR" : "TB")
         << "\n  graph [fontname=\"Helvetica\", fontsize=12, labeljust=l, style=rounded, color=gray60]\n"
            "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=11]\n"
            "  edge [fontname=\"Helvetica\", fontsize=10]\n";
    write_group(-1, "  ");
    write_edges();
    out_ << "}\n";
    return out_.str();
  }

 private:
  /// An array with a box: the result of a node, or a leaf.
  struct Source {
    bool leaf;
    std::size_t index;
  };
  enum class Edge { gradient, constant, cut };
  struct Leaf {
    Var array;
    int frame = -1;  // the group that it is drawn in
    bool used = false;
  };

  /// The last name of an array, or nullptr.
  const Named* name_of(const Var& x) const {
    const auto last = std::find_if(names_.rbegin(), names_.rend(), [&](const Named& n) { return is_same(n.array, x); });
    return last == names_.rend() ? nullptr : &*last;
  }

  /// The node that made x, or -1.
  std::ptrdiff_t maker(const Var& x) const {
    auto next = node_at_.upper_bound(address(x.value));
    if (next == node_at_.begin()) return -1;
    const std::size_t k = std::prev(next)->second;
    return is_part(x, tape_.node(k).result) ? static_cast<std::ptrdiff_t>(k) : -1;
  }
  Source source(const Var& x) const {
    if (const std::ptrdiff_t k = maker(x); k >= 0) return {false, static_cast<std::size_t>(k)};
    const auto leaf = std::ranges::find_if(leaves_, [&](const Leaf& leaf) { return is_part(x, leaf.array); });
    return {true, static_cast<std::size_t>(leaf - leaves_.begin())};
  }
  const Var& array(Source source) const {
    return source.leaf ? leaves_[source.index].array : tape_.node(source.index).result;
  }

  void find_leaves() {
    const auto add = [&](const Var& x) {
      if (maker(x) >= 0 || std::ranges::any_of(leaves_, [&](const Leaf& leaf) { return is_part(x, leaf.array); }))
        return;
      // Its parts that came before are no leaves of their own; it takes the place of the first.
      const auto part = [&](const Leaf& leaf) { return is_part(leaf.array, x); };
      const auto first = std::ranges::find_if(leaves_, part);
      if (first == leaves_.end()) {
        leaves_.push_back({x});
      } else {
        leaves_.erase(std::remove_if(first + 1, leaves_.end(), part), leaves_.end());
        first->array = x;
      }
    };
    for (const Named& named : names_) add(named.array);
    for (std::size_t k = 0; k < tape_.nodes(); ++k) {
      for (const Var& x : tape_.node(k).inputs) add(x);
    }
    for (const Cut& cut : cuts_) add(cut.from), add(cut.to);
    // A leaf stands in the frame in which it was named, or else in the innermost one around all that use it.
    for (std::size_t k = 0; k < tape_.nodes(); ++k) {
      for (const Var& x : tape_.node(k).inputs) {
        const Source s = source(x);
        if (!s.leaf) continue;
        Leaf& leaf = leaves_[s.index];
        const int g = frame(group_of_[k]);
        leaf.frame = leaf.used ? common(leaf.frame, g) : g;
        leaf.used = true;
      }
    }
    for (Leaf& leaf : leaves_) {
      if (const Named* named = name_of(leaf.array)) leaf.frame = frame(named->group);
    }
  }

  /// The outermost folded group that g is in, or -1.
  int fold(int g) const {
    int outermost = -1;
    for (; g >= 0; g = groups_[g].parent) {
      if (groups_[g].folded) outermost = g;
    }
    return outermost;
  }
  /// The innermost group around g that is drawn as a frame, or -1.
  int frame(int g) const {
    if (const int folded = fold(g); folded >= 0) g = groups_[folded].parent;
    while (g >= 0 && groups_[g].first == groups_[g].last) g = groups_[g].parent;
    return g;
  }
  /// The innermost group that both are in.
  int common(int g, int other) const {
    const auto contains = [&](int outer, int inner) {
      while (inner >= 0 && inner != outer) inner = groups_[inner].parent;
      return inner == outer;
    };
    while (g >= 0 && !contains(g, other)) g = groups_[g].parent;
    return g;
  }

  /// Everything in group g, or with -1 in none.
  void write_group(int g, const std::string& indent) {
    for (std::size_t k = 0; k < leaves_.size(); ++k) {
      if (leaves_[k].frame == g) write_leaf(k, indent);
    }
    const std::size_t last = g < 0 ? tape_.nodes() : groups_[g].last;
    for (std::size_t k = g < 0 ? 0 : groups_[g].first; k < last;) {
      int child = group_of_[k];
      if (child == g) {
        write_node(k++, indent);
        continue;
      }
      while (groups_[child].parent != g) child = groups_[child].parent;
      const Range& range = groups_[child];
      if (range.folded) {
        const std::size_t count = range.last - range.first;
        const std::string label = range.label + "\n" + std::to_string(count) + (count == 1 ? " op" : " ops");
        out_ << indent << "group" << child << " [label=" << dot_text(label) << ", fillcolor=\"#fcefd0\"]\n";
      } else {
        out_ << indent << "subgraph cluster_" << child << " {\n"
             << indent << "  label=" << dot_text(range.label) << "\n";
        write_group(child, indent + "  ");
        out_ << indent << "}\n";
      }
      k = range.last;
    }
  }

  void write_leaf(std::size_t k, const std::string& indent) {
    const Var& x = leaves_[k].array;
    const bool variable = x.grad != nullptr;
    const Named* const named = name_of(x);
    const std::string title = named ? named->name : variable ? "variable" : "constant";
    out_ << indent << "leaf" << k << " [label=" << dot_text(content(title, x, tape_.ran_backward()))
         << (variable ? ", fillcolor=\"#d6e6f5\"" : ", style=\"rounded,filled,dashed\", fillcolor=gray94, color=gray50")
         << "]\n";
  }

  void write_node(std::size_t k, const std::string& indent) {
    const auto& [op, inputs, result] = tape_.node(k);
    const Named* const named = name_of(result);
    const std::string title = named ? named->name + ": " + op : op;
    out_ << indent << "op" << k << " [label=" << dot_text(content(title, result, tape_.ran_backward())) << "]\n";
  }

  /// The box that an array is drawn in.
  struct Box {
    std::string id;
    bool folded;

    bool operator==(const Box&) const = default;
  };
  Box box(Source source) const {
    if (source.leaf) return {"leaf" + std::to_string(source.index), false};
    const int folded = fold(group_of_[source.index]);
    if (folded >= 0) return {"group" + std::to_string(folded), true};
    return {"op" + std::to_string(source.index), false};
  }

  void write_edges() {
    for (std::size_t k = 0; k < tape_.nodes(); ++k) {
      for (const Var& x : tape_.node(k).inputs) write_edge(x, box({false, k}));
    }
    for (const Cut& cut : cuts_) write_line(box(source(cut.from)), box(source(cut.to)), "", Edge::cut);
  }

  /// From where x was made to an op that uses it. The label is what its two boxes do not say.
  void write_edge(const Var& x, const Box& to) {
    const Source made = source(x);
    const Var& whole = array(made);
    const Box from = box(made);
    if (from == to) return;  // within a folded group
    std::ostringstream label;
    const Named* const named = from.folded || !is_same(x, whole) ? name_of(x) : nullptr;
    if (named) {
      label << named->name;
    } else if (!from.folded && !to.folded && x.shape != whole.shape) {
      label << x.shape;
    }
    write_line(from, to, label.str(), x.grad ? Edge::gradient : whole.grad ? Edge::cut : Edge::constant);
  }

  /// At a folded group, of several lines that look the same only one is drawn.
  void write_line(const Box& from, const Box& to, std::string label, Edge kind) {
    std::vector<std::string> attributes;
    if (kind == Edge::cut) {
      label += label.empty() ? "cut" : ", cut";
      attributes = {"style=dashed", "color=\"#c03030\"", "fontcolor=\"#c03030\""};
    } else if (kind == Edge::constant) {
      attributes = {"style=dashed", "color=gray50"};
    }
    if (!label.empty()) attributes.insert(attributes.begin(), "label=" + dot_text(label));
    std::string line = "  " + from.id + " -> " + to.id;
    for (std::size_t k = 0; k < attributes.size(); ++k) line += (k == 0 ? " [" : ", ") + attributes[k];
    line += attributes.empty() ? "\n" : "]\n";
    if ((!from.folded && !to.folded) || written_.insert(line).second) out_ << line;
  }

  const Tape& tape_;
  std::vector<Named> names_;
  std::vector<Cut> cuts_;
  std::vector<Range> groups_;
  std::vector<int> group_of_;  // the innermost one of each node, or -1
  std::map<std::uintptr_t, std::size_t> node_at_;  // by the address of its result
  std::vector<Leaf> leaves_;
  std::set<std::string> written_;
  std::ostringstream out_;
};

std::string TapeGraph::dot(Direction direction) const { return Writer(*this).text(direction); }

}  // namespace l2l
