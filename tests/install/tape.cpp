// d(x² y)/dx at x = 3, y = 2: the tape alone.
#include <cstdio>
#include <vector>

#include "autodiff/ops.h"

int main() {
  l2l::Tape tape;
  const l2l::Var x = tape.variable({}, std::vector<l2l::Real>{3}), y = tape.variable({}, std::vector<l2l::Real>{2});
  tape.backward(square(x) * y);
  std::printf("%g\n", static_cast<double>(x.gradient()[0]));
}
