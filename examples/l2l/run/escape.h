#pragma once
#include <string>
#include <string_view>
#include <vector>

/// Texts of users, paths and files, made harmless for whoever reads them: a terminal, a browser, a shell. (gnuplot's
/// are in plot.h.)
namespace l2l {

/// One line for a terminal: control characters, those that turn the direction of writing, and bytes that are not UTF-8
/// as \n, \x1b, \u202e, \xff. All other text stays as it is.
std::string printable(std::string_view text);

/// As text or as an attribute of an HTML page.
std::string html(std::string_view text);

/// As one word of a command line, in quotes if it needs them.
std::string shell_word(std::string_view text);
/// These words as a command line.
std::string command_line(const std::vector<std::string>& words);
/// The call of this program with these arguments, as a user may type it: by the name that it was called by.
std::string own_call(std::vector<std::string> arguments);

}  // namespace l2l
