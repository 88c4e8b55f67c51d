#pragma once
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace l2l {

class Commands;

/// Text in a picture. It may come from outside and contain anything.
struct Text {
  explicit Text(std::string_view text) : text(text) {}
  std::string text;
};

template <class T>
concept GnuplotNumber = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

/// What gnuplot commands are made of: literals of the source as they stand, numbers, texts, and other commands.
template <class T>
concept GnuplotPart = GnuplotNumber<T> || std::same_as<T, Text> || std::same_as<T, Commands> ||
    (std::is_array_v<T>&& std::same_as<std::remove_extent_t<T>, char>);

/// gnuplot commands, concatenated from parts: `Commands("set title ", Text(name), "\nset xrange [0:", steps, "]\n")`.
/// A std::string can only be added as Text, which becomes a quoted literal that it cannot end and in which nothing is
/// executed or marked up. So a name or a path from outside can never become a command.
class Commands {
 public:
  template <class... Parts>
  requires(GnuplotPart<Parts>&&...) Commands(const Parts&... parts) {  // implicit: a literal may stand for commands
    (add(parts), ...);
  }
  Commands& operator+=(const Commands& more) {
    script_ += more.script_;
    return *this;
  }
  /// A data block `$name` with these lines of numbers. Anything else in them is left out.
  static Commands data(const Commands& name, std::string_view lines);

  bool empty() const { return script_.empty(); }
  const std::string& script() const { return script_; }

 private:
  template <std::size_t N>
  void add(const char (&literal)[N]) {
    script_ += literal;
  }
  void add(const Commands& commands) { script_ += commands.script_; }
  void add(const Text& text);
  void add(GnuplotNumber auto number) {
    if constexpr (std::is_integral_v<decltype(number)>) {
      script_ += std::to_string(number);
    } else {
      add_number(number);
    }
  }
  void add_number(float number);
  void add_number(double number);

  std::string script_;
};

}  // namespace l2l
