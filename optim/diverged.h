#pragma once
#include "autodiff/error.h"

namespace l2l {

/// An Error in a training: a loss, φ or a meta-gradient is no longer finite.
class Diverged : public Error {
 public:
  using Error::Error;
};

}  // namespace l2l
