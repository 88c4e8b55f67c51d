#include "autodiff/tape_graph.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::tape_graph_test {

using namespace l2l::testing;

namespace {

const std::string kHead = R"(digraph tape {
  rankdir=LR
  graph [fontname="Helvetica", fontsize=12, labeljust=l, style=rounded, color=gray60]
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11]
  edge [fontname="Helvetica", fontsize=10]
)";

Var scalar(Tape& tape, Real x) { return tape.variable({}, std::vector<Real>{x}); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// How often `part` occurs.
int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (std::size_t k = text.find(part); k != std::string::npos; k = text.find(part, k + 1)) ++n;
  return n;
}

struct Drawn {
  Tape tape;
  TapeGraph graph{tape};
  Drawn() { tape.set_debug(true); }
};

}  // namespace

TEST_CASE("tape graph: a small expression, before and after backward") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var w = graph.name(scalar(tape, 2), "w"), x = graph.name(tape.constant({}, Real(3)), "x");
  const Var b = scalar(tape, -1);
  const Var loss = graph.name(square(w * x + b), "loss");
  const std::string edges = R"(  leaf0 -> op0
  leaf1 -> op0 [style=dashed, color=gray50]
  op0 -> op1
  leaf2 -> op1
  op1 -> op2
}
)";
  const std::string constant = R"(
  leaf1 [label="x\nvalue 3", style="rounded,filled,dashed", fillcolor=gray94, color=gray50]
)";
  CHECK(graph.dot() == kHead + R"(  leaf0 [label="w\nvalue 2", fillcolor="#d6e6f5"])" + constant +
                           R"(  leaf2 [label="variable\nvalue -1", fillcolor="#d6e6f5"]
  op0 [label="*\nvalue 6"]
  op1 [label="+\nvalue 5"]
  op2 [label="loss: square\nvalue 25"]
)" + edges);
  tape.backward(loss);  // ∂(wx + b)²/∂w = 2 · 5 · 3
  CHECK(graph.dot() == kHead + R"(  leaf0 [label="w\nvalue 2\ngradient 30", fillcolor="#d6e6f5"])" + constant +
                           R"(  leaf2 [label="variable\nvalue -1\ngradient 10", fillcolor="#d6e6f5"]
  op0 [label="*\nvalue 6\ngradient 10"]
  op1 [label="+\nvalue 5\ngradient 10"]
  op2 [label="loss: square\nvalue 25\ngradient 1"]
)" + edges);
  CHECK(contains(graph.dot(TapeGraph::Direction::down), "rankdir=TB\n"));
}

TEST_CASE("tape graph: an empty tape, and one that was cleared") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  CHECK(graph.dot() == kHead + "}\n");
  {
    const auto group = graph.group("left in the middle");
    graph.name(square(scalar(tape, 2)), "old");
    tape.clear();
  }
  CHECK(graph.dot() == kHead + "}\n");
  square(scalar(tape, 2));
  CHECK(graph.dot() == kHead + R"(  leaf0 [label="variable\nvalue 2", fillcolor="#d6e6f5"]
  op0 [label="square\nvalue 4"]
  leaf0 -> op0
}
)");
  // Names and groups of the new round are not mixed with the old ones.
  {
    const auto group = graph.group("new");
    exp(scalar(tape, 0));
  }
  CHECK(count(graph.dot(), "subgraph cluster_") == 1);
  CHECK_FALSE(contains(graph.dot(), "old"));
}

TEST_CASE("tape graph: shapes, values of small arrays, norms of larger ones") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = tape.variable({2, 2}, std::vector<Real>{1, -2, 0.5, -0.0});
  const Var y = tape.variable({5}, std::vector<Real>{3, 0, 0, 4, 0});
  const Var none = tape.variable({0, 3}, {});
  const Var xx = sum(square(x)), yy = sum(y * y), nothing = sum(none);
  tape.backward(xx + yy + nothing);
  const std::string dot = graph.dot();
  CHECK(contains(dot, R"("variable\n[2x2]\nvalue 1, -2, 0.5, 0\ngradient 2, -4, 1, 0")"));
  CHECK(contains(dot, R"("variable\n[5]\n|value| 5\n|gradient| 10")"));
  CHECK(contains(dot, R"("variable\n[0x3]")"));
  CHECK(count(dot, "leaf1 -> op2\n") == 2);  // y * y: both factors
}

TEST_CASE("tape graph: values that are not finite") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = scalar(tape, 0), y = x * Real(1);
  CHECK_THROWS(tape.backward(sqrt(y)));
  CHECK(contains(graph.dot(), R"("*\nvalue 0\ngradient inf")"));  // where the gradient went wrong
}

