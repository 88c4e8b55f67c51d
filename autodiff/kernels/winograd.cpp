#include "autodiff/kernels/winograd.h"

#include <algorithm>

#include "autodiff/kernels/parallel.h"
#include "autodiff/kernels/vector_math.h"
#include "autodiff/kernels/winograd_tile.h"

namespace l2l::winograd {
namespace {

using simd::in_register;
using simd::kLanes;
using simd::load;
using simd::store;
using simd::Vec;

constexpr int kRows = simd::kTileRows;
// Padding after each of the matrices: at distances that are powers of two, they would all compete for the same few
// lines of the first-level cache. And weights are stored by whole registers, up to kLanes - 1 numbers too many.
constexpr Index kGap = 16;
static_assert(kGap >= kLanes - 1);

Index round_up(Index n, Index step) { return (n + step - 1) / step * step; }
/// The size of a part of n: with as few parts as keep it at `most`, their number rounded up to a multiple of
/// `multiple`.
Index part_of(Index n, Index most, Index multiple) {
  n = std::max<Index>(n, 1);
  const Index parts = round_up((n + most - 1) / most, multiple);
  return (n + parts - 1) / parts;
}

/// Rows of tiles in an image, and tiles in a row.
struct Tiling {
  Index rows, width;

  Tiling(const Convolution& conv, Index results)
      : rows((conv.out_h() + results - 1) / results), width((conv.out_w() + results - 1) / results) {}
  /// visit(k, image, row in the image) for the k-th of `count` rows, from row `start` of all images on.
  template <class Visit>
  void each_row(Index start, Index count, Visit visit) const {
    for (Index k = 0, image = start / rows, row = start % rows; k < count; ++k) {
      visit(k, image, row);
      if (++row == rows) row = 0, ++image;
    }
  }
};

/// The unit of work, whose parts about fit in the second-level cache: a strip of rows of tiles, which may span several
/// images, a block of output channels, and a block of input channels.
template <int m>
struct Plan : Tiling {
  static constexpr Index kProducts = Tile<m>::kInputs * Tile<m>::kInputs;  // numbers of a transformed tile

  Index total;  // rows of tiles in all images
  Index strip;  // rows of tiles in a strip
  Index block, depth;  // output channels, and input channels, in a block
  Index tiles;  // of a strip, in whole registers
  bool share_strips;  // threads work on different strips; or all on the channels of one

  Plan(const Convolution& conv, int threads) : Tiling(conv, m), total(conv.N * rows) {
    constexpr Index kStripBytes = 1 << 20, kBlockBytes = 300 << 10, kBlock = 32;
    constexpr Index kBytes = kProducts * static_cast<Index>(sizeof(Real));  // of a tile or a window
    const Index strip_rows = std::max<Index>(kStripBytes / std::max<Index>(conv.C * kBytes * width, 1), 1);
    share_strips = total > strip_rows * (threads - 1);
    strip = part_of(total, strip_rows, share_strips ? threads : 1);
    block = part_of((conv.O + kRows - 1) / kRows, kBlock / kRows, share_strips ? 1 : threads) * kRows;
    depth = part_of(conv.C, std::max<Index>(kBlockBytes / (block * kBytes), 1), 1);
    tiles = round_up(strip * width, kLanes);
  }
  Index strips() const { return (total + strip - 1) / strip; }
  Index blocks(const Convolution& conv) const { return (conv.O + block - 1) / block; }
};

/// The memory of a thread. V, U and M are kProducts matrices each, at a distance of V_step, U_step and M_step.
template <int m>
struct Memory {
  static constexpr Index kProducts = Plan<m>::kProducts;

  Index V_step, U_step, M_step, planes_size, line_size;
  Real *V, *U, *M, *planes, *line;

