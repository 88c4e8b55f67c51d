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
/// not up yet after five steps. Zero stays zero, as does a matrix whose norm is denormal; what is not finite makes all
/// of it NaN. `scratch` is resized.
void orthogonalize(Real* matrix, Index rows, Index columns, std::vector<Real>& scratch);

/// The decay β_t of a momentum that grows with the steps: t = 0, 1, …, growth q ≥ 0,
///
///     β_t = max(0, 1 - 0.1 (1000 / (1+t))^q)
///
/// which is 0.9 for q = 0, and for others at step 1000. q = 0.3 begins with 0.2. Long steps soon turn round in a long
/// momentum; as they get shorter, its average may cover more of them. (Nesterov's 1983 is such a sequence, as is that
/// of Sutskever et al. 2013, eq. 5; this one is measured: optim/meta/EXPERIMENTS.md.)
double momentum_decay(Index t, double growth);
constexpr double kMomentumGrowth = 0.3;  // of those who let it grow and do not say how

/// That decay from step to step, and what the zeros at the start still count in the average.
class MomentumDecay {
 public:
  explicit MomentumDecay(double growth) : growth_(growth) {}
  /// β of the next gradient.
  double next() {
    const double beta = momentum_decay(t_++, growth_);
    zeros_ *= beta;
    return beta;
  }
  Index steps() const { return t_; }
  /// β goes on as after `steps` gradients. What m has taken in, and so its correction, stays.
  void set_steps(Index steps) { t_ = steps; }
  /// m times this is without its bias towards zero: 1 / (1 - Π β).
  double correction() const { return 1 / (1 - zeros_); }

 private:
  double growth_;
  Index t_ = 0;
  double zeros_ = 1;
};

/// The orthogonalised Nesterov momentum of a linear map: β m + (1-β) g, orthogonalised, → out. g: the gradient, m: its
/// moving average of decay β, which has taken g in.
void orthogonal_momentum(const Parameter& map, std::span<const Real> g, std::span<const Real> m, Real beta,
                         std::span<Real> out, std::vector<Real>& scratch);

}  // namespace l2l
