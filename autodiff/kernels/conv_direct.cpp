#include "autodiff/kernels/conv_direct.h"

#include <algorithm>

#include "autodiff/kernels/vector_math.h"

namespace l2l::conv_direct {
namespace {

using simd::in_register;
using simd::kLanes;
using simd::load;
using simd::store;
using simd::Vec;

constexpr int kRows = simd::kTileRows, kTile = simd::kTileColumns;  // output channels by registers of positions
constexpr Index kTileWidth = kTile * kLanes;

Index round_up(Index n, Index step) { return (n + step - 1) / step * step; }

/// Several images as one long array per channel, row after row, with the zeros of the padding between them:
///
///     0 0 0 0      The zeros to the right of a row are those to the left of the next; the zeros below an image are
///     0 a b c      those above the next. The window of the result at position q is the numbers at q + ky · pitch + kx.
///     0 d e f      So the windows of neighbouring positions are neighbours, also across rows and images: a register
///     0 0 0 0      takes kLanes of them, however small the image. Results at positions of padding mean nothing and
///     0 g h i      are skipped.
struct Sheet {
  Index images, H, W, pitch, image_step;
  Index first;  // position of the first pixel
  Index positions;  // at which there are results: a whole number of tiles
  Index size;  // of a channel

  Sheet(const Convolution& conv, Index images)
      : images(images),
        H(conv.H),
        W(conv.W),
        pitch(W + conv.pad_w),
        image_step((H + conv.pad_h) * pitch),
        first(conv.pad_h * pitch + conv.pad_w),
        positions(round_up(images * image_step, kTileWidth)),
        size(round_up(positions + (conv.kh - 1) * pitch + conv.kw - 1, kLanes)) {}

  /// visit(position of a row's first number, the row's number in the images) for rows from `start` on.
  template <class Visit>
  void rows(Index start, Index count, Visit visit) const {
    for (Index n = 0; n < images; ++n) {
      for (Index i = 0; i < count; ++i) visit(start + n * image_step + i * pitch, n, i);
    }
  }