  Memory(const Convolution& conv, const Plan<m>& plan, Real* memory, int thread)
      : V_step(conv.C * plan.tiles + kGap),
        U_step(plan.depth * plan.block + kGap),
        M_step(plan.block * plan.tiles + kGap),
        planes_size(kProducts * plan.tiles),
        line_size(m * plan.tiles),
        V(memory + thread * size()),  // [kProducts][C][tiles]
        U(V + kProducts * V_step),  // [kProducts] weights of a block
        M(U + kProducts * U_step),  // [kProducts][block][tiles]
        planes(M + kProducts * M_step),  // [kProducts][tiles], of a channel
        line(planes + planes_size) {}  // [tiles][m]
  Index size() const { return kProducts * (V_step + U_step + M_step) + planes_size + line_size; }
};

/// U = G g Gᵀ for `count` windows g: [count][9], rotated by 180 degrees if `turned`. The numbers of a window are `step`
/// apart in U, of which whole registers are written. Weights `next` further on are needed soon, and are prefetched: the
/// processor cannot predict them, as runs of weights are often short.
template <int m>
void transform_windows(const Real* windows, Index count, Index next, bool turned, Real* U, Index step) {
  constexpr Index kAtOnce = 64;
  constexpr int kInputs = Tile<m>::kInputs;
  Real g[9][kAtOnce] = {};
  for (Index start = 0; start < count; start += kAtOnce, windows += 9 * kAtOnce, U += kAtOnce) {
    const Index n = std::min(kAtOnce, count - start);
    for (Index k = 0; k < 9 * n; k += 64 / static_cast<Index>(sizeof(Real))) __builtin_prefetch(windows + next + k);
    for (int tap = 0; tap < 9; ++tap) {
      const Real* const from = windows + (turned ? 8 - tap : tap);
      for (Index k = 0; k < n; ++k) g[tap][k] = from[9 * k];
    }
    for (Index k = 0; k < n; k += kLanes) {
      Vec columns[kInputs][3];  // G g
      for (int b = 0; b < 3; ++b) {
        const Vec column[] = {load(g[b] + k), load(g[3 + b] + k), load(g[6 + b] + k)};
        Vec u[kInputs];
        Tile<m>::weights(column, u);
        for (int a = 0; a < kInputs; ++a) columns[a][b] = u[a];
      }
      for (int a = 0; a < kInputs; ++a) {
        Vec u[kInputs];
        Tile<m>::weights(columns[a], u);
        for (int b = 0; b < kInputs; ++b) store(U + (a * kInputs + b) * step + k, u[b]);
      }
    }
  }
}

/// out[j] = row[first + j] for j < n, where a row has W numbers and zeros around them.
void copy_padded(const Real* row, Index W, Index first, Index n, Real* out) {
  const Index begin = std::clamp<Index>(-first, 0, n), end = std::clamp(W - first, begin, n);
  for (Index j = 0; j < begin; ++j) out[j] = 0;
  std::copy(row + first + begin, row + first + end, out + begin);
  for (Index j = end; j < n; ++j) out[j] = 0;
}

/// V = Bᵀ d B for the tiles of `count` rows of them in channel c, from row `start` on.
template <int m>
void transform_inputs(const Convolution& conv, const Plan<m>& plan, const Real* x, Index c, Index start, Index count,
                      Index tiles, const Memory<m>& memory) {
  constexpr int kInputs = Tile<m>::kInputs;
  const Index width = plan.width;
  Real* const line = memory.line;
  std::fill(line + count * width * m, line + tiles * m, Real(0));
  // planes[a][b][t]: number (a, b) of tile t
  for (Index a = 0; a < kInputs; ++a) {
    Real* const planes = memory.planes + a * kInputs * tiles;
    // A row of pixels; null: outside of the image.
    const auto pixels = [&](Index image, Index row) -> const Real* {
      const Index y = row * m - conv.pad_h + a;
      return y >= 0 && y < conv.H ? x + ((image * conv.C + c) * conv.H + y) * conv.W : nullptr;
    };
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      Real* const to = line + k * width * m;
      if (const Real* from = pixels(image, row)) {
        copy_padded(from, conv.W, -conv.pad_w, m * width, to);
      } else {
        std::fill(to, to + m * width, Real(0));
      }
    });
#pragma omp simd
    for (Index t = 0; t < tiles; ++t) {
      for (int b = 0; b < m; ++b) planes[b * tiles + t] = line[m * t + b];
    }
    // The last two numbers of a tile are the first two of the next one, but for the last tile of a row.
    std::copy(planes + 1, planes + 2 * tiles, planes + m * tiles);
    planes[(m + 2) * tiles - 1] = 0;
    const Index end = m * width - conv.pad_w;
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      const Real* const from = pixels(image, row);
      for (int b = 0; b < 2; ++b) {
        planes[(m + b) * tiles + (k + 1) * width - 1] = from && end + b < conv.W ? from[end + b] : 0;
      }
    });
  }
  Real* const V = memory.V + c * tiles;
  for (Index t = 0; t < tiles; t += kLanes) {
    Vec columns[kInputs][kInputs];  // Bᵀ d
    for (int b = 0; b < kInputs; ++b) {
      Vec d[kInputs], v[kInputs];
      for (int a = 0; a < kInputs; ++a) d[a] = load(memory.planes + (a * kInputs + b) * tiles + t);
      Tile<m>::inputs(d, v);
      for (int a = 0; a < kInputs; ++a) columns[a][b] = v[a];
    }
    for (int a = 0; a < kInputs; ++a) {
      Vec v[kInputs];
      Tile<m>::inputs(columns[a], v);
      for (int b = 0; b < kInputs; ++b) store(V + (a * kInputs + b) * memory.V_step + t, v[b]);
    }
  }
}

