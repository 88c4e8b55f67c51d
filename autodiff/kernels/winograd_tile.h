#pragma once
#include "autodiff/types.h"

/// The linear maps of Winograd's algorithm, in one dimension; a tile has them applied to its columns, then to its rows.
/// Numbers are Real, or simd::Vec for as many tiles at once as a register has lanes.
namespace l2l::winograd {

/// F(m, 3): m results of a window of 3 that moves over m + 2 inputs, with m + 2 multiplications,
///
///     y = Aᵀ [ (G g) ⊙ (Bᵀ d) ]        g: 3 weights, d: m + 2 inputs
///     ∂L/∂d = B [ (G g) ⊙ (A ∂L/∂y) ]
///
/// It is the transpose of multiplying polynomials by their values at the points 0, 1, -1, for m = 4 also 2 and -2, and
/// ∞.
template <int m>
struct Tile;

template <>
struct Tile<2> {
  static constexpr int kInputs = 4;

  template <class T>
  static void inputs(const T* d, T* v) {  // Bᵀ d
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
  }
  template <class T>
  static void weights(const T* g, T* u) {  // G g
    const T even = Real(0.5) * (g[0] + g[2]), odd = Real(0.5) * g[1];
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  template <class T>
  static void results(const T* p, T* y) {  // Aᵀ p
    y[0] = p[0] + p[1] + p[2];
    y[1] = p[1] - p[2] - p[3];
  }
  template <class T>
  static void result_gradients(const T* dy, T* dp) {  // A dy
    dp[0] = dy[0];
    dp[1] = dy[0] + dy[1];
    dp[2] = dy[0] - dy[1];
    dp[3] = -dy[1];
  }
  template <class T>
  static void input_gradients(const T* dv, T* dd) {  // B dv
    dd[0] = dv[0];
    dd[1] = dv[1] - dv[2] + dv[3];
    dd[2] = dv[1] + dv[2] - dv[0];
    dd[3] = -dv[3];
  }
};

template <>
struct Tile<4> {
  static constexpr int kInputs = 6;

  template <class T>
  static void inputs(const T* d, T* v) {
    const T even1 = d[4] - Real(4) * d[2], odd1 = d[3] - Real(4) * d[1];
    const T even2 = d[4] - d[2], odd2 = Real(2) * (d[3] - d[1]);
    v[0] = Real(4) * (d[0] - d[2]) + even2;
    v[1] = even1 + odd1;
    v[2] = even1 - odd1;
    v[3] = even2 + odd2;
    v[4] = even2 - odd2;
    v[5] = d[5] - d[3] - Real(2) * odd2;
  }
  template <class T>
  static void weights(const T* g, T* u) {
    constexpr Real k6 = Real(1) / 6, k12 = Real(1) / 12, k24 = Real(1) / 24;
    const T even1 = -k6 * (g[0] + g[2]), odd1 = k6 * g[1];
    const T even2 = k24 * g[0] + k6 * g[2], odd2 = k12 * g[1];
    u[0] = Real(0.25) * g[0];
    u[1] = even1 - odd1;
    u[2] = even1 + odd1;
    u[3] = even2 + odd2;
    u[4] = even2 - odd2;
    u[5] = g[2];
  }
  template <class T>
  static void results(const T* p, T* y) {
    const T even1 = p[1] + p[2], odd1 = p[1] - p[2], even2 = p[3] + p[4], odd2 = p[3] - p[4];
    y[0] = p[0] + even1 + even2;
    y[1] = odd1 + Real(2) * odd2;
    y[2] = even1 + Real(4) * even2;
    y[3] = odd1 + Real(8) * odd2 + p[5];
  }
  template <class T>
  static void result_gradients(const T* dy, T* dp) {
    const T even1 = dy[0] + dy[2], odd1 = dy[1] + dy[3];
    const T even2 = dy[0] + Real(4) * dy[2], odd2 = Real(2) * dy[1] + Real(8) * dy[3];
    dp[0] = dy[0];
    dp[1] = even1 + odd1;
    dp[2] = even1 - odd1;
    dp[3] = even2 + odd2;
    dp[4] = even2 - odd2;
    dp[5] = dy[3];
  }
  template <class T>
  static void input_gradients(const T* dv, T* dd) {
    const T even1 = dv[1] + dv[2], odd1 = dv[1] - dv[2], even2 = dv[3] + dv[4], odd2 = Real(2) * (dv[3] - dv[4]);
    dd[0] = Real(4) * dv[0];
    dd[1] = Real(4) * (dv[5] - odd1) - odd2;
    dd[2] = Real(-5) * dv[0] - Real(4) * even1 - even2;
    dd[3] = odd1 + odd2 - Real(5) * dv[5];
    dd[4] = dv[0] + even1 + even2;
    dd[5] = dv[5];
  }
};

}  // namespace l2l::winograd
