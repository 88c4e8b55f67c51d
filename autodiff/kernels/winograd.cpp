#include "autodiff/kernels/winograd.h"

#include <algorithm>
#include <utility>

#include "autodiff/kernels/image_rows.h"
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
/// images, with all channels that go in, and a block of those that come out. Sums over the former are cut as well.
template <int m>
struct Plan : Tiling {
  static constexpr Index kProducts = Tile<m>::kInputs * Tile<m>::kInputs;  // numbers of a transformed tile

  Index in, out;  // channels
  Index total;  // rows of tiles in all images
  Index strip;  // rows of tiles in a strip
  Index block, depth;  // channels that come out, and that go in, at once
  Index tiles;  // of a strip, in whole registers
  int teams, members;  // of threads: teams work on different strips, the members of one on different channels

  Plan(const Convolution& conv, Index in, Index out, int threads)
      : Tiling(conv, m), in(in), out(out), total(conv.N * rows) {
    constexpr Index kStripBytes = 1 << 20, kBlockBytes = 300 << 10, kBlock = 32;
    constexpr Index kBytes = kProducts * static_cast<Index>(sizeof(Real));  // of a tile or a window
    const Index strip_rows = std::max<Index>(kStripBytes / std::max<Index>(in * kBytes * width, 1), 1);
    teams = total > strip_rows * (threads - 1) ? threads : 1;
    members = threads / teams;
    strip = part_of(total, strip_rows, teams);
    block = part_of((out + kRows - 1) / kRows, kBlock / kRows, members) * kRows;
    depth = part_of(in, std::max<Index>(kBlockBytes / (block * kBytes), 1), 1);
    tiles = round_up(strip * width, kLanes);
  }
  /// The first row of tiles of a team.
  Index first(Index team) const { return std::min(total, (total + teams - 1) / teams * team); }
  Index blocks() const { return (out + block - 1) / block; }
};

/// The memory of a thread. V, U and M are kProducts matrices each, at a distance of V_step, U_step and M_step. V
/// belongs to its team.
template <int m>
struct Memory {
  static constexpr Index kProducts = Plan<m>::kProducts;

  Index V_step, U_step, M_step, planes_size, line_size;
  Real *V, *U, *M, *planes, *line;

  Memory(const Plan<m>& plan, Real* memory, Index team = 0, Index member = 0)
      : V_step(plan.in * plan.tiles + kGap),
        U_step(plan.depth * plan.block + kGap),
        M_step(plan.block * plan.tiles + kGap),
        planes_size(kProducts * plan.tiles),
        line_size((m + 2) * plan.tiles),
        V(memory + team * team_size(plan)),  // [kProducts][in][tiles]
        U(V + kProducts * V_step + member * member_size()),  // [kProducts] weights of a block
        M(U + kProducts * U_step),  // [kProducts][block][tiles]
        planes(M + kProducts * M_step),  // [kProducts][tiles], of a channel
        line(planes + planes_size) {}  // [tiles][m], and two more for each row of tiles
  Index member_size() const { return kProducts * (U_step + M_step) + planes_size + line_size; }
  Index team_size(const Plan<m>& plan) const { return kProducts * V_step + plan.members * member_size(); }
};

/// T x Tᵀ for `count` matrices x [kFrom][kFrom], whole registers of them at a time: the linear map T on their columns,
/// then on their rows. The numbers of a matrix are from_step apart, those of the result to_step.
template <int kFrom, int kTo, void (*T)(const Vec*, Vec*)>
void both_sides(const Real* from, Index from_step, Index count, Real* to, Index to_step) {
  for (Index k = 0; k < count; k += kLanes) {
    Vec columns[kTo][kFrom];
    for (int b = 0; b < kFrom; ++b) {
      Vec x[kFrom], y[kTo];
      for (int a = 0; a < kFrom; ++a) x[a] = load(from + (a * kFrom + b) * from_step + k);
      T(x, y);
      for (int a = 0; a < kTo; ++a) columns[a][b] = y[a];
    }
    for (int a = 0; a < kTo; ++a) {
      Vec y[kTo];
      T(columns[a], y);
      for (int b = 0; b < kTo; ++b) store(to + (a * kTo + b) * to_step + k, y[b]);
    }
  }
}

