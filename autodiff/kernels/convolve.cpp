#include "autodiff/kernels/convolve.h"

#include <algorithm>
#include <cassert>

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
  assert(conv_direct::suits(conv) || !(conv.mirrored || conv.rectified));
  return conv_direct::suits(conv) ? conv_direct::scratch_size(slab) : conv_columns::scratch_size(slab);
}

}  // namespace

Index forward_scratch(const Convolution& conv, int threads) {
  if (!winograd::suits(conv)) return threads * slab_scratch(conv);
  return winograd::forward_scratch(conv, winograd::best_tile(conv), threads);
}
Index image_gradient_scratch(const Convolution& conv, int threads) {
  if (!winograd::suits(conv)) return threads * slab_scratch(conv);
  return winograd::image_gradient_scratch(conv, winograd::best_tile(conv), threads);
}
Index weight_gradient_scratch(const Convolution& conv, int threads) {
  return Slabs{conv}.count() * conv.O * conv.taps() + threads * slab_scratch(conv);
}

void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, int threads,
             Real* scratch) {
  if (winograd::suits(conv)) {
    winograd::forward(conv, winograd::best_tile(conv), weight, bias, x, y, threads, scratch);
    return;
  }
  const Slabs slabs{conv};
  const Index per_thread = slab_scratch(conv);
  parallel_for(threads, slabs.count(), [&](Index s, int thread) {
    const Index image = slabs.first(s);
    const auto kernel = conv_direct::suits(conv) ? conv_direct::forward : conv_columns::forward;
    kernel(slabs.part(s), weight, bias, x + image * conv.image_size(), y + image * conv.result_size(),
           scratch + thread * per_thread);
  });
}

void image_gradient(const Convolution& conv, const Real* weight, const Real* y, const Real* dy, Real* dx, int threads,
                    Real* scratch) {
  if (winograd::suits(conv)) {
    winograd::image_gradient(conv, winograd::best_tile(conv), weight, y, dy, dx, threads, scratch);
    return;
  }
  const Slabs slabs{conv};
  const Index per_thread = slab_scratch(conv);
  parallel_for(threads, slabs.count(), [&](Index s, int thread) {
    const Index result = slabs.first(s) * conv.result_size();
    Real* const to = dx + slabs.first(s) * conv.image_size();
    Real* const memory = scratch + thread * per_thread;
    if (conv_direct::suits(conv)) {
      conv_direct::image_gradient(slabs.part(s), weight, y + result, dy + result, to, memory);
    } else {
      conv_columns::image_gradient(slabs.part(s), weight, dy + result, to, memory);
    }
  });
}

void weight_gradient(const Convolution& conv, const Real* x, const Real* y, const Real* dy, Real* dweight, int threads,
                     Real* scratch) {
  const Slabs slabs{conv};
  const Index per_thread = slab_scratch(conv), size = conv.O * conv.taps();
  Real* const partial = scratch;  // [slabs][O, C, kh, kw]
  std::fill_n(partial, slabs.count() * size, Real(0));
  parallel_for(threads, slabs.count(), [&](Index s, int thread) {
    const Index result = slabs.first(s) * conv.result_size();
    const Real* const from = x + slabs.first(s) * conv.image_size();
    Real* const memory = partial + slabs.count() * size + thread * per_thread;
    if (conv_direct::suits(conv)) {
      conv_direct::weight_gradient(slabs.part(s), from, y + result, dy + result, partial + s * size, memory);
    } else {
      conv_columns::weight_gradient(slabs.part(s), from, dy + result, partial + s * size, memory);
    }
  });
  for (Index s = 0; s < slabs.count(); ++s) {
    for (Index k = 0; k < size; ++k) dweight[k] += partial[s * size + k];
  }
}

void bias_gradient(const Convolution& conv, const Real* y, const Real* dy, Real* dbias, int threads) {
  const Index P = conv.out_h() * conv.out_w();
  parallel_for(threads, conv.O, [&](Index o, int) {
    for (Index n = 0; n < conv.N; ++n) {
      const Index first = (n * conv.O + o) * P;
      if (conv.rectified) {
        double sum = 0;  // of a large picture, a float would lose digits
#pragma omp simd reduction(+ : sum)
        for (Index k = first; k < first + P; ++k) sum += y[k] <= 0 ? 0 : dy[k];
        dbias[o] += static_cast<Real>(sum);
      } else {
        dbias[o] += simd::sum(dy + first, P);
      }
    }
  });
}

}  // namespace l2l::convolve
