#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// How many letters have to be left out, put in, replaced, or swapped with their neighbour to make `b` of `a`: optimal
/// string alignment, as Damerau and Levenshtein's distance is called if no letter is touched twice.
int edit_distance(std::string_view a, std::string_view b);

/// Which of `names` was probably meant by `word`, or "": the nearest one, if it is near enough, and else one that
/// `word` begins, or that begins `word`. Capitals count for nothing.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

/// The end of a complaint about `word`: "; did you mean adam?", or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace l2l
