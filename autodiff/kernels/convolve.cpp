#include "autodiff/kernels/convolve.h"

#include <algorithm>

#include "autodiff/kernels/conv_columns.h"
#include "autodiff/kernels/conv_direct.h"
#include "autodiff/kernels/parallel.h"
#include "autodiff/kernels/vector_math.h"
#include "autodiff/kernels/winograd.h"

namespace l2l::convolve {
namespace {

/// The batch in slabs of images, the units of work for threads. Their number depends on the batch alone, so that sums
/// over slabs are the same for any number of threads.
struct Slabs {
  static constexpr Index kMax = 8;
  const Convolution& conv;

  Index count() const { return std::min(kMax, conv.N); }
  Index first(Index slab) const { return slab * conv.N / count(); }
  Convolution part(Index slab) const { return conv.with_images(first(slab + 1) - first(slab)); }
  Convolution largest() const { return conv.with_images((conv.N + kMax - 1) / kMax); }
};

Index slab_scratch(const Convolution& conv) {
  const Convolution slab = Slabs{conv}.largest();
  if (!conv_direct::suits(conv)) return conv_columns::scratch_size(slab);
  return std::max(conv_direct::scratch_size(slab), conv_direct::scratch_size(slab.transposed()));
}

Index winograd_scratch(const Convolution& conv, int threads) {
  return winograd::scratch_size(conv, winograd::best_tile(conv), threads);
}

}  // namespace

Index forward_scratch(const Convolution& conv, int threads) {
  return winograd::suits(conv) ? winograd_scratch(conv, threads) : threads * slab_scratch(conv);
}
Index image_gradient_scratch(const Convolution& conv, int threads) {
  return winograd::suits(conv) ? winograd_scratch(conv.transposed(), threads) : threads * slab_scratch(conv);
}
Index weight_gradient_scratch(const Convolution& conv, int threads) {
  return Slabs{conv}.count() * conv.O * conv.taps() + threads * slab_scratch(conv);
}

void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, int threads,
             Real* scratch) {
  if (winograd::suits(conv)) {
    winograd::correlate(conv, winograd::best_tile(conv), Weights(conv, weight), bias, x, y, threads, scratch);
    return;
  }
  const Slabs slabs{conv};
  const Index per_thread = slab_scratch(conv);
  parallel_for(threads, slabs.count(), [&](Index s, int thread) {
    const Convolution part = slabs.part(s);
    const Real* const from = x + slabs.first(s) * conv.image_size();
    Real* const to = y + slabs.first(s) * conv.result_size();
    if (conv_direct::suits(conv)) {
      conv_direct::correlate(part, Weights(conv, weight), bias, from, to, scratch + thread * per_thread);
    } else {
      conv_columns::forward(part, weight, bias, from, to, scratch + thread * per_thread);
    }
  });
}

void image_gradient(const Convolution& conv, const Real* weight, const Real* dy, Real* dx, int threads, Real* scratch) {
  if (winograd::suits(conv)) {
    const Convolution back = conv.transposed();
    winograd::correlate(back, winograd::best_tile(back), Weights(conv, weight, true), nullptr, dy, dx, threads,
                        scratch);
    return;
  }
  const Slabs slabs{conv};
  const Index per_thread = slab_scratch(conv);
  parallel_for(threads, slabs.count(), [&](Index s, int thread) {
    const Convolution part = slabs.part(s);
    const Real* const from = dy + slabs.first(s) * conv.result_size();
    Real* const to = dx + slabs.first(s) * conv.image_size();
    if (conv_direct::suits(conv)) {
      conv_direct::correlate(part.transposed(), Weights(conv, weight, true), nullptr, from, to,
                             scratch + thread * per_thread);
    } else {
      conv_columns::image_gradient(part, weight, from, to, scratch + thread * per_thread);
    }
  });
}

void weight_gradient(const Convolution& conv, const Real* x, const Real* dy, Real* dweight, int threads,
                     Real* scratch) {
  const Slabs slabs{conv};
  const Index per_thread = slab_scratch(conv), size = conv.O * conv.taps();
  Real* const partial = scratch;  // [slabs][O, C, kh, kw]
  Real* const memory = partial + slabs.count() * size;
  std::fill_n(partial, slabs.count() * size, Real(0));
  parallel_for(threads, slabs.count(), [&](Index s, int thread) {
    const Real* const x_s = x + slabs.first(s) * conv.image_size();
    const Real* const dy_s = dy + slabs.first(s) * conv.result_size();
    const auto kernel = conv_direct::suits(conv) ? conv_direct::weight_gradient : conv_columns::weight_gradient;
    kernel(slabs.part(s), x_s, dy_s, partial + s * size, memory + thread * per_thread);
  });
  for (Index s = 0; s < slabs.count(); ++s) {
    for (Index k = 0; k < size; ++k) dweight[k] += partial[s * size + k];
  }
}

void bias_gradient(const Convolution& conv, const Real* dy, Real* dbias, int threads) {
  const Index P = conv.out_h() * conv.out_w();
  parallel_for(threads, conv.O, [&](Index o, int) {
    for (Index n = 0; n < conv.N; ++n) dbias[o] += simd::sum(dy + (n * conv.O + o) * P, P);
  });
}

}  // namespace l2l::convolve