/// U = G g Gᵀ for `count` windows g: [count][9]. The numbers of a window are `step` apart in U, of which whole
/// registers are written. Weights `next` further on are needed soon, and are prefetched: the processor cannot predict
/// them, as runs of weights are often short.
template <int m>
void transform_windows(const Real* windows, Index count, Index next, Real* U, Index step) {
  constexpr Index kAtOnce = 64;
  Real g[9 * kAtOnce] = {};
  for (Index start = 0; start < count; start += kAtOnce, windows += 9 * kAtOnce, U += kAtOnce) {
    const Index n = std::min(kAtOnce, count - start);
    for (Index k = 0; k < 9 * n; k += 64 / static_cast<Index>(sizeof(Real))) __builtin_prefetch(windows + next + k);
    for (Index tap = 0; tap < 9; ++tap) {
      for (Index k = 0; k < n; ++k) g[tap * kAtOnce + k] = windows[9 * k + tap];
    }
    both_sides<3, Tile<m>::kInputs, Tile<m>::weights>(g, kAtOnce, n, U, step);
  }
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
    const auto pixels = [&](Index image, Index row) {
      return image_rows::find(conv, x + (image * conv.C + c) * conv.H * conv.W, row * m - conv.pad_h + a);
    };
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      image_rows::read(conv, pixels(image, row), -conv.pad_w, m * width, line + k * width * m);
    });
#pragma omp simd
    for (Index t = 0; t < tiles; ++t) {
      for (int b = 0; b < m; ++b) planes[b * tiles + t] = line[m * t + b];
    }
    // The last two numbers of a tile are the first two of the next one, but for the last tile of a row.
    std::copy(planes + 1, planes + 2 * tiles, planes + m * tiles);
    planes[(m + 2) * tiles - 1] = 0;
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      Real last[2];
      image_rows::read(conv, pixels(image, row), m * width - conv.pad_w, 2, last);
      for (int b = 0; b < 2; ++b) planes[(m + b) * tiles + (k + 1) * width - 1] = last[b];
    });
  }
  both_sides<kInputs, kInputs, Tile<m>::inputs>(memory.planes, tiles, tiles, memory.V + c * tiles, memory.V_step);
}

/// V = A dy Aᵀ likewise, for output channel o.
template <int m>
void transform_result_gradients(const Convolution& conv, const Plan<m>& plan, const Real* y, const Real* dy, Index o,
                                Index start, Index count, Index tiles, const Memory<m>& memory) {
  const Index width = plan.width, out_h = conv.out_h(), out_w = conv.out_w();
  Real* const line = memory.line;
  std::fill(line + count * width * m, line + tiles * m, Real(0));
  for (Index a = 0; a < m; ++a) {
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      const Index i = row * m + a, first = ((image * conv.O + o) * out_h + i) * out_w;
      Real* const to = line + k * width * m;
      const Index n = i < out_h ? out_w : 0;
      if (n > 0) image_rows::read_gradient(conv, y + first, dy + first, to);
      std::fill(to + n, to + width * m, Real(0));
    });
    Real* const planes = memory.planes + a * m * tiles;
#pragma omp simd
    for (Index t = 0; t < tiles; ++t) {
      for (int b = 0; b < m; ++b) planes[b * tiles + t] = line[m * t + b];
    }
  }
  both_sides<m, Tile<m>::kInputs, Tile<m>::result_gradients>(memory.planes, tiles, tiles, memory.V + o * tiles,
                                                             memory.V_step);
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

