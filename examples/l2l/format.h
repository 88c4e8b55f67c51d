#pragma once
#include <cstdio>
#include <string>

namespace l2l {

/// printf into a string, of at most 199 characters.
template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[200];
  std::snprintf(text, sizeof(text), pattern, values...);
  return text;
}

}  // namespace l2l
