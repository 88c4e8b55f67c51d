#include "optim/learned/fast/lstm_kernel.h"

#include <algorithm>

#include "autodiff/error.h"
#include "autodiff/kernels/vector_math.h"

namespace l2l {
namespace {

using simd::broadcast;
using simd::horizontal_sum;
using simd::in_register;
using simd::kLanes;
using simd::load;
using simd::store;
using simd::Vec;

// Matrix products are done in tiles of 4 rows by 3 registers: 12 sums at once keep two multiply-add units busy, and
// leave 4 of 16 registers for the operands. The rows are the four gates of a unit (on the way back, four inputs), so
// they stay 4 where AVX-512 has registers for 8 (simd::kTileRows).
constexpr int kTile = 3;
constexpr Index kTileWidth = kTile * kLanes;
static_assert(kBlock % kTileWidth == 0);

using Tile = Vec[4][kTile];

/// tile[r] += Σ_k w[k][r] x[k], for rows x[k] of a block.
inline void multiply_add(Tile& tile, const Real* w, const Real* x, Index K) {
  for (Index k = 0; k < K; ++k, w += 4, x += kBlock) {
    Vec column[kTile];
    for (int v = 0; v < kTile; ++v) column[v] = in_register(load(x + v * kLanes));
    for (int r = 0; r < 4; ++r) {
      for (int v = 0; v < kTile; ++v) tile[r][v] += w[r] * column[v];
    }
  }
}

using Rows = Real[4][kBlock];

/// out[r] = bias[r] + Σ_k w[k][r] x[k] + Σ_k w[X + k][r] h[k], for X rows of x and H of h. Not inlined: what its
/// callers keep in registers would leave too few for the tile.
[[gnu::noinline]] void multiply(const Real* bias, const Real* w, const Real* x, Index X, const Real* h, Index H,
                                Rows& out) {
  for (Index column = 0; column < kBlock; column += kTileWidth) {
    Tile sum;
    for (int r = 0; r < 4; ++r) {
      for (int v = 0; v < kTile; ++v) sum[r][v] = broadcast(bias[r]);
    }
    multiply_add(sum, w, x + column, X);
    multiply_add(sum, w + X * 4, h + column, H);
    for (int r = 0; r < 4; ++r) {
      for (int v = 0; v < kTile; ++v) store(out[r] + column + v * kLanes, sum[r][v]);
    }
  }
}

/// out[r * row_stride + k] += Σ_t Σ_lane g_t[r][lane] x_t[k][lane], for 4 rows of g and Columns rows of x.
template <int Columns>
inline void outer_product_tile(const Real* g, Index g_step, const Real* x, Index x_step, Index T, Real* out,
                               Index row_stride) {
  Vec sum[4][Columns] = {};
  for (Index t = 0; t < T; ++t, g += g_step, x += x_step) {
    for (Index lane = 0; lane < kBlock; lane += kLanes) {
      Vec column[Columns];
      for (int k = 0; k < Columns; ++k) column[k] = in_register(load(x + k * kBlock + lane));
      for (int r = 0; r < 4; ++r) {
        const Vec row = in_register(load(g + r * kBlock + lane));
        for (int k = 0; k < Columns; ++k) sum[r][k] += row * column[k];
      }
    }
  }
  for (int r = 0; r < 4; ++r) {
    for (int k = 0; k < Columns; ++k) out[r * row_stride + k] += horizontal_sum(sum[r][k]);
  }
}

/// The same for any number of rows of x.
void outer_products(const Real* g, Index g_step, const Real* x, Index x_step, Index columns, Index T, Real* out,
                    Index row_stride) {
  Index k = 0;
  for (; k + 2 <= columns; k += 2) outer_product_tile<2>(g, g_step, x + k * kBlock, x_step, T, out + k, row_stride);
  for (; k < columns; ++k) outer_product_tile<1>(g, g_step, x + k * kBlock, x_step, T, out + k, row_stride);
}

}  // namespace

// ---- Weights --------------------------------------------------------------------------------------------------

LstmKernel::LstmKernel(const LstmModel& model)
    : layers_(model.config().layers),
      H_(model.config().hidden),
      features_(model.config().preprocess.features()),
      proposal_(model.proposal()),
      direction_(model.config().preprocess.direction()),
      output_weight_(model.output_weight()),
      output_bias_(model.output_bias()),
      w_out_(proposal_.outputs() * H_),
      b_out_(proposal_.outputs()) {
  for (const Lstm::Layer& source : model.lstm().layers()) {
    const Index in = source.weight_ih.shape[1];
    const Index rows = (stack_.empty() ? 0 : in) + H_;  // the gradient of the features themselves is not wanted
    stack_.push_back({in, std::vector<Real>(H_ * (in + H_) * 4), std::vector<Real>(H_ * 4),
                      std::vector<Real>((rows + 3) / 4 * 4 * 4 * H_), source.weight_ih, source.weight_hh, source.bias});
  }
}

void LstmKernel::set_weights(std::span<const Real> phi) {
  const Index size = output_bias_.offset + output_bias_.shape.size();
  if (static_cast<Index>(phi.size()) != size) throw Error("lstm: ", phi.size(), " weights given, it has ", size);
  for (Layer& layer : stack_) {
    const std::span<const Real> ih = layer.weight_ih.in(phi), hh = layer.weight_hh.in(phi);
    const std::span<const Real> bias = layer.bias_parameter.in(phi);
    const Index in = layer.in, K = in + H_;
    const Index skipped = &layer == &stack_.front() ? in : 0;  // inputs without a gradient
    for (Index j = 0; j < H_; ++j) {
      for (Index gate = 0; gate < 4; ++gate) {
        const Index row = gate * H_ + j;
        layer.bias[j * 4 + gate] = bias[row];
        for (Index k = 0; k < K; ++k) {
          const Real w = k < in ? ih[row * in + k] : hh[row * H_ + k - in];
          layer.forward[(j * K + k) * 4 + gate] = w;
          const Index r = k - skipped;
          if (r >= 0) layer.backward[layer.backward_index(r, j * 4 + gate)] = w;
        }
      }
    }
  }
  const std::span<const Real> w = output_weight_.in(phi), b = output_bias_.in(phi);
  std::ranges::transform(w, w_out_.begin(), [=, this](Real x) { return output_factor() * x; });
  std::ranges::transform(b, b_out_.begin(), [=, this](Real x) { return output_factor() * x; });
}

// ---- Forward --------------------------------------------------------------------------------------------------

// activations: i, f, g, o of each unit, [H][4][kBlock], then tanh c', [H][kBlock]
void LstmKernel::layer_step(const Layer& layer, const Real* x, const Real* h, const Real* c, Real* h_next, Real* c_next,
                            Real* activations) const {
  const Index K = layer.in + H_;
  alignas(64) Rows gates;
  for (Index j = 0; j < H_; ++j) {
    multiply(layer.bias.data() + j * 4, layer.forward.data() + j * K * 4, x, layer.in, h, H_, gates);
    Real* a = activations ? activations + j * 4 * kBlock : nullptr;
    for (Index column = 0; column < kBlock; column += kLanes) {
      const Index at = j * kBlock + column;
      const Vec i = simd::sigmoid(load(gates[0] + column)), f = simd::sigmoid(load(gates[1] + column));
      const Vec g = simd::tanh(load(gates[2] + column)), o = simd::sigmoid(load(gates[3] + column));
      store(c_next + at, f * load(c + at) + i * g);
      store(gates[3] + column, o);
      if (a == nullptr) continue;
      store(a + column, i);
      store(a + kBlock + column, f);
      store(a + 2 * kBlock + column, g);
      store(a + 3 * kBlock + column, o);
    }
    // A loop of its own: tanh waits for c', and many independent ones hide that.
    for (Index column = 0; column < kBlock; column += kLanes) {
      const Index at = j * kBlock + column;
      const Vec tanh_c = simd::tanh(load(c_next + at));
      store(h_next + at, load(gates[3] + column) * tanh_c);
      if (a) store(activations + 4 * H_ * kBlock + at, tanh_c);
    }
  }
}

/// o = w_out h + b_out: [O][kBlock], from h: [H][kBlock]
void LstmKernel::outputs(const Real* h, Real* o) const {
  for (std::size_t r = 0; r < b_out_.size(); ++r) {
    const Real* w = w_out_.data() + r * H_;
    for (Index column = 0; column < kBlock; column += kLanes) {
      Vec sum = broadcast(b_out_[r]);
      for (Index j = 0; j < H_; ++j) sum += w[j] * load(h + j * kBlock + column);
      store(o + r * kBlock + column, sum);
    }
  }
}

/// The factor e^{s(a)} of an anchored proposal, s(a) = 3 tanh(a/3), and tanh(a/3).
struct Anchor {
  Vec factor, squashed;
  explicit Anchor(Vec a) : squashed(simd::tanh(a / Real(3))) { factor = simd::exp(Real(3) * squashed); }
};

void LstmKernel::propose(const Real* x, const Real* o, Real* update) const {
  const Real c = static_cast<Real>(proposal_.scale), rate = static_cast<Real>(proposal_.rate);
  switch (proposal_.kind) {
    case Proposal::Kind::scaled: std::copy_n(o, kBlock, update); break;
    case Proposal::Kind::squashed:
      for (Index k = 0; k < kBlock; k += kLanes) store(update + k, c * simd::tanh(load(o + k)));
      break;
    case Proposal::Kind::anchored:
      for (Index k = 0; k < kBlock; k += kLanes) {
        const Vec d = load(x + direction_ * kBlock + k);
        store(update + k, -rate * Anchor(load(o + k)).factor * d - c * simd::tanh(load(o + kBlock + k)));
      }
  }
}

/// d: [O][kBlock], the gradient of w_out h + b_out, from that of the update, lambda: [kBlock].
void LstmKernel::output_gradients(const Real* x, const Real* h, const Real* lambda, Real* d) const {
  if (proposal_.kind == Proposal::Kind::scaled) {
    std::copy_n(lambda, kBlock, d);
    return;
  }
  const Real c = static_cast<Real>(proposal_.scale), rate = static_cast<Real>(proposal_.rate);
  alignas(64) Real o[kMaxOutputs * kBlock];
  outputs(h, o);
  const bool anchored = proposal_.kind == Proposal::Kind::anchored;
  const Index squashed = anchored ? kBlock : 0;  // the row under c tanh
  const Real sign = anchored ? -1 : 1;
  for (Index k = 0; k < kBlock; k += kLanes) {
    const Vec du = load(lambda + k), t = simd::tanh(load(o + squashed + k));
    store(d + squashed + k, sign * c * du * (Real(1) - t * t));
    if (!anchored) continue;
    const Anchor a(load(o + k));  // ds/da = 1 - tanh²(a/3)
    store(d + k, -rate * du * a.factor * load(x + direction_ * kBlock + k) * (Real(1) - a.squashed * a.squashed));
  }
}

// A state is h and c of the first layer, h and c of the second, …: [layers][2][H][kBlock]
void LstmKernel::step(const Real* x, const Real* state, Real* next, Real* activations, Real* update) const {
  const Index n = H_ * kBlock;
  const Real* const features = x;
  for (const Layer& layer : stack_) {
    layer_step(layer, x, state, state + n, next, next + n, activations);
    x = next;
    state += 2 * n;
    next += 2 * n;
    if (activations) activations += 5 * n;
  }
  alignas(64) Real o[kMaxOutputs * kBlock];
  outputs(x, o);
  propose(features, o, update);
}

// ---- Backward -------------------------------------------------------------------------------------------------

// In: dh and dc, the gradients of this step's h' and c'. Out: dh and dc of the step before, and the gradient of the
// layer's input *added* to dx (null for the lowest layer). The gates in `activations` are replaced by the gradients
// of their pre-activations.
void LstmKernel::layer_backward(const Layer& layer, const Real* c, Real* activations, Real* dh, Real* dc,
                                Real* dx) const {
  for (Index j = 0; j < H_; ++j) {
    for (Index column = 0; column < kBlock; column += kLanes) {
      Real* a = activations + j * 4 * kBlock + column;
      const Index at = j * kBlock + column;
      const Vec i = load(a), f = load(a + kBlock), g = load(a + 2 * kBlock), o = load(a + 3 * kBlock);
      const Vec tanh_c = load(activations + 4 * H_ * kBlock + at);
      const Vec dh_j = load(dh + at);
      const Vec dc_j = load(dc + at) + dh_j * o * (Real(1) - tanh_c * tanh_c);
      store(a, dc_j * g * i * (Real(1) - i));
      store(a + kBlock, dc_j * load(c + at) * f * (Real(1) - f));
      store(a + 2 * kBlock, dc_j * i * (Real(1) - g * g));
      store(a + 3 * kBlock, dh_j * tanh_c * o * (Real(1) - o));
      store(dc + at, dc_j * f);
    }
  }
  const Index inputs = dx ? layer.in : 0, rows = inputs + H_;
  static constexpr Real kZero[4] = {};
  alignas(64) Rows sums;
  for (Index first = 0; first < rows; first += 4) {
    multiply(kZero, layer.backward.data() + first * 4 * H_, activations, 4 * H_, activations, 0, sums);
    for (Index r = first; r < std::min(first + 4, rows); ++r) {
      Real* target = r < inputs ? dx + r * kBlock : dh + (r - inputs) * kBlock;
      for (Index column = 0; column < kBlock; column += kLanes) {
        const Vec old = r < inputs ? load(target + column) : Vec{};
        store(target + column, old + load(sums[r - first] + column));
      }
    }
  }
}

void LstmKernel::weight_gradients(std::size_t l, const Unroll& unroll, Real* dphi) const {
  const Layer& layer = stack_[l];
  const Index n = H_ * kBlock, T = unroll.T;
  const Real* gates = unroll.activations + l * 5 * n;
  const Real* h = unroll.states + l * 2 * n;
  const Real* x = l == 0 ? unroll.x : h - 2 * n + state_size();  // the layer below, after the step
  const Index x_step = l == 0 ? features_ * kBlock : state_size();
  Real* d_ih = dphi + layer.weight_ih.offset;
  Real* d_hh = dphi + layer.weight_hh.offset;
  Real* d_bias = dphi + layer.bias_parameter.offset;
  for (Index j = 0; j < H_; ++j) {
    const Real* g = gates + j * 4 * kBlock;
    // Row `gate` of the four goes to row gate * H + j of the parameter.
    outer_products(g, activation_size(), x, x_step, layer.in, T, d_ih + j * layer.in, H_ * layer.in);
    outer_products(g, activation_size(), h, state_size(), H_, T, d_hh + j * H_, H_ * H_);
    for (Index gate = 0; gate < 4; ++gate) {
      Vec sum = {};
      for (Index t = 0; t < T; ++t) {
        const Real* row = g + t * activation_size() + gate * kBlock;
        for (Index column = 0; column < kBlock; column += kLanes) sum += load(row + column);
      }
      d_bias[gate * H_ + j] += horizontal_sum(sum);
    }
  }
}

void LstmKernel::backward(const Unroll& unroll, Real* dphi, Real* scratch) const {
  const Index n = H_ * kBlock, top = layers_ - 1;
  Real *dh = scratch, *dc = scratch + layers_ * n;  // [layers][H][kBlock] each
  std::fill_n(scratch, scratch_size(), Real(0));
  Real* d_out = dphi + output_weight_.offset;
  for (Index t = unroll.T - 1; t >= 0; --t) {
    const Real* h_top = unroll.states + (t + 1) * state_size() + top * 2 * n;
    alignas(64) Real d_o[kMaxOutputs * kBlock];
    output_gradients(unroll.x + t * features_ * kBlock, h_top, unroll.lambda + t * kBlock, d_o);
    for (Index r = 0; r < proposal_.outputs(); ++r) {
      const Real* const d_row = d_o + r * kBlock;
      for (Index j = 0; j < H_; ++j) {
        Vec sum = {};
        for (Index at = j * kBlock, column = 0; column < kBlock; column += kLanes) {
          const Vec d_out_column = load(d_row + column);
          Real* d = dh + top * n + at + column;
          store(d, load(d) + w_out_[r * H_ + j] * d_out_column);
          sum += d_out_column * load(h_top + at + column);
        }
        d_out[r * H_ + j] += output_factor() * horizontal_sum(sum);
      }
      Vec sum = {};
      for (Index column = 0; column < kBlock; column += kLanes) sum += load(d_row + column);
      dphi[output_bias_.offset + r] += output_factor() * horizontal_sum(sum);
    }

    for (Index l = top; l >= 0; --l) {
      const Real* c = unroll.states + t * state_size() + (2 * l + 1) * n;
      Real* below = l > 0 ? dh + (l - 1) * n : nullptr;
      layer_backward(stack_[l], c, unroll.activations + t * activation_size() + l * 5 * n, dh + l * n, dc + l * n,
                     below);
    }
  }
  for (std::size_t l = 0; l < stack_.size(); ++l) weight_gradients(l, unroll, dphi);
}

}  // namespace l2l