/// M = U V for channels first … first + count - 1 of those that come out: results, or inputs if `transposed`.
/// Transforms their weights first.
template <int m>
void multiply(const Convolution& conv, const Plan<m>& plan, const Real* weight, bool transposed, Index first,
              Index count, Index tiles, const Memory<m>& memory) {
  for (Index start = 0; start < plan.in; start += plan.depth) {
    const Index depth = std::min(plan.depth, plan.in - start);
    Index row_step = depth, k_step = 1;
    if (transposed) {  // U: [kProducts][depth][block]
      row_step = 1, k_step = plan.block;
      for (Index k = 0; k < depth; ++k) {
        transform_windows<m>(weight + ((start + k) * conv.C + first) * 9, count, conv.C * 9, memory.U + k * k_step,
                             memory.U_step);
      }
    } else {  // U: [kProducts][block][depth]
      for (Index r = 0; r < count; ++r) {
        transform_windows<m>(weight + ((first + r) * conv.C + start) * 9, depth, conv.C * 9, memory.U + r * row_step,
                             memory.U_step);
      }
    }
    for (Index k = 0; k < Plan<m>::kProducts; ++k) {
      for (Index r = 0; r < count; r += kRows) {
        product_rows(memory.U + k * memory.U_step + r * row_step, row_step, k_step,
                     memory.V + k * memory.V_step + start * tiles, depth, tiles, start > 0,
                     memory.M + k * memory.M_step + r * tiles);
      }
    }
  }
}

/// Aᵀ M A, the results y of the same rows of tiles in output channel o. M: of this channel.
template <int m>
void transform_results(const Convolution& conv, const Plan<m>& plan, Real bias, Real* y, Index o, Index start,
                       Index count, Index tiles, const Real* M, const Memory<m>& memory) {
  both_sides<Tile<m>::kInputs, m, Tile<m>::results>(M, memory.M_step, tiles, memory.planes, tiles);
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
      image_rows::write(conv, memory.line + k * plan.width * m, bias, y + ((image * conv.O + o) * out_h + i) * out_w);
    });
  }
}

/// Adds what tiles say of the padding to the pixels that it mirrors. They are in the same tile: padding of 1 is the
/// first number of the first tile, and mirrors the third; at the other end it is number `bottom` or `right`.
template <int m>
void fold_edges(const Convolution& conv, const Plan<m>& plan, Index start, Index count, Index tiles, Real* planes) {
  constexpr Index kInputs = Tile<m>::kInputs;
  const Index width = plan.width, bottom = conv.H + 1 - (plan.rows - 1) * m, right = conv.W + 1 - (width - 1) * m;
  const auto at = [=](Index a, Index b, Index t) -> Real& { return planes[(a * kInputs + b) * tiles + t]; };
  plan.each_row(start, count, [&](Index k, Index, Index row) {
    const bool top = conv.pad_h > 0 && row == 0, end = conv.pad_h > 0 && row == plan.rows - 1;
    const Index first = k * width, last = first + width - 1;
    for (Index b = 0; b < kInputs; ++b) {
      for (Index t = first; top && t <= last; ++t) at(2, b, t) += at(0, b, t);
      for (Index t = first; end && t <= last; ++t) at(bottom - 2, b, t) += at(bottom, b, t);
    }
    for (Index a = 0; conv.pad_w > 0 && a < kInputs; ++a) {
      at(a, 2, first) += at(a, 0, first);
      at(a, right - 2, last) += at(a, right, last);
    }
  });
}

/// Where two teams meet, both have something to add to the same two rows of pixels. The later one leaves it here until
/// all have finished, so that sums have the same order for any number of teams.
struct Seam {
  Index start;  // the later team's first row of tiles
  Real* rows;  // [C][2][W]; null: there is no team before
};