TEST_CASE("tape graph: edges along which no gradient flows") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = scalar(tape, 2), y = square(x), c = tape.constant({}, Real(1)), unseen = sqrt(c);
  y* detach(y);  // op1
  x* detach(x);  // op2
  graph.name(unseen, "1") + x;  // op3: an op on constants left no node
  const std::string dot = graph.dot(),
                    cut = " [label=\"cut\", style=dashed, color=\"#c03030\", fontcolor=\"#c03030\"]\n";
  CHECK(contains(dot, "  op0 -> op1\n  op0 -> op1" + cut));
  CHECK(contains(dot, "  leaf1 -> op2\n  leaf1 -> op2" + cut));
  CHECK(contains(dot, "  leaf0 -> op3 [style=dashed, color=gray50]\n  leaf1 -> op3\n"));
  CHECK(count(dot, "leaf0 [label=\"1\\nvalue 1\", style=\"rounded,filled,dashed\"") == 1);

  // A constant that another tape computed from y.
  const Var known = tape.constant({}, Real(7));
  known + x;
  graph.cut(y, known);
  CHECK(contains(graph.dot(), "  op0 -> leaf2" + cut));
  CHECK_THROWS_WITH(graph.cut(y, x), "cut: what was computed elsewhere is a constant, this Var has a gradient");
}

TEST_CASE("tape graph: views are edges, with their name or shape") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = tape.variable({6}, std::vector<Real>{1, 2, 3, 4, 5, 6});
  SECTION("of a leaf without a name: a box for each part") {
    sum(slice(x, 0, 2));
    sum(slice(x, 2, 4));
    CHECK(count(graph.dot(), "label=\"variable") == 2);
    sum(x);  // now they are known to be parts of one
    CHECK(count(graph.dot(), "label=\"variable") == 1);
    CHECK(contains(graph.dot(), "  leaf0 -> op0 [label=\"[2]\"]\n  leaf0 -> op1 [label=\"[4]\"]\n  leaf0 -> op2\n"));
  }
  SECTION("of a leaf with one") {
    graph.name(x, "x");
    sum(graph.name(slice(x, 0, 2), "head"));
    sum(reshape(x, {2, 3}));
    CHECK(contains(graph.dot(), "  leaf0 -> op0 [label=\"head\"]\n  leaf0 -> op1 [label=\"[2x3]\"]\n"));
  }
  SECTION("of a result") {
    const auto [h, c] = lstm_cell(reshape(exp(slice(x, 0, 4)), {4, 1}), reshape(slice(x, 4, 1), {1, 1}));
    sum(graph.name(h, "h"));
    sum(c);
    CHECK(contains(graph.dot(), "  op0 -> op1 [label=\"[4x1]\"]\n"));
    CHECK(contains(graph.dot(), "  op1 -> op2 [label=\"h\"]\n  op1 -> op3 [label=\"[1x1]\"]\n"));
  }
}

TEST_CASE("tape graph: leaves that share their values have a gradient each") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Real value = 3;
  Real gradient = 0, other = 0;
  const Var x = graph.name(tape.leaf({}, &value, &gradient), "x");
  const Var y = graph.name(tape.leaf({}, &value, &other), "y");
  tape.backward(x * y * x);
  const std::string dot = graph.dot();
  CHECK(contains(dot, R"(leaf0 [label="x\nvalue 3\ngradient 18")"));
  CHECK(contains(dot, R"(leaf1 [label="y\nvalue 3\ngradient 9")"));
}

TEST_CASE("tape graph: groups are frames, or one box if folded") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = graph.name(scalar(tape, 1), "x");
  Var y = x;
  for (int t = 0; t < 2; ++t) {
    const auto step = graph.group("step " + std::to_string(t));
    {
      const auto folded = graph.folded("twice");
      const auto inner = graph.group("not drawn");
      const Var c = tape.constant({}, Real(2));
      y = y + c;
      y = y + c;
    }
    y = square(graph.name(y, "y"));
  }
  { const auto empty = graph.group("empty"); }
  CHECK(graph.dot() == kHead + R"(  leaf0 [label="x\nvalue 1", fillcolor="#d6e6f5"]
  subgraph cluster_0 {
    label="step 0"
    leaf1 [label="constant\nvalue 2", style="rounded,filled,dashed", fillcolor=gray94, color=gray50]
    group1 [label="twice\n2 ops", fillcolor="#fcefd0"]
    op2 [label="square\nvalue 25"]
  }
  subgraph cluster_3 {
    label="step 1"
    leaf2 [label="constant\nvalue 2", style="rounded,filled,dashed", fillcolor=gray94, color=gray50]
    group4 [label="twice\n2 ops", fillcolor="#fcefd0"]
    op5 [label="square\nvalue 841"]
  }
  leaf0 -> group1
  leaf1 -> group1 [style=dashed, color=gray50]
  group1 -> op2 [label="y"]
  op2 -> group4
  leaf2 -> group4 [style=dashed, color=gray50]
  group4 -> op5 [label="y"]
}
)");
}

