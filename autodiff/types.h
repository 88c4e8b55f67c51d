#pragma once
#include <cstddef>

namespace l2l {

/// The number type of the whole library. `float` in the library that ships; the same source is built a second time
/// with L2L_DOUBLE, so that gradient checks run in double on the very code that ships.
#if defined(L2L_NO_REAL)
// Of a file that is compiled once for both libraries, and knows nothing of Real.
#elif defined(L2L_DOUBLE)
using Real = double;
#else
using Real = float;
#endif

/// Counts and offsets. Signed, so that differences and reverse loops are safe.
using Index = std::ptrdiff_t;

}  // namespace l2l
