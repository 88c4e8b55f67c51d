#pragma once
#include <cstddef>

namespace l2l {

/// The number type of the whole library: float. The same source is built a second time with L2L_DOUBLE, so that
/// gradient checks run in double on the code that ships.
#if defined(L2L_NO_REAL)
// For a file that is compiled once for both libraries: it must not use Real.
#elif defined(L2L_DOUBLE)
using Real = double;
#else
using Real = float;
#endif

/// Counts and offsets. Signed, so that differences and reverse loops are safe.
using Index = std::ptrdiff_t;

}  // namespace l2l