TEST_CASE("tape graph: a leaf is in the frame in which it was named, or around all that use it") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = scalar(tape, 1);
  Var named;
  {
    const auto outer = graph.group("outer");
    {
      const auto first = graph.group("first");
      named = graph.name(tape.constant({}, Real(5)), "named");
      square(x);
    }
    const auto second = graph.group("second");
    x + named;
  }
  const std::string dot = graph.dot();
  CHECK(contains(dot, "    label=\"outer\"\n    leaf1 [label=\"variable"));
  CHECK(contains(dot, "      label=\"first\"\n      leaf0 [label=\"named"));
}

TEST_CASE("tape graph: a group that is open is drawn as far as it goes") {
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const auto open = graph.group("open");
  square(scalar(tape, 1));
  CHECK(contains(graph.dot(), "label=\"open\"\n    leaf0"));
}

TEST_CASE("tape graph: texts are escaped") {
  CHECK(dot_text("") == R"("")");
  CHECK(dot_text("a \"b\" \\N") == R"("a \"b\" \\N")");
  CHECK(dot_text("two\nlines, a\ttab\x7f") == R"("two\nlines, a tab ")");
  CHECK(dot_text("&lt; <b> {x|y}; // θ") == R"("&amp;lt; <b> {x|y}; // θ")");
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const auto group = graph.group("\"]; }");
  square(graph.name(scalar(tape, 1), "x\" -> \"y\\"));
  CHECK(contains(graph.dot(), R"(label="\"]; }")"));
  CHECK(contains(graph.dot(), R"([label="x\" -> \"y\\\nvalue 1")"));
}

TEST_CASE("tape graph: what it refuses") {
  Tape tape, other;
  TapeGraph graph(tape);
  const Var x = scalar(tape, 1), y = scalar(other, 1);
  CHECK_THROWS_WITH(graph.name(y, "y"), "name: 'y' is on another tape");
  CHECK_THROWS_WITH(graph.cut(x, y), "cut: a Var of shape [] is on another tape");
  CHECK_THROWS_WITH(graph.name(Var{}, "nothing"), "name: a Var that was never made by a tape");
  square(x);
  CHECK_THROWS_WITH(graph.dot(),
                    "node: square (node 0 of the tape) was recorded without debug mode, so its inputs are unknown; "
                    "call set_debug(true) first");
}

TEST_CASE("tape graph: Graphviz accepts it") {
  if (std::system("command -v dot >/dev/null 2>&1") != 0) {
    WARN("not tested: there is no dot (Debian's package graphviz)");
    return;
  }
  Drawn drawn;
  auto& [tape, graph] = drawn;
  const Var x = graph.name(tape.variable({2}, std::vector<Real>{1, 2}), "\\x\"&lt;{|}>\n\x01é");
  Var y = x;
  for (const char* label : {"a \"b\"", "<c>", "d\\"}) {
    const auto step = graph.group(label);
    const auto folded = graph.folded(label);
    y = y * detach(y) + tape.constant({2}, Real(1));
  }
  tape.backward(sum(y));
  const std::string base = "tape_graph_test." + std::to_string(getpid()) + "." + std::to_string(sizeof(Real));
  const std::filesystem::path folder = std::filesystem::temp_directory_path(), dot = folder / (base + ".dot"),
                              said = folder / (base + ".txt");
  std::ofstream(dot) << graph.dot();
  const std::string call = "dot -Tplain '" + dot.string() + "' >'" + said.string() + "' 2>&1";
  const int code = std::system(call.c_str());
  std::ifstream in(said);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::filesystem::remove(dot);
  std::filesystem::remove(said);
  INFO(text);
  CHECK(code == 0);
  CHECK(text.starts_with("graph "));  // and no warning before it
  CHECK(count(text, "\nnode ") == 8);  // x, three constants, three boxes, the sum
}

}  // namespace l2l::tape_graph_test
