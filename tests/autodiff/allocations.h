#pragma once

namespace l2l::testing {

/// How often the program has asked for memory with `new` so far (counted in allocation_test.cpp);
/// always 0 under a sanitizer.
long allocations();

}  // namespace l2l::testing
