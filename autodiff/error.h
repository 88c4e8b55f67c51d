#pragma once
#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

namespace l2l {

/// Something the user can fix: one line that names the culprit and says what would be right.
/// The message is its arguments joined: `throw Error("slice: rows ", first, " to ", last, " of ", shape);`
class Error : public std::runtime_error {
 public:
  template <class... Parts>
  explicit Error(const Parts&... parts) : std::runtime_error(join(parts...)) {}

 private:
  template <class... Parts>
  static std::string join(const Parts&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    std::string joined = text.str();
    std::ranges::replace(joined, '\0', '?');  // what() would end there
    return joined;
  }
};

/// An Error in how a program was called: a flag, a value, a name. Programs exit with 2 for it and with 1 for Error.
class UsageError : public Error {
 public:
  using Error::Error;
};

}  // namespace l2l
