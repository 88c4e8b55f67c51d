#include "autodiff/winograd.h"

#include <algorithm>

#include "autodiff/blas.h"
#include "autodiff/parallel.h"

namespace l2l::winograd {
namespace {

constexpr Index kProducts = 16;  // numbers of a transformed tile
// More than a matrix takes between one of the 16 and the next: with distances that are powers of two, all 16 would
// compete for the same few lines of the first-level cache.
constexpr Index kGap = 16;

/// A strip of rows of tiles, over the images of a batch, that is worked on at once.
struct Strips {
  Index rows, width;  // tiles above each other in an image, and beside each other
  Index total;  // rows of tiles in all images
  Index step;  // rows of a strip: what it is transformed to should stay in the second-level cache

  explicit Strips(const Convolution& conv)
      : rows((conv.out_h() + 1) / 2), width((conv.out_w() + 1) / 2), total(conv.N * rows) {
    constexpr Index kBytes = 1536 * 1024;
    const Index bytes = (conv.C + conv.O) * kProducts * width * static_cast<Index>(sizeof(Real));
    step = std::clamp<Index>(kBytes / bytes, 1, std::max<Index>(total, 1));
  }
  Index tiles() const { return step * width; }
};

/// G g Gᵀ for `count` windows g: [count][9], turned round if asked for. U[16], numbers of one window `step` apart.
void transform_windows(const Real* windows, Index count, bool turned, Real* U, Index step) {
  constexpr Index kAtOnce = 64;
  Real g[9][kAtOnce];
  for (Index start = 0; start < count; start += kAtOnce, windows += 9 * kAtOnce, U += kAtOnce) {
    const Index n = std::min(kAtOnce, count - start);
    for (int tap = 0; tap < 9; ++tap) {
      const Real* const from = windows + (turned ? 8 - tap : tap);
      for (Index k = 0; k < n; ++k) g[tap][k] = from[9 * k];
    }
    Real column[4][3][kAtOnce];  // G g
    for (int b = 0; b < 3; ++b) {
      for (Index k = 0; k < n; ++k) {
        const Real sum = Real(0.5) * (g[b][k] + g[6 + b][k]), middle = Real(0.5) * g[3 + b][k];
        column[0][b][k] = g[b][k];
        column[1][b][k] = sum + middle;
        column[2][b][k] = sum - middle;
        column[3][b][k] = g[6 + b][k];
      }
    }
    for (int a = 0; a < 4; ++a) {
      Real* const out = U + 4 * a * step;
#pragma omp simd
      for (Index k = 0; k < n; ++k) {
        const Real sum = Real(0.5) * (column[a][0][k] + column[a][2][k]), middle = Real(0.5) * column[a][1][k];
        out[k] = column[a][0][k];
        out[step + k] = sum + middle;
        out[2 * step + k] = sum - middle;
        out[3 * step + k] = column[a][2][k];
      }
    }
  }
}

/// Bᵀ d B of a row of tiles in one channel: V[16], numbers of one tile `step` apart. image: [H, W]; top: row of the
/// image where the tiles begin, it may be outside; work: [8][width + 1]
void transform_input(const Convolution& conv, const Real* image, Index top, Index width, Real* V, Index step,
                     Real* work) {
  // The four rows of the tiles, with the padding, even and odd columns apart: tile k begins at [k] of both.
  Real *even = work, *odd = work + 4 * (width + 1);
  const auto take = [&](const Real* row, Index first, Real* out) {  // columns first, first + 2, …
    const Index begin = std::min(width + 1, (std::max<Index>(-first, 0) + 1) / 2);
    const Index end = std::clamp((conv.W - first + 1) / 2, begin, width + 1);
    std::fill(out, out + begin, Real(0));
    for (Index k = begin; k < end; ++k) out[k] = row[first + 2 * k];
    std::fill(out + end, out + width + 1, Real(0));
  };
  for (Index a = 0; a < 4; ++a) {
    const Index y = top + a;
    if (y >= 0 && y < conv.H) {
      take(image + y * conv.W, -conv.pad_w, even + a * (width + 1));
      take(image + y * conv.W, 1 - conv.pad_w, odd + a * (width + 1));
    } else {
      std::fill_n(even + a * (width + 1), width + 1, Real(0));
      std::fill_n(odd + a * (width + 1), width + 1, Real(0));
    }
  }
  const Index next = width + 1;
#pragma omp simd
  for (Index k = 0; k < width; ++k) {
    Real column[4][4];  // Bᵀ d
    for (int b = 0; b < 4; ++b) {
      const Real* d = (b % 2 ? odd : even) + b / 2 + k;
      column[0][b] = d[0] - d[2 * next];
      column[1][b] = d[next] + d[2 * next];
      column[2][b] = d[2 * next] - d[next];
      column[3][b] = d[next] - d[3 * next];
    }
    for (int a = 0; a < 4; ++a) {
      V[(4 * a + 0) * step + k] = column[a][0] - column[a][2];
      V[(4 * a + 1) * step + k] = column[a][1] + column[a][2];
      V[(4 * a + 2) * step + k] = column[a][2] - column[a][1];
      V[(4 * a + 3) * step + k] = column[a][1] - column[a][3];
    }
  }
}

/// Aᵀ m A of a row of tiles: two rows of results, [2][2 · width].
void transform_output(const Real* M, Index step, Index width, Real* rows) {
#pragma omp simd
  for (Index k = 0; k < width; ++k) {
    Real column[2][4];  // Aᵀ m
    for (int b = 0; b < 4; ++b) {
      const Real* m = M + b * step + k;
      const Real m1 = m[4 * step], m2 = m[8 * step];
      column[0][b] = m[0] + m1 + m2;
      column[1][b] = m1 - m2 - m[12 * step];
    }
    for (int a = 0; a < 2; ++a) {
      rows[2 * width * a + 2 * k] = column[a][0] + column[a][1] + column[a][2];
      rows[2 * width * a + 2 * k + 1] = column[a][1] - column[a][2] - column[a][3];
    }
  }
}

}  // namespace

bool suits(const Convolution& conv) {
  constexpr Index kChannels = 32;
  return conv.kh == 3 && conv.kw == 3 && conv.stride == 1 && conv.pad_h <= 2 && conv.pad_w <= 2 &&
         std::min(conv.C, conv.O) >= kChannels;
}

Index scratch_size(const Convolution& conv, int threads) {
  const Strips strips(conv);
  return kProducts * (conv.O * conv.C + (conv.C + conv.O) * strips.tiles() + 3 * kGap) +
         threads * 8 * (strips.width + 1);
}

void correlate(const Convolution& conv, const Weights& weights, const Real* bias, const Real* x, Real* y, int threads,
               Real* scratch) {
  const Strips strips(conv);
  const Index C = conv.C, O = conv.O, H = conv.H, W = conv.W, out_h = conv.out_h(), out_w = conv.out_w();
  Real* const U = scratch;  // [16][weights]
  const Index U_step = O * C + kGap, V_step = C * strips.tiles() + kGap, M_step = O * strips.tiles() + kGap;
  Real* const V = U + kProducts * U_step;  // [16][C][tiles]
  Real* const M = V + kProducts * V_step;  // [16][O][tiles]
  Real* const work = M + kProducts * M_step;  // [threads][8][width + 1]
  const auto work_of = [&](int thread) { return work + thread * 8 * (strips.width + 1); };
  parallel_for(threads, weights.rows, [&](Index row, int) {
    const Index first = row * weights.columns;
    transform_windows(weights.data + first * 9, weights.columns, weights.turned, U + first, U_step);
  });
  for (Index start = 0; start < strips.total; start += strips.step) {
    const Index rows = std::min(strips.step, strips.total - start), tiles = rows * strips.width;
    parallel_for(threads, C, [&](Index c, int thread) {
      for (Index r = 0; r < rows; ++r) {
        const Index n = (start + r) / strips.rows, i = (start + r) % strips.rows;
        transform_input(conv, x + (n * C + c) * H * W, 2 * i - conv.pad_h, strips.width,
                        V + c * tiles + r * strips.width, V_step, work_of(thread));
      }
    });
    parallel_for(threads, kProducts, [&](Index k, int) {
      blas::gemm(weights.turned ? Trans::yes : Trans::no, Trans::no, O, tiles, C, U + k * U_step, weights.columns,
                 V + k * V_step, tiles, 0, M + k * M_step, tiles);
    });
    parallel_for(threads, O, [&](Index o, int thread) {
      Real* const results = work_of(thread);
      for (Index r = 0; r < rows; ++r) {
        const Index n = (start + r) / strips.rows, i = (start + r) % strips.rows;
        transform_output(M + o * tiles + r * strips.width, M_step, strips.width, results);
        for (Index a = 0; a < std::min<Index>(2, out_h - 2 * i); ++a) {
          Real* row = y + ((n * O + o) * out_h + 2 * i + a) * out_w;
          const Real* result = results + a * 2 * strips.width;
          if (bias) {
            for (Index j = 0; j < out_w; ++j) row[j] = bias[o] + result[j];
          } else {
            for (Index j = 0; j < out_w; ++j) row[j] += result[j];
          }
        }
      }
    });
  }
}

}  // namespace l2l::winograd
