#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// The description of the command line, for what is made from it beside --help.
namespace l2l {

/// What a shell offers for the value of a flag.
struct Offer {
  enum class Kind {
    text,  // nothing: any text or number
    word,  // one of the words; a word that ends with ':' goes on
    list,  // several of them, separated by commas
    files,  // a file, or a folder on the way to it
    folders,
  };
  Kind kind = Kind::text;
  std::vector<std::string> words;
};

/// Sets what is offered for a flag whose placeholder is none of DIR, FILE, and words like "final|sum".
void set_offer(CLI::Option* option, const Offer& offer);

/// A flag, as --help describes it.
struct DescribedFlag {
  std::vector<std::string> names;  // "-h", "--help"
  std::string placeholder;  // of its value; empty: it takes none
  std::string help;
  std::string group;
  Offer offer;
  bool required = false;
  bool several = false;  // takes values as long as they come
};
/// The flags that --help shows, in its order.
std::vector<DescribedFlag> described_flags(CLI::App& command);
/// The subcommands that --help shows, in its order.
std::vector<CLI::App*> described_commands(CLI::App& app);
/// The first line of a description.
std::string summary_of(CLI::App& command);

}  // namespace l2l
