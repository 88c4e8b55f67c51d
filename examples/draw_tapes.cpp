// Draws what a tape holds of an LSTM, and of learning to learn:
//
//     draw_tapes lstm | dot -Tsvg > lstm.svg          (dot is Graphviz's; any name of the table below)
//
// The small expression of autodiff/README.md is drawn by 01_tape --graph.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/tape_graph.h"
#include "optim/learned/coordinate_model.h"

using namespace l2l;

namespace {

/// "θ_2"
std::string indexed(const char* symbol, int t) { return std::string(symbol) + "_" + std::to_string(t); }

/// A step of an LSTM with one layer of 20 units, for a batch of 8.
std::string lstm() {
  Layout layout;
  const Lstm lstm(layout, "lstm", 2, 20, 1);
  std::vector<Real> weights(layout.size()), gradient(layout.size()), x(2 * 8), h(20 * 8), c(20 * 8);
  Rng rng(1);
  lstm.init(rng, weights);
  for (std::vector<Real>* numbers : {&x, &h, &c}) rng.fill_normal(*numbers, 0, 0.5);

  Tape tape;
  tape.set_debug(true);
  TapeGraph graph(tape);
  const Var theta = tape.leaf({layout.size()}, weights.data(), gradient.data());
  const Lstm::Layer& layer = lstm.layers().front();
  graph.name(layer.weight_ih.in(theta), "weight_ih");
  graph.name(layer.weight_hh.in(theta), "weight_hh");
  graph.name(layer.bias.in(theta), "bias");
  const Var x_0 = graph.name(tape.constant({2, 8}, x), "x_0");
  Lstm::State state = {{graph.name(tape.constant({20, 8}, h), "h_0"), graph.name(tape.constant({20, 8}, c), "c_0")}};
  {
    const auto step = graph.group("a step of the LSTM");
    lstm(theta, x_0, state);
  }
  graph.name(state[0].h, "h_1");
  graph.name(state[0].c, "c_1");
  tape.backward(graph.name(sum(square(state[0].h)) + sum(square(state[0].c)), "loss"));
  return graph.dot();
}

/// The unroll of README.md, of three steps: the paper's LSTM on f(θ) = Σ_k (θ_k - 3)².
std::string unroll() {
  const CoordinateModel m({.preprocess = {Preprocess::Kind::none, 1}});
  const Index n = 10, weights = m.layout().size();
  std::vector<Real> phi_0(weights), phi_gradient(weights), theta_0(n);
  Rng rng(0);
  m.init(rng, phi_0);

  Tape inner, outer;
  outer.set_debug(true);
  TapeGraph graph(outer);
  const Var phi = graph.name(outer.leaf({weights}, phi_0.data(), phi_gradient.data()), "φ");
  Lstm::State z = m.lstm().zero_state(outer, n);
  graph.name(z[0].h, "z_0");
  Var theta = graph.name(outer.constant({n}, theta_0), "θ_0"), L;
  for (int t = 0; t <= 3; ++t) {
    const auto step = graph.group("step " + std::to_string(t));
    inner.clear();
    const Var x = inner.variable({n}, theta.values()), f = sum(square(x - 3));
    inner.backward(f);
    const Var f_t = graph.name(known_gradient(theta, f.item(), x.gradient()), indexed("f", t));
    L = t == 0 ? f_t : L + f_t;
    if (t == 3) break;
    const Var gradient = graph.name(outer.constant({1, n}, x.gradient()), indexed("∇", t));
    graph.cut(theta, gradient);
    Var u;
    {
      const auto model = graph.folded("m");
      u = m(phi, gradient, z);
    }
    graph.name(u, indexed("u", t));
    for (const LstmState& layer : z) graph.name(layer.h, indexed("z", t + 1)), graph.name(layer.c, indexed("z", t + 1));
    theta = graph.name(theta + u, indexed("θ", t + 1));
  }
  outer.backward(graph.name(L, "L"));
  return graph.dot(TapeGraph::Direction::down);
}

struct Drawing {
  const char* name;
  std::string (*draw)();
};
constexpr Drawing kDrawings[] = {{"lstm", lstm}, {"unroll", unroll}};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [name, draw] : kDrawings) {
    if (argc == 2 && std::string_view(argv[1]) == name) return std::fputs(draw().c_str(), stdout) < 0;
  }
  std::fputs("draw_tapes: its argument is the name of a drawing:", stderr);
  for (const Drawing& drawing : kDrawings) std::fprintf(stderr, " %s", drawing.name);
  std::fputs("\n", stderr);
  return 2;
}