/// dx += B M Bᵀ, of the same rows of tiles in input channel c. M: of this channel.
template <int m>
void transform_input_gradients(const Convolution& conv, const Plan<m>& plan, const Seam& seam, Real* dx, Index c,
                               Index start, Index count, Index tiles, const Real* M, const Memory<m>& memory) {
  constexpr Index kInputs = Tile<m>::kInputs;
  const Index width = plan.width, H = conv.H, W = conv.W;
  Real *const line = memory.line, *const ends = line + m * tiles;  // [tiles][m], [rows of tiles][2]
  both_sides<kInputs, kInputs, Tile<m>::input_gradients>(M, memory.M_step, tiles, memory.planes, tiles);
  if (conv.mirrored) fold_edges(conv, plan, start, count, tiles, memory.planes);
  // Rows of pixels that two rows of tiles have something for: the upper one comes first, as from another strip it
  // would.
  for (Index step = 0; step < kInputs; ++step) {
    const Index a = (step + m) % kInputs;
    // The last two numbers of a tile are for the first two columns of the next one, but for the last tile of a row.
    Real* const planes = memory.planes + a * kInputs * tiles;
    for (Index k = 0; k < count; ++k) {
      for (Index b = 0; b < 2; ++b) {
        ends[2 * k + b] = std::exchange(planes[(m + b) * tiles + (k + 1) * width - 1], Real(0));
      }
    }
    for (Index b = 0; b < 2; ++b) {
      for (Index t = 1; t < tiles; ++t) planes[b * tiles + t] += planes[(m + b) * tiles + t - 1];
    }
#pragma omp simd
    for (Index t = 0; t < tiles; ++t) {
      for (int b = 0; b < m; ++b) line[m * t + b] = planes[b * tiles + t];
    }
    plan.each_row(start, count, [&](Index k, Index image, Index row) {
      const Index i = row * m + a - conv.pad_h, inside = std::min(W, m * width - conv.pad_w);
      if (i < 0 || i >= H) return;
      const bool later = seam.rows && a < 2 && start + k == seam.start;
      Real* const to = later ? seam.rows + (c * 2 + a) * W : dx + ((image * conv.C + c) * H + i) * W;
      const Real* const from = line + k * width * m + conv.pad_w;
      for (Index j = 0; j < inside; ++j) to[j] += from[j];
      for (Index j = inside; j < W; ++j) to[j] += ends[2 * k + j - (m * width - conv.pad_w)];
    });
  }
}

/// Runs a convolution or its gradient: read(channel, start, count, tiles, memory) transforms a channel that goes in,
/// for a strip of rows of tiles; write(team, channel, start, count, tiles, M, memory) transforms one that comes out.
template <int m, class Read, class Write>
void run(const Convolution& conv, const Plan<m>& plan, const Real* weight, bool transposed, Real* scratch, Read read,
         Write write) {
  parallel_for(plan.teams, plan.teams, [&](Index team, int) {
    for (Index start = plan.first(team); start < plan.first(team + 1); start += plan.strip) {
      const Index rows = std::min(plan.strip, plan.first(team + 1) - start);
      const Index tiles = round_up(rows * plan.width, kLanes);
      parallel_for(plan.members, plan.in, [&](Index channel, int member) {
        read(channel, start, rows, tiles, Memory<m>(plan, scratch, team, member));
      });
      parallel_for(plan.members, plan.blocks(), [&](Index block, int member) {
        const Memory<m> memory(plan, scratch, team, member);
        const Index first = block * plan.block, count = std::min(plan.block, plan.out - first);
        multiply(conv, plan, weight, transposed, first, count, tiles, memory);
        for (Index r = 0; r < count; ++r) write(team, first + r, start, rows, tiles, memory.M + r * tiles, memory);
      });
    }
  });
}

template <int m>
struct Forward {
  Plan<m> plan;
  Forward(const Convolution& conv, int threads) : plan(conv, conv.C, conv.O, threads) {}
  Index scratch_size() const { return plan.teams * Memory<m>(plan, nullptr).team_size(plan); }

  void operator()(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y,
                  Real* scratch) const {
    run<m>(
        conv, plan, weight, false, scratch,
        [&](Index c, Index start, Index rows, Index tiles, const Memory<m>& memory) {
          transform_inputs(conv, plan, x, c, start, rows, tiles, memory);
        },
        [&](Index, Index o, Index start, Index rows, Index tiles, const Real* M, const Memory<m>& memory) {
          transform_results(conv, plan, bias[o], y, o, start, rows, tiles, M, memory);
        });
  }
};