  /// The images [images, C, H, W] as sheets [C, size].
  void fill(const Real* x, Index C, Real* sheets) const {
    std::fill_n(sheets, C * size, Real(0));
    for (Index c = 0; c < C; ++c) {
      rows(first, H, [=, this](Index at, Index n, Index i) {
        std::copy_n(x + ((n * C + c) * H + i) * W, W, sheets + c * size + at);
      });
    }
  }
};

/// As many images as fit in the second-level cache.
Index images_at_once(const Convolution& conv) {
  constexpr Index kBytes = 512 * 1024;
  const Index bytes = std::max(conv.C, conv.O) * Sheet(conv, 1).image_step * static_cast<Index>(sizeof(Real));
  return std::clamp<Index>(kBytes / std::max<Index>(bytes, 1), 1, std::max<Index>(conv.N, 1));
}

/// out[r][k] = Σ_c Σ_a Σ_b w[c, a, b][r] · x[c][a · pitch + b + k] for k < kTileWidth. Not inlined: the caller's own
/// registers would leave too few for the tile.
[[gnu::noinline]] void correlate_tile(const Convolution& conv, const Sheet& sheet, const Real* w, const Real* x,
                                      Real* out) {
  Vec sum[kRows][kTile] = {};
  for (Index c = 0; c < conv.C; ++c, x += sheet.size) {
    for (Index a = 0; a < conv.kh; ++a) {
      for (const Real *at = x + a * sheet.pitch, *end = at + conv.kw; at < end; ++at, w += kRows) {
        Vec column[kTile];
        for (int v = 0; v < kTile; ++v) column[v] = in_register(load(at + v * kLanes));
        for (int r = 0; r < kRows; ++r) {
          for (int v = 0; v < kTile; ++v) sum[r][v] += w[r] * column[v];
        }
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kTile; ++v) store(out + r * sheet.positions + v * kLanes, sum[r][v]);
  }
}

/// sum[r][k] = Σ_q rows[r][q] · columns[k][q]
[[gnu::noinline]] void product_tile(const Real* const (&rows)[kRows], const Real* const (&columns)[kTile],
                                    Index positions, Real (&result)[kRows][kTile]) {
  Vec sum[kRows][kTile] = {};
  for (Index q = 0; q < positions; q += kLanes) {
    Vec column[kTile];
    for (int k = 0; k < kTile; ++k) column[k] = in_register(load(columns[k] + q));
    for (int r = 0; r < kRows; ++r) {
      const Vec row = in_register(load(rows[r] + q));
      for (int k = 0; k < kTile; ++k) sum[r][k] += row * column[k];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kTile; ++k) result[r][k] = simd::horizontal_sum(sum[r][k]);
  }
}

}  // namespace

bool suits(const Convolution& conv) { return conv.stride == 1 && conv.pad_h < conv.kh && conv.pad_w < conv.kw; }

Index scratch_size(const Convolution& conv) {
  const Sheet sheet(conv, images_at_once(conv));
  return (conv.C + std::max<Index>(conv.O, kRows)) * sheet.size + round_up(kRows * conv.taps(), kLanes) + kLanes;
}

void correlate(const Convolution& conv, const Weights& weights, const Real* bias, const Real* x, Real* y,
               Real* scratch) {
  const Index window = conv.kh * conv.kw, out_h = conv.out_h(), out_w = conv.out_w();
  for (Index done = 0, step = images_at_once(conv); done < conv.N; done += step) {
    const Sheet sheet(conv, std::min(step, conv.N - done));
    Real* const w = scratch;  // [taps][kRows]
    Real* const sheets = w + round_up(kRows * conv.taps(), kLanes);  // [C][size]
    Real* const out = sheets + conv.C * sheet.size;  // [kRows][positions]
    sheet.fill(x + done * conv.image_size(), conv.C, sheets);
    for (Index o = 0; o < conv.O; o += kRows) {
      const Index channels = std::min<Index>(kRows, conv.O - o);
      for (Index c = 0; c < conv.C; ++c) {
        for (Index r = 0; r < kRows; ++r) {
          const Index output = o + std::min(r, channels - 1);
          for (Index k = 0; k < window; ++k) w[(c * window + k) * kRows + r] = weights.at(output, c, k);
        }
      }
      for (Index q = 0; q < sheet.positions; q += kTileWidth) correlate_tile(conv, sheet, w, sheets + q, out + q);
      for (Index r = 0; r < channels; ++r) {
        sheet.rows(r * sheet.positions, out_h, [=, &conv](Index at, Index n, Index i) {
          Real* row = y + (((done + n) * conv.O + o + r) * out_h + i) * out_w;
          if (bias) {
            for (Index j = 0; j < out_w; ++j) row[j] = bias[o + r] + out[at + j];
          } else {
            for (Index j = 0; j < out_w; ++j) row[j] += out[at + j];
          }
        });
      }
    }
  }
}

// dweight[o, c, ky, kx] = Σ_q dy[o][q] x[c][q + ky · pitch + kx]. dy is a sheet too. Padded for the transposed
// convolution it has the same pitch, and zeros at the positions that mean nothing.
void weight_gradient(const Convolution& conv, const Real* x, const Real* dy, Real* dweight, Real* scratch) {
  const Index window = conv.kh * conv.kw, K = conv.taps();
  const Convolution transposed = conv.transposed();
  for (Index done = 0, step = images_at_once(conv); done < conv.N && K > 0; done += step) {
    const Sheet sheet(conv, std::min(step, conv.N - done)), dy_sheet(transposed, sheet.images);
    Real* const sheets = scratch;  // [C][size]
    Real* const dy_sheets = sheets + conv.C * sheet.size + (kLanes - dy_sheet.first % kLanes) % kLanes;  // [O][size]
    sheet.fill(x + done * conv.image_size(), conv.C, sheets);
    dy_sheet.fill(dy + done * conv.result_size(), conv.O, dy_sheets);
    for (Index o = 0; o < conv.O; o += kRows) {
      const Index channels = std::min<Index>(kRows, conv.O - o);
      const Real* rows[kRows];
      for (Index r = 0; r < kRows; ++r) {
        rows[r] = dy_sheets + (o + std::min(r, channels - 1)) * dy_sheet.size + dy_sheet.first;
      }
      for (Index first = 0; first < K; first += kTile) {
        const Index taps = std::min<Index>(kTile, K - first);
        const Real* columns[kTile];
        for (Index k = 0; k < kTile; ++k) {
          const Index tap = first + std::min(k, taps - 1), in_window = tap % window;
          columns[k] = sheets + tap / window * sheet.size + in_window / conv.kw * sheet.pitch + in_window % conv.kw;
        }
        Real sums[kRows][kTile];
        product_tile(rows, columns, sheet.positions, sums);
        for (Index r = 0; r < channels; ++r) {
          for (Index k = 0; k < taps; ++k) dweight[(o + r) * K + first + k] += sums[r][k];
        }
      }
    }
  }
}

}  // namespace l2l::conv_direct
