#include "autodiff/kernels/conv_direct.h"

#include <algorithm>

#include "autodiff/kernels/image_rows.h"
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

  /// `channels` sheets, [channels, size]. read(image, channel, i, to) writes row i of an image.
  template <class Read>
  void fill(Index channels, Real* sheets, Read read) const {
    std::fill_n(sheets, channels * size, Real(0));
    for (Index c = 0; c < channels; ++c) {
      rows(first, H, [=, this](Index at, Index n, Index i) { read(n, c, i, sheets + c * size + at); });
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

/// The convolution as sheets have it: with zeros at the edges. Mirrored edges become a part of the image.
Convolution on_sheets(const Convolution& conv) { return conv.mirrored ? conv.on_padded() : conv; }

/// The sums of a convolution with zeros at the edges. read(image, channel, i, to) writes row i of an input, and
/// write(image, channel, i, sums) gets row i of a result.
template <class Read, class Write>
void correlate(const Convolution& conv, const Weights& weights, Real* scratch, Read read, Write write) {
  const Index window = conv.kh * conv.kw, out_h = conv.out_h();
  for (Index done = 0, step = images_at_once(conv); done < conv.N; done += step) {
    const Sheet sheet(conv, std::min(step, conv.N - done));
    Real* const w = scratch;  // [taps][kRows]
    Real* const sheets = w + round_up(kRows * conv.taps(), kLanes);  // [C][size]
    Real* const out = sheets + conv.C * sheet.size;  // [kRows][positions]
    sheet.fill(conv.C, sheets, [=](Index n, Index c, Index i, Real* to) { read(done + n, c, i, to); });
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
        sheet.rows(r * sheet.positions, out_h,
                   [=](Index at, Index n, Index i) { write(done + n, o + r, i, out + at); });
      }
    }
  }
}

/// Writes row i of a channel of x, padded if edges are mirrored.
auto reader(const Convolution& conv, const Real* x) {
  return [=, &conv](Index n, Index c, Index i, Real* to) {
    const Real* const image = x + (n * conv.C + c) * conv.H * conv.W;
    if (conv.mirrored) {
      const Real* const row = image_rows::find(conv, image, i - conv.pad_h);
      image_rows::read(conv, row, -conv.pad_w, conv.W + 2 * conv.pad_w, to);
    } else {
      std::copy_n(image + i * conv.W, conv.W, to);
    }
  };
}
/// Writes row i of a channel of ∂L/∂y before the rectifier.
auto reader(const Convolution& conv, const Real* y, const Real* dy) {
  const Index out_h = conv.out_h(), out_w = conv.out_w();
  return [=, &conv](Index n, Index o, Index i, Real* to) {
    const Index first = ((n * conv.O + o) * out_h + i) * out_w;
    image_rows::read_gradient(conv, y + first, dy + first, to);
  };
}

}  // namespace

bool suits(const Convolution& conv) { return conv.stride == 1 && conv.pad_h < conv.kh && conv.pad_w < conv.kw; }

Index scratch_size(const Convolution& any) {
  const auto size = [](const Convolution& conv) {
    const Sheet sheet(conv, images_at_once(conv));
    return (conv.C + std::max<Index>(conv.O, kRows)) * sheet.size + round_up(kRows * conv.taps(), kLanes) + kLanes;
  };
  const Convolution conv = on_sheets(any);
  return std::max(size(conv), size(conv.transposed()));
}

void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, Real* scratch) {
  const Index out_h = conv.out_h(), out_w = conv.out_w();
  correlate(on_sheets(conv), Weights(conv, weight), scratch, reader(conv, x),
            [=, &conv](Index n, Index o, Index i, const Real* sums) {
              image_rows::write(conv, sums, bias[o], y + ((n * conv.O + o) * out_h + i) * out_w);
            });
}

void image_gradient(const Convolution& conv, const Real* weight, const Real* y, const Real* dy, Real* dx,
                    Real* scratch) {
  const Convolution back = on_sheets(conv).transposed();
  const Index left = conv.mirrored ? conv.pad_w : 0, H = conv.H, W = conv.W;
  correlate(back, Weights(conv, weight, true), scratch, reader(conv, y, dy),
            [=, &conv](Index n, Index c, Index i, const Real* sums) {
              const Index row = conv.mirrored ? image_rows::mirror(i - conv.pad_h, H) : i;
              Real* const to = dx + ((n * conv.C + c) * H + row) * W;
              for (Index j = 0; j < W; ++j) to[j] += sums[left + j];
              for (Index j = 0; j < left; ++j) {
                to[left - j] += sums[j];
                to[W - 2 - j] += sums[left + W + j];
              }
            });
}

// dweight[o, c, ky, kx] = Σ_q dy[o][q] x[c][q + ky · pitch + kx]. dy is a sheet too. Padded for the transposed
// convolution it has the same pitch, and zeros at the positions that mean nothing.
void weight_gradient(const Convolution& all, const Real* x, const Real* y, const Real* dy, Real* dweight,
                     Real* scratch) {
  const Convolution conv = on_sheets(all), transposed = conv.transposed();
  const Index window = conv.kh * conv.kw, K = conv.taps();
  const auto read_x = reader(all, x);
  const auto read_dy = reader(all, y, dy);
  for (Index done = 0, step = images_at_once(conv); done < conv.N && K > 0; done += step) {
    const Sheet sheet(conv, std::min(step, conv.N - done)), dy_sheet(transposed, sheet.images);
    Real* const sheets = scratch;  // [C][size]
    Real* const dy_sheets = sheets + conv.C * sheet.size + (kLanes - dy_sheet.first % kLanes) % kLanes;  // [O][size]
    sheet.fill(conv.C, sheets, [=](Index n, Index c, Index i, Real* to) { read_x(done + n, c, i, to); });
    dy_sheet.fill(conv.O, dy_sheets, [=](Index n, Index o, Index i, Real* to) { read_dy(done + n, o, i, to); });
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
