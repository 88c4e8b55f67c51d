#include "nn/lstm.h"

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "tests/nn/reference.h"

namespace l2l::lstm_test {

using namespace l2l::testing;

namespace {

constexpr int kIn = 2, kHidden = 3, kSteps = 3;
constexpr Index kBatch = 4;
/// Forward and backward in two layers: the products of a step are sums of up to 6 and 12 terms, and sigmoids, tanhs and
/// their products have about 30 roundings.
constexpr int kRoundings = 2 * kSteps * (2 * (6 + 12) + 2 * 30);

/// A layer's step as in a textbook, in elementary ops.
LstmState composed_step(const Layout& layout, const std::string& suffix, Var theta, Var x, const LstmState& state) {
  const Index H = state.h.shape[0];
  const auto parameter = [&](const char* name) { return layout.find(name + suffix).in(theta); };
  const Var gates = add_column_bias(matmul(parameter("m.weight_ih"), x) + matmul(parameter("m.weight_hh"), state.h),
                                    parameter("m.bias"));
  const Var i = sigmoid(slice(gates, 0, H)), f = sigmoid(slice(gates, H, H)), g = tanh(slice(gates, 2 * H, H)),
            o = sigmoid(slice(gates, 3 * H, H));
  const Var c = f * state.c + i * g;
  return {o * tanh(c), c};
}

}  // namespace

TEST_CASE("the fused LSTM equals one composed of elementary ops, in values and gradients") {
  Layout layout;
  const Lstm lstm(layout, "m", kIn, kHidden, 2);
  Rng rng(1);
  std::vector<Real> theta(layout.size()), inputs(kSteps * kIn * kBatch);
  lstm.init(rng, theta);
  rng.fill_normal(inputs, 0, 1);

  std::vector<double> values[2], theta_gradient[2], input_gradient[2];
  for (int fused : {0, 1}) {
    Tape tape;
    const Var t = tape.variable({layout.size()}, theta), x = tape.variable({kSteps, kIn * kBatch}, inputs);
    Lstm::State state = lstm.zero_state(tape, kBatch);
    Var loss = tape.constant({}, Real(0));
    for (int step = 0; step < kSteps; ++step) {
      Var h = reshape(slice(x, step, 1), {kIn, kBatch});
      if (fused) {
        h = lstm(t, h, state);
      } else {
        for (int layer : {0, 1}) {
          state[layer] = composed_step(layout, "_l" + std::to_string(layer), t, h, state[layer]);
          h = state[layer].h;
        }
      }
      loss = loss + sum(h * tape.constant({kHidden, kBatch}, ramp(kHidden * kBatch)));
    }
    tape.backward(loss);
    for (const LstmState& layer : state) {
      for (const Var& v : {layer.h, layer.c}) values[fused].insert(values[fused].end(), v.value, v.value + v.size());
    }
    theta_gradient[fused].assign(t.gradient().begin(), t.gradient().end());
    input_gradient[fused].assign(x.gradient().begin(), x.gradient().end());
  }
  const auto compare = [](const std::vector<double>& fused, const std::vector<double>& composed) {
    const std::vector<Real> x(fused.begin(), fused.end());
    check_close(x, rounded(composed, 2 * kRoundings));
  };
  compare(values[1], values[0]);
  compare(theta_gradient[1], theta_gradient[0]);
  compare(input_gradient[1], input_gradient[0]);
}

TEST_CASE("the LSTM's gradient agrees with differences") {
  Layout layout;
  const Lstm lstm(layout, "m", kIn, kHidden, 2);
  const auto last_h_and_c = [&](Tape& tape, std::span<const Var> v) {
    Lstm::State state = lstm.zero_state(tape, kBatch);
    for (int step = 0; step < kSteps; ++step) lstm(v[0], v[1 + step], state);
    return concat({state[0].c, state[1].h, state[1].c});
  };
  const Shape x = {kIn, kBatch};
  const GradientCheck check = gradcheck(last_h_and_c, {Shape{layout.size()}, x, x, x});
  INFO(check.worst);
  CHECK(check);
}

TEST_CASE("the LSTM equals PyTorch's") {
  // m = torch.nn.LSTM(2, 3, num_layers=2)  # in double
  // for n, p in m.named_parameters(): p.data = ramp(*p.shape) * {"bias_ih": 0.25, "bias_hh": 0.75}.get(n[:7], 1)
  // x = ramp(3, 4, 2).requires_grad_()  # steps, batch, features
  // y, (h, c) = m(x); (y[-1] * ramp(3, 4).T).sum().backward()
  // show(y[-1].T); show(c[1].T); show(x.grad[0].T)
  // for k in (0, 1):
  //     for n in ("weight_ih", "weight_hh", "bias_ih"): show(getattr(m, n + "_l%d" % k).grad)
  Layout layout;
  const Lstm lstm(layout, "m", kIn, kHidden, 2);
  Tape tape;
  const Var theta = tape.variable({layout.size()}, ramp_parameters(layout));
  const std::vector<Real> inputs = ramp(kSteps * kBatch * kIn);
  Lstm::State state = lstm.zero_state(tape, kBatch);
  Var first, h;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<Real> transposed(kIn * kBatch);  // theirs: [N, in], ours: [in, N]
    for (Index n = 0; n < kBatch; ++n) {
      for (Index k = 0; k < kIn; ++k) transposed[k * kBatch + n] = inputs[(step * kBatch + n) * kIn + k];
    }
    const Var x = tape.variable({kIn, kBatch}, transposed);
    if (step == 0) first = x;
    h = lstm(theta, x, state);
  }
  tape.backward(sum(h * tape.constant({kHidden, kBatch}, ramp(kHidden * kBatch))));
  check_close(h.values(), printed(10,
                                  {-0.22881035, -0.2124086498, -0.2167115744, -0.2236566247, 0.1992449836, 0.1953613075,
                                   0.1978893778, 0.1901914072, 0.2220778964, 0.2367387803, 0.2228731179, 0.2351395126},
                                  kRoundings));
  check_close(state[1].c.values(),
              printed(10,
                      {-1.007608967, -0.9095390658, -0.9971661665, -0.9389183856, 0.690659817, 0.7691944515,
                       0.6905823299, 0.7529170177, 0.37679073, 0.4198495327, 0.3688872866, 0.4282487149},
                      kRoundings));
  // Every gradient has the derivative of a sigmoid, at most 1/4, as a factor.
  check_close(first.gradient(), printed(10,
                                        {0.006157572858, 0.009225365014, -0.003552633272, -0.01822062545, 0.01764830572,
                                         -0.007985993772, -0.0175079414, 0.008913372374},
                                        kRoundings, 0.25));
  const auto gradient = [&](const char* name) {
    const Parameter& p = layout.find(name);
    return theta.gradient().subspan(p.offset, p.shape.size());
  };
  check_close(
      gradient("m.weight_ih_l0"),
      printed(10, {-0.003808476597, -0.005958721943, 0.01306728821,  0.001476240087,  -0.003722674458, 0.00792710317,
                   -0.004425623095, 0.001745898277,  0.001924013333, -0.002403485078, -0.001188248045, 0.001434330283,
                   0.02415959422,   0.001982303586,  0.0238033141,   0.001087088859,  -0.07707843001,  -0.01101465281,
                   -0.02441387268,  -0.005916522303, 0.009581252518, -0.004378182846, -0.002841121415, 0.00753278498},
              kRoundings, 0.25));
  check_close(gradient("m.weight_hh_l0"),
              printed(10, {0.00056910685,    -0.0004537552777, 0.0004049803414,  -0.001180573315,  0.0002059768446,
                           -0.0009812540629, 0.002444734946,   -0.0004105335078, -0.0004278002887, 0.001554911447,
                           -0.0009234534982, 0.0001159488665,  -0.0006349081601, 0.0002840447992,  0.0001199135872,
                           -0.0003764918074, 0.0003860618245,  0.0001856122528,  -0.005524586653,  0.002482865802,
                           -0.001501674438,  -0.003976698104,  0.001048388121,   -0.003948666905,  0.01759187906,
                           -0.009581076305,  0.004213242827,   0.005667067193,   -0.004023139747,  0.001393390961,
                           -0.00232845693,   -5.803986041e-05, -0.000636684262,  0.001091664158,   -0.0006141111576,
                           -0.001051216108},
                      kRoundings, 0.25));
  check_close(gradient("m.bias_l0"),
              printed(10,
                      {-0.007328991884, 0.008681326935, 0.002013531346, -0.007161559226, 0.002746517819, 0.00439647742,
                       0.01990431059, -0.01631615463, -0.08568017121, -0.03195432999, 0.009119597432, -0.001488184243},
                      kRoundings, 0.25));
  check_close(
      gradient("m.weight_ih_l1"),
      printed(10,
              {0.007308468096,  -0.002925822389,  -0.001079019068, -0.009868303158, 0.002697183989,  0.003025027878,
               0.003689169396,  -6.868950758e-05, 0.01394701462,   0.00246015644,   -0.000566798783, -0.00182904473,
               -0.002431728424, 0.0006271988152,  0.003743068292,  0.0009367948292, 0.0002331821625, 0.003425404137,
               -0.01538954864,  0.005620441958,   -0.003932476583, -0.007500821018, 0.002153502687,  -0.0001764229163,
               0.007257581148,  -0.002268777775,  0.01243883737,   0.01553864205,   -0.003038359651, -0.01456166064,
               -0.007141204131, 0.002691494859,   0.01676093459,   0.002179828977,  0.001454704537,  0.01142806263},
              kRoundings, 0.25));
  check_close(
      gradient("m.weight_hh_l1"),
      printed(10, {0.00236286272,   -0.003067471556, -0.003235041109, -0.003656725416, 0.004030645621,  0.004271088202,
                   -0.006494969047, 0.004269298572,  0.004760683078,  0.0009953542969, -0.001338530138, -0.001519872364,
                   -0.002186831598, 0.002210755512,  0.002401613335,  -0.001653251474, 0.001087315607,  0.001184261072,
                   -0.001547998657, 0.00270870764,   0.002873148983,  -0.002030826244, 0.002353957317,  0.002456184315,
                   -0.004230016976, 0.002180196363,  0.002476581673,  0.009813231086,  -0.01064699607,  -0.01291681239,
                   -0.00932206185,  0.008529548002,  0.009782173014,  -0.005877608201, 0.004014645614,  0.004500664761},
              kRoundings, 0.25));
  check_close(gradient("m.bias_l1"),
              printed(10,
                      {-0.02212438359, 0.03466232399, 0.02343475868, -0.007837863785, 0.01358475853, 0.006431915842,
                       0.03718591214, 0.02174229205, 0.009708168939, -0.06141690829, 0.05119822601, 0.02139024277},
                      kRoundings, 0.25));
}

