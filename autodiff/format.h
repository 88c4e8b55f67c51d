#pragma once
#include <string>

namespace l2l {

/// printf into a string of any length; the compiler checks the arguments against a literal pattern.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

}  // namespace l2l
