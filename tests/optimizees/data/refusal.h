#pragma once
#include <algorithm>
#include <string>

#include "autodiff/error.h"
#include "optimizees/data/picture_codec.h"
#include "tests/catch.h"

namespace l2l::testing {

/// The error of decode_picture for a file, or "". Checks that it is one line of printable characters.
inline std::string refusal(const std::string& file) {
  try {
    decode_picture(file);
  } catch (const Error& error) {
    const std::string reason = error.what();
    CHECK(reason != "");
    CHECK(std::all_of(reason.begin(), reason.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    return reason;
  }
  return "";
}

}  // namespace l2l::testing
