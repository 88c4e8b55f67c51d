#include <algorithm>

#include "autodiff/conv_columns.h"
#include "autodiff/conv_direct.h"
#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "autodiff/parallel.h"
#include "autodiff/vector_math.h"
#include "autodiff/winograd.h"

namespace l2l {
namespace {

/// The batch in slabs of images that threads share out. How many depends on the batch alone: what is summed slab by
/// slab is the same for any number of threads.
struct Slabs {
  static constexpr Index kMost = 8;
  const Convolution& conv;

  Index count() const { return std::min(kMost, conv.N); }
  Index first(Index slab) const { return slab * conv.N / count(); }
  Convolution part(Index slab) const { return conv.with_images(first(slab + 1) - first(slab)); }
  Convolution largest() const { return conv.with_images((conv.N + kMost - 1) / kMost); }
};

/// Reals that the work on one slab takes.
Index scratch_size(const Convolution& conv) {
  const Convolution slab = Slabs{conv}.largest();
  if (!conv_direct::suits(conv)) return conv_columns::scratch_size(slab);
  return std::max(conv_direct::scratch_size(slab), conv_direct::scratch_size(slab.transposed()));
}

void forward(Tape& tape, const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y) {
  if (winograd::suits(conv)) {
    Real* const memory = tape.workspace(winograd::scratch_size(conv, tape.threads()));
    winograd::correlate(conv, Weights(conv, weight), bias, x, y, tape.threads(), memory);
    return;
  }
  const Slabs slabs{conv};
  const Index scratch = scratch_size(conv);
  Real* const memory = tape.workspace(tape.threads() * scratch);
  parallel_for(tape.threads(), slabs.count(), [&](Index s, int thread) {
    const Convolution part = slabs.part(s);
    const Real* const from = x + slabs.first(s) * conv.image_size();
    Real* const to = y + slabs.first(s) * conv.result_size();
    if (conv_direct::suits(conv)) {
      conv_direct::correlate(part, Weights(conv, weight), bias, from, to, memory + thread * scratch);
    } else {
      conv_columns::forward(part, weight, bias, from, to, memory + thread * scratch);
    }
  });
}

void image_gradient(Tape& tape, const Convolution& conv, const Real* weight, const Real* dy, Real* dx) {
  if (winograd::suits(conv)) {
    const Convolution transposed = conv.transposed();
    Real* const memory = tape.workspace(winograd::scratch_size(transposed, tape.threads()));
    winograd::correlate(transposed, Weights(conv, weight, true), nullptr, dy, dx, tape.threads(), memory);
    return;
  }
  const Slabs slabs{conv};
  const Index scratch = scratch_size(conv);
  Real* const memory = tape.workspace(tape.threads() * scratch);
  parallel_for(tape.threads(), slabs.count(), [&](Index s, int thread) {
    const Convolution part = slabs.part(s);
    const Real* const from = dy + slabs.first(s) * conv.result_size();
    Real* const to = dx + slabs.first(s) * conv.image_size();
    if (conv_direct::suits(conv)) {
      conv_direct::correlate(part.transposed(), Weights(conv, weight, true), nullptr, from, to,
                             memory + thread * scratch);
    } else {
      conv_columns::image_gradient(part, weight, from, to, memory + thread * scratch);
    }
  });
}

void weight_gradient(Tape& tape, const Convolution& conv, const Real* x, const Real* dy, Real* dweight) {
  const Slabs slabs{conv};
  const Index scratch = scratch_size(conv), size = conv.O * conv.taps();
  Real* const partial = tape.workspace(slabs.count() * size + tape.threads() * scratch);  // [slabs][O, C, kh, kw]
  Real* const memory = partial + slabs.count() * size;
  std::fill_n(partial, slabs.count() * size, Real(0));
  parallel_for(tape.threads(), slabs.count(), [&](Index s, int thread) {
    const Real* const x_s = x + slabs.first(s) * conv.image_size();
    const Real* const dy_s = dy + slabs.first(s) * conv.result_size();
    const auto kernel = conv_direct::suits(conv) ? conv_direct::weight_gradient : conv_columns::weight_gradient;
    kernel(slabs.part(s), x_s, dy_s, partial + s * size, memory + thread * scratch);
  });
  for (Index s = 0; s < slabs.count(); ++s) {
    for (Index k = 0; k < size; ++k) dweight[k] += partial[s * size + k];
  }
}

void bias_gradient(Tape& tape, const Convolution& conv, const Real* dy, Real* dbias) {
  const Index P = conv.out_h() * conv.out_w();
  parallel_for(tape.threads(), conv.O, [&](Index o, int) {
    for (Index n = 0; n < conv.N; ++n) dbias[o] += simd::sum(dy + (n * conv.O + o) * P, P);
  });
}

}  // namespace

// Every result is a scalar product of weights and a window, so
//   ∂L/∂weight = Σ_windows dy · window,   ∂L/∂x = Σ_windows that it is in  dy · weight,   ∂L/∂bias = Σ dy
Var conv2d(Var x, Var weight, Var bias, Index stride, Index padding) {
  if (x.shape.rank() != 4 || weight.shape.rank() != 4 || x.shape[1] != weight.shape[1]) {
    throw Error("conv2d: x ", x.shape, " and weight ", weight.shape, " do not fit, [NxCxHxW] and [OxCxkhxkw] would");
  }
  if (bias.shape != Shape{weight.shape[0]}) {
    throw Error("conv2d: weight ", weight.shape, " and bias ", bias.shape, " do not fit, [OxCxkhxkw] and [O] would");
  }
  if (stride < 1) throw Error("conv2d: stride ", stride, ", it must be at least 1");
  if (padding < 0) throw Error("conv2d: padding ", padding, ", it must not be negative");
  const Convolution conv = {x.shape[0],      x.shape[1],      x.shape[2], x.shape[3], weight.shape[0],
                            weight.shape[2], weight.shape[3], stride,     padding,    padding};
  if (conv.kh < 1 || conv.kw < 1 || conv.kh > conv.H + 2 * padding || conv.kw > conv.W + 2 * padding) {
    throw Error("conv2d: weight ", weight.shape, " does not fit in x ", x.shape, " with padding ", padding);
  }
  Var y = Tape::output("conv2d", {conv.N, conv.O, conv.out_h(), conv.out_w()}, {x, weight, bias});
  forward(*y.tape, conv, weight.value, bias.value, x.value, y.value);
  y.tape->record(y, [=] {
    if (weight.grad) weight_gradient(*y.tape, conv, x.value, y.grad, weight.grad);
    if (x.grad) image_gradient(*y.tape, conv, weight.value, y.grad, x.grad);
    if (bias.grad) bias_gradient(*y.tape, conv, y.grad, bias.grad);
  });
  return y;
}

}  // namespace l2l