/// M[r][…] = Σ_k U[r · row_step + k · k_step] V[k][…] for kRows rows and kColumns registers; or, if `more`, added to
/// what M is. Not inlined: the caller's own registers would leave too few for the tile.
template <int kColumns>
[[gnu::noinline]] void product_tile(const Real* U, Index row_step, Index k_step, const Real* V, Index K, Index tiles,
                                    bool more, Real* M) {
  Vec sum[kRows][kColumns] = {};
  if (more) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kColumns; ++v) sum[r][v] = load(M + r * tiles + v * kLanes);
    }
  }
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
void product_rows(const Real* U, Index row_step, Index k_step, const Real* V, Index K, Index tiles, bool more,
                  Real* M) {
  for (Index column = 0; column < tiles;) {
    const Index left = (tiles - column) / kLanes;
    const Index take = left == 4 ? 2 : std::min<Index>(left, 3);
    const auto tile = take == 3 ? product_tile<3> : take == 2 ? product_tile<2> : product_tile<1>;
    tile(U, row_step, k_step, V + column, K, tiles, more, M + column);
    column += take * kLanes;
  }
}

/// M = U V for the output channels o … o + count - 1. Transforms their weights first.
template <int m>
void multiply(const Convolution& conv, const Plan<m>& plan, const Weights& weights, Index o, Index count, const Real* V,
              Index tiles, const Memory<m>& memory) {
  for (Index c = 0; c < conv.C; c += plan.depth) {
    const Index depth = std::min(plan.depth, conv.C - c);
    Index row_step = 1, k_step = plan.block;
    if (weights.turned) {  // U: [kProducts][depth][block]
      for (Index k = 0; k < depth; ++k) {
        transform_windows<m>(weights.data + ((c + k) * weights.columns + o) * 9, count, weights.columns * 9, true,
                             memory.U + k * k_step, memory.U_step);
      }
    } else {  // U: [kProducts][block][depth]
      row_step = depth, k_step = 1;
      for (Index r = 0; r < count; ++r) {
        transform_windows<m>(weights.data + ((o + r) * conv.C + c) * 9, depth, conv.C * 9, false,
                             memory.U + r * row_step, memory.U_step);
      }
    }
    for (Index k = 0; k < Plan<m>::kProducts; ++k) {
      for (Index r = 0; r < count; r += kRows) {
        product_rows(memory.U + k * memory.U_step + r * row_step, row_step, k_step, V + k * memory.V_step + c * tiles,
                     depth, tiles, c > 0, memory.M + k * memory.M_step + r * tiles);
      }
    }
  }
}

