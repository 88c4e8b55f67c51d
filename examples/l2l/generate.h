#pragma once
#include <string>

namespace CLI {
class App;
}

/// What is installed beside the command and says the same as --help: completion for shells, and a manual page. All of
/// it is made from the description of the command line.
namespace l2l {

/// Adds the subcommand `generate bash|zsh|man`, which --help does not show.
CLI::App& add_generate(CLI::App& app, std::string& what);
/// Prints it to stdout.
int generate(CLI::App& app, const std::string& what);

/// Scripts for the completion of `app`, by bash and by zsh.
std::string bash_completion(CLI::App& app);
std::string zsh_completion(CLI::App& app);
/// A page for man(1), in roff.
std::string manual_page(CLI::App& app);

}  // namespace l2l
