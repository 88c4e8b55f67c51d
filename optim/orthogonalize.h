#pragma once
#include <span>
#include <vector>

#include "nn/layout.h"

namespace l2l {

/// Replaces a matrix [rows, columns] by about the nearest one whose singular values are all equal, times a factor that
/// gives its elements a root mean square of about 1:
///
///     X = U S V^T   →   √max(rows, columns) · U S' V^T,   S' between 0.68 and 1.21
///
/// by five steps of a Newton-Schulz iteration (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural
/// networks"; the iteration is Higham 2008, Functions of Matrices, section 8.3):
///
///     X ← X / ‖X‖,   X ← a X + (b X X^T + c (X X^T)²) X,   (a, b, c) = (3.4445, -4.7750, 2.0315)
///
/// whose coefficients bring small singular values up fast, and do not quite converge. Those below 0.0015 ‖X‖ are
/// not up yet after five steps. Zero stays zero; what is not finite makes all of it NaN. `scratch` is resized.
void orthogonalize(Real* matrix, Index rows, Index columns, std::vector<Real>& scratch);

/// The orthogonalised Nesterov momentum of a linear map: β m + (1-β) g, orthogonalised, → out. g: the gradient, m: its
/// moving average of decay β, which has taken g in.
void orthogonal_momentum(const Parameter& map, std::span<const Real> g, std::span<const Real> m, Real beta,
                         std::span<Real> out, std::vector<Real>& scratch);

}  // namespace l2l
