#include "autodiff/kernels/winograd.h"

#include <algorithm>

#include "autodiff/kernels/parallel.h"
#include "autodiff/kernels/vector_math.h"

namespace l2l::winograd {
namespace {

using simd::in_register;
using simd::kLanes;
using simd::load;
using simd::store;
using simd::Vec;

constexpr Index kProducts = 16;  // numbers of a transformed tile
constexpr int kRows = simd::kTileRows;
// Padding after each of the 16 matrices: at distances that are powers of two, they would all compete for the same few
// lines of the first-level cache.
constexpr Index kGap = 16;

Index round_up(Index n, Index step) { return (n + step - 1) / step * step; }

/// The unit of work, which fits in the second-level cache: a strip of rows of tiles, which may span several images, and
/// a block of output channels.
struct Plan {
  Index rows, width;  // of tiles in an image, and tiles in a row
  Index total;  // rows of tiles in all images
  Index strip;  // rows of tiles in a strip
  Index block;  // output channels in a block
  Index tiles;  // of a strip, in whole registers

  explicit Plan(const Convolution& conv)
      : rows((conv.out_h() + 1) / 2), width((conv.out_w() + 1) / 2), total(conv.N * rows) {
    constexpr Index kStripBytes = 1 << 20, kBlockBytes = 1 << 19;
    const Index channel_bytes = conv.C * kProducts * static_cast<Index>(sizeof(Real));
    strip = std::clamp<Index>(kStripBytes / (channel_bytes * width), 1, std::max<Index>(total, 1));
    block = std::max<Index>(kBlockBytes / channel_bytes / kRows, 1) * kRows;
    block = std::min(block, round_up(conv.O, kRows));
    tiles = round_up(strip * width, kLanes);
  }
  Index strips() const { return (total + strip - 1) / strip; }
  Index blocks(const Convolution& conv) const { return (conv.O + block - 1) / block; }
};

/// The memory of a thread. V, U and M are 16 matrices each, at a distance of V_step, U_step and M_step.
struct Memory {
  Index V_step, U_step, M_step, rows_size;
  Real *V, *U, *M, *rows;