TEST_CASE("elements of the batch are independent") {
  Layout layout;
  const Lstm lstm(layout, "m", 1, kHidden, 1);
  const std::vector<Real> theta = ramp_parameters(layout);
  const auto last = [&](const std::vector<Real>& x) {  // h of the first member
    Tape tape;
    const Index n = static_cast<Index>(x.size());
    Lstm::State state = lstm.zero_state(tape, n);
    const Var t = tape.constant({layout.size()}, theta);
    for (int step = 0; step < 2; ++step) lstm(t, tape.constant({1, n}, x), state);
    std::vector<double> h;
    for (int k = 0; k < kHidden; ++k) h.push_back(state[0].h.value[k * n]);
    return h;
  };
  const std::vector<double> alone = last({Real(0.5)}), together = last({Real(0.5), Real(-3), Real(40)});
  const std::vector<Real> x(alone.begin(), alone.end());
  check_close(x, rounded(together, 2 * kRoundings));
}

TEST_CASE("the LSTM's initialisation: small weights, and a forget gate that is open") {
  Layout layout;
  const Lstm lstm(layout, "m", 2, 16, 2);
  std::vector<Real> theta(layout.size(), Real(9));
  Rng rng(0);
  lstm.init(rng, theta, 1.5);
  for (const Parameter& p : layout.parameters()) {
    const bool bias = p.name.starts_with("m.bias");
    Index k = 0;
    for (Real v : p.in(std::span<const Real>(theta))) {
      const bool forget = bias && k >= 16 && k < 32;
      CHECK((forget ? v == Real(1.5) : std::abs(v) <= 0.25));
      ++k;
    }
  }
}

TEST_CASE("the LSTM refuses what does not fit") {
  Layout layout;
  const Lstm lstm(layout, "m", kIn, kHidden, 2);
  Tape tape;
  const Var theta = tape.constant({layout.size()}, Real(0));
  Lstm::State state = lstm.zero_state(tape, kBatch);
  CHECK_THROWS_AS(lstm(theta, tape.constant({kIn + 1, kBatch}, Real(0)), state), Error);
  CHECK_THROWS_AS(lstm(theta, tape.constant({kIn, kBatch + 1}, Real(0)), state), Error);
  state.pop_back();
  CHECK_THROWS_AS(lstm(theta, tape.constant({kIn, kBatch}, Real(0)), state), Error);
  CHECK_THROWS_AS(Lstm(layout, "n", kIn, 0, 1), Error);
}

}  // namespace l2l::lstm_test
