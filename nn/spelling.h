#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autodiff/error.h"

namespace l2l {

/// How many letters must be deleted, inserted, replaced, or swapped with their neighbour to turn `a` into `b`, if no
/// letter is edited twice (optimal string alignment, a variant of the Damerau-Levenshtein distance).
int edit_distance(std::string_view a, std::string_view b);

/// Which of `names` was probably meant by `word`: the nearest by edit distance, if it is near enough; else one that is
/// a prefix of `word`, or has `word` as its prefix; else "". Case is ignored.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

/// The end of an error about `word`: "; did you mean adam?", or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

/// "a,b" → "a", "b"; "" → one empty text.
std::vector<std::string> split(const std::string& text, char separator);

/// "a", "a and b", "a, b and c"
std::string in_words(const std::vector<std::string>& names);

/// What choices are called: the one table for both directions.
template <class T>
class Names {
 public:
  /// what: "activation", for the error.
  Names(const char* what, std::vector<std::pair<std::string, T>> table) : what_(what), table_(std::move(table)) {}

  /// An error that lists the names if none fits.
  template <class Mistake = UsageError>
  T parse(std::string_view name) const {
    std::vector<std::string> names;
    for (const auto& [known, value] : table_) {
      if (known == name) return value;
      names.push_back(known);
    }
    throw Mistake(what_, " '", name, "' is unknown; there are ", in_words(names), did_you_mean(name, names));
  }
  std::string_view name_of(T value) const {
    for (const auto& [name, known] : table_) {
      if (known == value) return name;
    }
    throw Error(what_, " ", static_cast<int>(value), ": there is no such");
  }

 private:
  const char* what_;
  std::vector<std::pair<std::string, T>> table_;
};

}  // namespace l2l
