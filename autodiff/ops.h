#pragma once
#include <span>

#include "autodiff/tape.h"

/// The operations. Each is one function: it checks shapes, computes its value, and records its own derivative.
/// Definitions are grouped by family: elementwise.cpp, matmul.cpp, reduce.cpp, structure.cpp, cross_entropy.cpp,
/// lstm_cell.cpp, known_gradient.cpp. Those on images are in autodiff/images/ops.h.
///
/// Nothing broadcasts silently: two arrays must have equal shapes, a plain number goes with any, and
/// `add_row_bias` and `add_column_bias` say in their names what they repeat.
namespace l2l {

// ---- Elementwise (elementwise.cpp) ----------------------------------------------------------------------------

Var operator+(Var x, Var y);
Var operator-(Var x, Var y);
Var operator*(Var x, Var y);  ///< elementwise; the matrix product is `matmul`
Var operator/(Var x, Var y);

Var operator-(Var x);
Var operator+(Var x, Real a);
Var operator+(Real a, Var x);
Var operator-(Var x, Real a);
Var operator-(Real a, Var x);
Var operator*(Var x, Real a);
Var operator*(Real a, Var x);
Var operator/(Var x, Real a);
Var operator/(Real a, Var x);

Var square(Var x);
Var sqrt(Var x);
Var exp(Var x);
Var log(Var x);  ///< natural logarithm
Var abs(Var x);  ///< derivative 0 at 0
Var cos(Var x);  ///< of radians
Var sigmoid(Var x);  ///< 1 / (1 + e^-x)
Var tanh(Var x);
Var relu(Var x);  ///< max(x, 0), derivative 0 at 0
Var elu(Var x);  ///< x for x > 0, otherwise e^x - 1 (Clevert et al. 2015)
Var softplus(Var x);  ///< log(1 + e^x), without overflow

// ---- Products (matmul.cpp) ------------------------------------------------------------------------------------

/// op(a) op(b), where op transposes its matrix on request; op(a): [M, K], op(b): [K, N], result [M, N].
Var matmul(Var a, Var b, Trans trans_a = Trans::no, Trans trans_b = Trans::no);
/// x xᵀ [R, R] of x [R, C], which is symmetric: with down to half the multiplications of `matmul`, and in several
/// threads if there are more than 64 rows.
Var gram(Var x);
/// The same for every k of the first dimension; op(a): [B, M, K], op(b): [B, K, N], result [B, M, N].
Var batched_matmul(Var a, Var b, Trans trans_a = Trans::no, Trans trans_b = Trans::no);

// ---- Bias and reductions (reduce.cpp) -------------------------------------------------------------------------

Var add_row_bias(Var x, Var bias);  ///< x[n, m] + bias[m]: the same row added to every row
Var add_column_bias(Var x, Var bias);  ///< x[n, m] + bias[n]: the same column added to every column
Var row_sums(Var x);  ///< [N, M] → [N]: Σ_m x[n, m]
Var column_sums(Var x);  ///< [N, M] → [M]: Σ_n x[n, m]
Var sum(Var x);  ///< any shape → scalar
Var mean(Var x);  ///< any non-empty shape → scalar
Var squared_distance(Var x, Var y);  ///< any two of equal shape → scalar: Σ (x - y)², without arrays between

// ---- Structure (structure.cpp) --------------------------------------------------------------------------------

/// The same elements under another shape; shares memory.
Var reshape(Var x, const Shape& shape);
/// Entries first … first + count - 1 of the first dimension; shares memory.
Var slice(Var x, Index first, Index count);
/// The arrays concatenated along dimension `dim`; all other dimensions must be equal.
Var concat(std::initializer_list<Var> parts, int dim = 0);
Var concat(std::span<const Var> parts, int dim = 0);
/// The same values as a constant: no gradient flows through it.
Var detach(Var x);
/// y = x, but ∂L/∂x = factor · ∂L/∂y.
Var scale_gradient(Var x, Real factor);

// ---- Fused (cross_entropy.cpp, lstm_cell.cpp, known_gradient.cpp) -----------------------------------------------

/// Mean over rows of -log softmax(logits)[n, labels[n]]. logits: [N, C], N ≥ 1; labels: N integers in [0, C).
Var softmax_cross_entropy(Var logits, std::span<const int> labels);

struct LstmState {
  Var h;  // [H, N]
  Var c;  // [H, N]
};
/// The elementwise part of an LSTM step (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000):
///     c' = σ(f) ⊙ c + σ(i) ⊙ tanh(g)        h' = σ(o) ⊙ tanh(c')
/// gates: [4H, N], rows in the order i, f, g, o (PyTorch's); c: [H, N]. Each column is one element of the batch.
LstmState lstm_cell(Var gates, Var c);

/// A scalar whose value f and gradient ∂f/∂x were computed elsewhere: backward adds ∂L/∂f · gradient to ∂L/∂x. This is
/// how a function that was differentiated on one tape enters another. `gradient` is copied.
Var known_gradient(Var x, Real f, std::span<const Real> gradient);

}  // namespace l2l
