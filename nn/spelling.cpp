#include "nn/spelling.h"

#include <algorithm>
#include <sstream>

namespace l2l {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// Whether one is a prefix of the other, and long enough to mean something.
bool begins(std::string_view a, std::string_view b) {
  constexpr std::size_t kEnough = 3;
  return std::min(a.size(), b.size()) >= kEnough && (a.starts_with(b) || b.starts_with(a));
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  // distance[i][j]: from the first i letters of a to the first j of b
  std::vector<std::vector<int>> distance(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) distance[i][0] = static_cast<int>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) distance[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      distance[i][j] = std::min(
          {distance[i - 1][j] + 1, distance[i][j - 1] + 1, distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
    }
  }
  return distance[a.size()][b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kLongest = 100;  // longer than any name: not a misspelling
  if (word.size() > kLongest) return "";
  const std::string wanted = lower(word);
  std::string best, begun;
  int smallest = 0;
  for (const std::string& name : names) {
    const std::string there = lower(name);
    if (begun.empty() && begins(wanted, there)) begun = name;
    const int distance = edit_distance(wanted, there);
    // At most a third of the letters, but at least one: a word that differs by more means something else.
    const int most = std::max(1, static_cast<int>(std::max(wanted.size(), there.size()) / 3));
    if (distance > most || distance >= static_cast<int>(there.size())) continue;
    if (best.empty() || distance < smallest) best = name, smallest = distance;
  }
  return best.empty() ? begun : best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const std::string name = nearest(word, names);
  return name.empty() ? "" : "; did you mean " + name + "?";
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text + separator);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::string in_words(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (k > 0) text += k + 1 < names.size() ? ", " : " and ";
    text += names[k];
  }
  return text;
}

}  // namespace l2l