  Memory(const Convolution& conv, const Plan& plan, Real* memory, int thread)
      : V_step(conv.C * plan.tiles + kGap),
        U_step(conv.C * plan.block + kGap),
        M_step(plan.block * plan.tiles + kGap),
        rows_size(round_up(8 * (plan.width + 1), kLanes)),
        V(memory + thread * size()),  // [16][C][tiles]
        U(V + kProducts * V_step),  // [16] weights of a block
        M(U + kProducts * U_step),  // [16][block][tiles]
        rows(M + kProducts * M_step) {}  // of one image
  Index size() const { return kProducts * (V_step + U_step + M_step) + rows_size; }
};

/// U = G g Gᵀ for `count` windows g: [count][9], rotated by 180 degrees if `turned`. The 16 numbers of a window are
/// `step` apart in U. Weights `next` further on are needed soon, and are prefetched: the processor cannot predict them,
/// as runs of weights are often short.
void transform_windows(const Real* windows, Index count, Index next, bool turned, Real* U, Index step) {
  constexpr Index kAtOnce = 64;
  Real g[9][kAtOnce];
  for (Index start = 0; start < count; start += kAtOnce, windows += 9 * kAtOnce, U += kAtOnce) {
    const Index n = std::min(kAtOnce, count - start);
    for (Index k = 0; k < 9 * n; k += 64 / static_cast<Index>(sizeof(Real))) __builtin_prefetch(windows + next + k);
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

/// V = Bᵀ d B for a row of tiles in one channel. The 16 numbers of a tile are `step` apart in V. image: [H, W]; top:
/// the tiles' first row in the image, which may be outside; work: [8][width + 1]
void transform_input(const Convolution& conv, const Real* image, Index top, Index width, Real* V, Index step,
                     Real* work) {
  // The four rows of the tiles, padded, split into even and odd columns: tile k begins at [k] of both.
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

/// M[r][…] = Σ_k U[r · row_step + k · k_step] V[k][…] for kRows rows and kColumns registers. Not inlined: the caller's
/// own registers would leave too few for the tile.
template <int kColumns>
[[gnu::noinline]] void product_tile(const Real* U, Index row_step, Index k_step, const Real* V, Index K, Index tiles,
                                    Real* M) {
  Vec sum[kRows][kColumns] = {};
  for (Index k = 0; k < K; ++k, U += k_step, V += tiles) {
    Vec column[kColumns];
    for (int v = 0; v < kColumns; ++v) column[v] = in_register(load(V + v * kLanes));
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kColumns; ++v) sum[r][v] += U[r * row_step] * column[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kColumns; ++v) store(M + r * tiles + v * kLanes, sum[r][v]);
  }
}

/// The same for all `tiles` columns, three registers at a time. The last four are done as two and two, as a tile of a
/// single register would wait for its sums.
void product_rows(const Real* U, Index row_step, Index k_step, const Real* V, Index K, Index tiles, Real* M) {
  for (Index column = 0; column < tiles;) {
    const Index left = (tiles - column) / kLanes;
    const Index take = left == 4 ? 2 : std::min<Index>(left, 3);
    const auto tile = take == 3 ? product_tile<3> : take == 2 ? product_tile<2> : product_tile<1>;
    tile(U, row_step, k_step, V + column, K, tiles, M + column);
    column += take * kLanes;
  }
}

/// V for the rows of tiles start … start + count - 1, in one input channel.
void transform_channel(const Convolution& conv, const Plan& plan, const Real* x, Index c, Index start, Index count,
                       Index tiles, const Memory& memory) {
  for (Index r = 0; r < count; ++r) {
    const Index n = (start + r) / plan.rows, i = (start + r) % plan.rows;
    transform_input(conv, x + (n * conv.C + c) * conv.H * conv.W, 2 * i - conv.pad_h, plan.width,
                    memory.V + c * tiles + r * plan.width, memory.V_step, memory.rows);
  }
}

/// M = U V for the output channels o … o + count - 1. Transforms their weights first.
void multiply(const Convolution& conv, const Plan& plan, const Weights& weights, Index o, Index count, const Real* V,
              Index tiles, const Memory& memory) {
  const Index C = conv.C;
  if (weights.turned) {  // U: [16][C][block]
    for (Index c = 0; c < C; ++c) {
      transform_windows(weights.data + (c * weights.columns + o) * 9, count, weights.columns * 9, true,
                        memory.U + c * plan.block, memory.U_step);
    }
  } else {  // U: [16][block][C]
    transform_windows(weights.data + o * C * 9, count * C, 9 * 64, false, memory.U, memory.U_step);
  }
  const Index row_step = weights.turned ? 1 : C, k_step = weights.turned ? plan.block : 1;
  for (Index k = 0; k < kProducts; ++k) {
    for (Index r = 0; r < count; r += kRows) {
      product_rows(memory.U + k * memory.U_step + r * row_step, row_step, k_step, V + k * memory.V_step, C, tiles,
                   memory.M + k * memory.M_step + r * tiles);
    }
  }
}

/// Aᵀ M A, the results y of the same rows of tiles in output channel o. M: of this channel.
void transform_results(const Convolution& conv, const Plan& plan, const Real* bias, Real* y, Index o, Index start,
                       Index count, const Real* M, const Memory& memory) {
  const Index out_h = conv.out_h(), out_w = conv.out_w();
  for (Index r = 0; r < count; ++r) {
    const Index n = (start + r) / plan.rows, i = (start + r) % plan.rows;
    transform_output(M + r * plan.width, memory.M_step, plan.width, memory.rows);
    for (Index a = 0; a < std::min<Index>(2, out_h - 2 * i); ++a) {
      Real* row = y + ((n * conv.O + o) * out_h + 2 * i + a) * out_w;
      const Real* result = memory.rows + a * 2 * plan.width;
      if (bias) {
        for (Index j = 0; j < out_w; ++j) row[j] = bias[o] + result[j];
      } else {
        for (Index j = 0; j < out_w; ++j) row[j] += result[j];
      }
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
  return threads * Memory(conv, Plan(conv), nullptr, 0).size();
}

void correlate(const Convolution& conv, const Weights& weights, const Real* bias, const Real* x, Real* y, int threads,
               Real* scratch) {
  const Plan plan(conv);
  // Threads work on different strips. If there are too few strips, they share the channels of each.
  const bool many = plan.strips() >= threads;
  const int outer = many ? threads : 1, inner = many ? 1 : threads;
  parallel_for(outer, plan.strips(), [&](Index strip, int outer_thread) {
    const Index start = strip * plan.strip, rows = std::min(plan.strip, plan.total - start);
    const Index tiles = round_up(rows * plan.width, kLanes);
    const Memory shared(conv, plan, scratch, outer_thread);
    parallel_for(inner, conv.C, [&](Index c, int thread) {
      Memory memory(conv, plan, scratch, outer_thread + thread);
      memory.V = shared.V;
      transform_channel(conv, plan, x, c, start, rows, tiles, memory);
    });
    parallel_for(inner, plan.blocks(conv), [&](Index block, int thread) {
      const Memory memory(conv, plan, scratch, outer_thread + thread);
      const Index o = block * plan.block, count = std::min(plan.block, conv.O - o);
      multiply(conv, plan, weights, o, count, shared.V, tiles, memory);
      for (Index r = 0; r < count; ++r) {
        transform_results(conv, plan, bias, y, o + r, start, rows, memory.M + r * tiles, memory);
      }
    });
  });
}

}  // namespace l2l::winograd
