#pragma once
#include <string>
#include <string_view>
#include <vector>

/// Makes texts from users, paths and files harmless for a terminal, a browser or a shell. (For gnuplot see gnuplot.h.)
namespace l2l {

/// One line for a terminal: control characters, characters that change the direction of writing, and bytes that are not
/// UTF-8 become \n, \x1b, \u202e, \xff. Other text is unchanged.
std::string printable(std::string_view text);

/// The same for an error message; of a long one, which quotes something very long, the middle is left out.
std::string error_line(std::string_view text);

/// As text or as an attribute of an HTML page.
std::string html(std::string_view text);

/// As one word of a command line, quoted if necessary.
std::string shell_word(std::string_view text);
/// These words as a command line.
std::string command_line(const std::vector<std::string>& words);
/// A call of this program with these arguments, as the user can type it: with the name that it was called by.
std::string own_call(std::vector<std::string> arguments);

}  // namespace l2l