/// Aᵀ M A, the results y of the same rows of tiles in output channel o. M: of this channel.
template <int m>
void transform_results(const Convolution& conv, const Plan<m>& plan, const Real* bias, Real* y, Index o, Index start,
                       Index count, Index tiles, const Real* M, const Memory<m>& memory) {
  constexpr int kInputs = Tile<m>::kInputs;
  for (Index t = 0; t < tiles; t += kLanes) {
    Vec columns[m][kInputs];  // Aᵀ M
    for (int b = 0; b < kInputs; ++b) {
      Vec p[kInputs], sums[m];
      for (int a = 0; a < kInputs; ++a) p[a] = load(M + (a * kInputs + b) * memory.M_step + t);
      Tile<m>::results(p, sums);
      for (int a = 0; a < m; ++a) columns[a][b] = sums[a];
    }
    for (int a = 0; a < m; ++a) {
      Vec sums[m];
      Tile<m>::results(columns[a], sums);
      for (int b = 0; b < m; ++b) store(memory.planes + (a * m + b) * tiles + t, sums[b]);
    }
  }
  const Index out_h = conv.out_h(), out_w = conv.out_w();
  for (Index a = 0; a < m; ++a) {
    const Real* const planes = memory.planes + a * m * tiles;
#pragma omp simd
    for (Index t = 0; t < tiles; ++t) {
      for (int b = 0; b < m; ++b) memory.line[m * t + b] = planes[b * tiles + t];
    }
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      const Index i = row * m + a;
      if (i >= out_h) return;
      Real* const to = y + ((image * conv.O + o) * out_h + i) * out_w;
      const Real* const result = memory.line + k * plan.width * m;
      if (bias) {
        for (Index j = 0; j < out_w; ++j) to[j] = bias[o] + result[j];
      } else {
        for (Index j = 0; j < out_w; ++j) to[j] += result[j];
      }
    });
  }
}

template <int m>
void correlate_by(const Convolution& conv, const Weights& weights, const Real* bias, const Real* x, Real* y,
                  int threads, Real* scratch) {
  const Plan<m> plan(conv, threads);
  const int outer = plan.share_strips ? threads : 1, inner = plan.share_strips ? 1 : threads;
  parallel_for(outer, plan.strips(), [&](Index strip, int outer_thread) {
    const Index start = strip * plan.strip, rows = std::min(plan.strip, plan.total - start);
    const Index tiles = round_up(rows * plan.width, kLanes);
    const Memory<m> shared(conv, plan, scratch, outer_thread);
    parallel_for(inner, conv.C, [&](Index c, int thread) {
      Memory<m> memory(conv, plan, scratch, outer_thread + thread);
      memory.V = shared.V;
      transform_inputs(conv, plan, x, c, start, rows, tiles, memory);
    });
    parallel_for(inner, plan.blocks(conv), [&](Index block, int thread) {
      const Memory<m> memory(conv, plan, scratch, outer_thread + thread);
      const Index o = block * plan.block, count = std::min(plan.block, conv.O - o);
      multiply(conv, plan, weights, o, count, shared.V, tiles, memory);
      for (Index r = 0; r < count; ++r) {
        transform_results(conv, plan, bias, y, o + r, start, rows, tiles, memory.M + r * tiles, memory);
      }
    });
  });
}

/// Multiplications of F(m x m) for a pair of channels, with registers that are not full.
template <int m>
Index multiplications(const Convolution& conv) {
  const Tiling tiling(conv, m);
  return Plan<m>::kProducts * round_up(conv.N * tiling.rows * tiling.width, kLanes);
}

}  // namespace

bool suits(const Convolution& conv) {
  constexpr Index kChannels = 32;
  return conv.kh == 3 && conv.kw == 3 && conv.stride == 1 && conv.pad_h <= 2 && conv.pad_w <= 2 &&
         std::min(conv.C, conv.O) >= kChannels;
}

int best_tile(const Convolution& conv) { return multiplications<4>(conv) < multiplications<2>(conv) ? 4 : 2; }

Index scratch_size(const Convolution& conv, int m, int threads) {
  return threads * (m == 4 ? Memory<4>(conv, Plan<4>(conv, threads), nullptr, 0).size()
                           : Memory<2>(conv, Plan<2>(conv, threads), nullptr, 0).size());
}

void correlate(const Convolution& conv, int m, const Weights& weights, const Real* bias, const Real* x, Real* y,
               int threads, Real* scratch) {
  if (conv.N * conv.result_size() == 0) return;
  const auto by = m == 4 ? correlate_by<4> : correlate_by<2>;
  by(conv, weights, bias, x, y, threads, scratch);
}

}  // namespace l2l::winograd
