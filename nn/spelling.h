#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// How many letters must be deleted, inserted, replaced, or swapped with their neighbour to turn `a` into `b`, if no
/// letter is edited twice (optimal string alignment, a variant of the Damerau-Levenshtein distance).
int edit_distance(std::string_view a, std::string_view b);

/// Which of `names` was probably meant by `word`: the nearest by edit distance, if it is near enough; else one that is
/// a prefix of `word`, or has `word` as its prefix; else "". Case is ignored.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

/// The end of an error about `word`: "; did you mean adam?", or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace l2l