template <int m>
struct ImageGradient {
  Plan<m> plan;
  Index seam_size;
  ImageGradient(const Convolution& conv, int threads)
      : plan(conv, conv.O, conv.C, threads), seam_size(2 * conv.C * conv.W) {}
  Index scratch_size() const {
    return plan.teams * Memory<m>(plan, nullptr).team_size(plan) + (plan.teams - 1) * seam_size;
  }

  void operator()(const Convolution& conv, const Real* weight, const Real* y, const Real* dy, Real* dx,
                  Real* scratch) const {
    Real* const seams = scratch + plan.teams * Memory<m>(plan, nullptr).team_size(plan);
    const auto seam = [&](Index team) -> Seam {
      return {plan.first(team), team > 0 ? seams + (team - 1) * seam_size : nullptr};
    };
    std::fill_n(seams, (plan.teams - 1) * seam_size, Real(-0.0));  // which changes no number, not even -0
    run<m>(
        conv, plan, weight, true, scratch,
        [&](Index o, Index start, Index rows, Index tiles, const Memory<m>& memory) {
          transform_result_gradients(conv, plan, y, dy, o, start, rows, tiles, memory);
        },
        [&](Index team, Index c, Index start, Index rows, Index tiles, const Real* M, const Memory<m>& memory) {
          transform_input_gradients(conv, plan, seam(team), dx, c, start, rows, tiles, M, memory);
        });
    for (Index team = 1; team < plan.teams; ++team) {
      if (plan.first(team) == plan.first(team + 1)) continue;
      plan.each_row(plan.first(team), 1, [&](Index, Index image, Index row) {
        for (Index k = 0; k < 2 * conv.C; ++k) {
          const Index c = k / 2, i = row * m + k % 2 - conv.pad_h;
          if (i < 0 || i >= conv.H) continue;
          Real* const to = dx + ((image * conv.C + c) * conv.H + i) * conv.W;
          for (Index j = 0; j < conv.W; ++j) to[j] += seam(team).rows[k * conv.W + j];
        }
      });
    }
  }
};

/// Multiplications of F(m x m) for a pair of channels, with registers that are not full.
template <int m>
Index multiplications(const Convolution& conv) {
  const Tiling tiling(conv, m);
  return Plan<m>::kProducts * round_up(conv.N * tiling.rows * tiling.width, kLanes);
}

}  // namespace

bool suits(const Convolution& conv) {
  constexpr Index kChannels = 32;
  const Index most = conv.mirrored ? 1 : 2;
  return conv.kh == 3 && conv.kw == 3 && conv.stride == 1 && conv.pad_h <= most && conv.pad_w <= most &&
         std::min(conv.C, conv.O) >= kChannels;
}

int best_tile(const Convolution& conv) { return multiplications<4>(conv) < multiplications<2>(conv) ? 4 : 2; }

Index forward_scratch(const Convolution& conv, int m, int threads) {
  return m == 4 ? Forward<4>(conv, threads).scratch_size() : Forward<2>(conv, threads).scratch_size();
}
Index image_gradient_scratch(const Convolution& conv, int m, int threads) {
  return m == 4 ? ImageGradient<4>(conv, threads).scratch_size() : ImageGradient<2>(conv, threads).scratch_size();
}

void forward(const Convolution& conv, int m, const Real* weight, const Real* bias, const Real* x, Real* y, int threads,
             Real* scratch) {
  if (conv.N * conv.result_size() == 0) return;
  if (m == 4) {
    Forward<4>(conv, threads)(conv, weight, bias, x, y, scratch);
  } else {
    Forward<2>(conv, threads)(conv, weight, bias, x, y, scratch);
  }
}

void image_gradient(const Convolution& conv, int m, const Real* weight, const Real* y, const Real* dy, Real* dx,
                    int threads, Real* scratch) {
  if (conv.N * conv.result_size() == 0) return;
  if (m == 4) {
    ImageGradient<4>(conv, threads)(conv, weight, y, dy, dx, scratch);
  } else {
    ImageGradient<2>(conv, threads)(conv, weight, y, dy, dx, scratch);
  }
}

}  // namespace l2l::winograd
