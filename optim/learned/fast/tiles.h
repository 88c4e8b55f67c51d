#pragma once
#include "autodiff/kernels/vector_math.h"
#include "optim/learned/fast/block.h"

namespace l2l {

/// Products of small matrices with a block: arrays of rows [kBlock]. They are done in tiles of 4 rows by 3 registers:
/// 12 sums at once keep two multiply-add units busy, and leave 4 of 16 registers for the operands. The rows are the
/// four gates of a unit, four units, or on the way back four inputs, so they stay 4 where AVX-512 has registers for 8
/// (simd::kTileRows).
namespace tiles {

using simd::kLanes;
using simd::Vec;

inline constexpr int kRegisters = 3;
inline constexpr Index kWidth = kRegisters * kLanes;
static_assert(kBlock % kWidth == 0);

using Tile = Vec[4][kRegisters];
using Rows = Real[4][kBlock];

/// tile[r] += Σ_k w[k][r] x[k], for rows x[k] of a block.
inline void multiply_add(Tile& tile, const Real* w, const Real* x, Index K) {
  for (Index k = 0; k < K; ++k, w += 4, x += kBlock) {
    Vec column[kRegisters];
    for (int v = 0; v < kRegisters; ++v) column[v] = simd::in_register(simd::load(x + v * kLanes));
    for (int r = 0; r < 4; ++r) {
      for (int v = 0; v < kRegisters; ++v) tile[r][v] += w[r] * column[v];
    }
  }
}

/// out[r] = bias[r] + Σ_k w[k][r] x[k] + Σ_k w[X + k][r] h[k], for X rows of x and H of h. Not inlined: what its
/// callers keep in registers would leave too few for the tile.
[[gnu::noinline]] inline void multiply(const Real* bias, const Real* w, const Real* x, Index X, const Real* h, Index H,
                                       Rows& out) {
  for (Index column = 0; column < kBlock; column += kWidth) {
    Tile sum;
    for (int r = 0; r < 4; ++r) {
      for (int v = 0; v < kRegisters; ++v) sum[r][v] = simd::broadcast(bias[r]);
    }
    multiply_add(sum, w, x + column, X);
    multiply_add(sum, w + X * 4, h + column, H);
    for (int r = 0; r < 4; ++r) {
      for (int v = 0; v < kRegisters; ++v) simd::store(out[r] + column + v * kLanes, sum[r][v]);
    }
  }
}

/// out[r * row_stride + k] += Σ_t Σ_lane g_t[r][lane] x_t[k][lane], for rows of g and of x.
template <int GRows, int XRows>
inline void outer_product_tile(BlockSequence g, BlockSequence x, Index T, Real* out, Index row_stride) {
  Vec sum[GRows][XRows] = {};
  for (Index t = 0; t < T; ++t, g.rows += g.step, x.rows += x.step) {
    for (Index lane = 0; lane < kBlock; lane += kLanes) {
      Vec column[XRows];
      for (int k = 0; k < XRows; ++k) column[k] = simd::in_register(simd::load(x.rows + k * kBlock + lane));
      for (int r = 0; r < GRows; ++r) {
        const Vec row = simd::in_register(simd::load(g.rows + r * kBlock + lane));
        for (int k = 0; k < XRows; ++k) sum[r][k] += row * column[k];
      }
    }
  }
  for (int r = 0; r < GRows; ++r) {
    for (int k = 0; k < XRows; ++k) out[r * row_stride + k] += simd::horizontal_sum(sum[r][k]);
  }
}

/// The same for any number of rows of x.
template <int GRows>
inline void outer_products(BlockSequence g, BlockSequence x, Index x_rows, Index T, Real* out, Index row_stride) {
  Index k = 0;
  const auto from = [&](Index row) { return BlockSequence{x.rows + row * kBlock, x.step}; };
  for (; k + 2 <= x_rows; k += 2) outer_product_tile<GRows, 2>(g, from(k), T, out + k, row_stride);
  for (; k < x_rows; ++k) outer_product_tile<GRows, 1>(g, from(k), T, out + k, row_stride);
}

/// Σ_t Σ_lane of a row.
inline Real sum_over(BlockSequence row, Index T) {
  Vec sum = {};
  for (Index t = 0; t < T; ++t, row.rows += row.step) {
    for (Index column = 0; column < kBlock; column += kLanes) sum += simd::load(row.rows + column);
  }
  return simd::horizontal_sum(sum);
}

}  // namespace tiles
}  // namespace l2l
