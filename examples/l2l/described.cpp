#include "examples/l2l/described.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <regex>

#include "nn/spelling.h"

namespace l2l {
namespace {

const std::string kMark = "offer";

/// "final|sum"
bool is_choice(const std::string& placeholder) {
  return placeholder.find('|') != std::string::npos &&
         std::ranges::all_of(placeholder, [](char c) { return c == '|' || ('a' <= c && c <= 'z'); });
}

/// What is set, or else what the placeholder says.
Offer offer_of(CLI::Option& option) {
  try {
    const std::string description = CLI::Validator(*option.get_validator(kMark)).active(true).get_description();
    const std::vector<std::string> parts = split(description, ' ');
    return {static_cast<Offer::Kind>(std::stoi(parts[0])), {parts.begin() + 1, parts.end()}};
  } catch (const CLI::OptionNotFound&) {  // nothing is set
    const std::string placeholder = option.get_type_name();
    if (placeholder == "DIR") return {Offer::Kind::folders, {}};
    if (placeholder.starts_with("FILE")) return {Offer::Kind::files, {}};
    if (is_choice(placeholder)) return {Offer::Kind::word, split(placeholder, '|')};
    return {};
  }
}

}  // namespace

// The one place where an option of CLI11 keeps what others say of it is its validators. This one is not active, so it
// is neither run nor shown. Its description is the kind, as a digit, and the words.
void set_offer(CLI::Option* option, const Offer& offer) {
  std::string description = std::to_string(static_cast<int>(offer.kind));
  for (const std::string& word : offer.words) description += " " + word;
  option->check(CLI::Validator(description).name(kMark).active(false));
}

std::vector<DescribedFlag> described_flags(CLI::App& command) {
  std::vector<DescribedFlag> flags;
  for (CLI::Option* option : command.get_options()) {
    if (option->get_group().empty() || option->get_positional()) continue;
    DescribedFlag flag;
    for (const std::string& name : option->get_snames()) flag.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
    const bool takes_value = option->get_items_expected_max() > 0;
    if (takes_value) flag.placeholder = option->get_type_name();
    // Without the number of threads, which is this machine's.
    static const std::regex threads("\\([0-9]+: OMP_NUM_THREADS");
    flag.help = std::regex_replace(option->get_description(), threads, "(OMP_NUM_THREADS");
    flag.group = option->get_group();
    if (takes_value) flag.offer = offer_of(*option);
    flag.required = option->get_required();
    flag.several = flag.placeholder.ends_with("...") && flag.placeholder.find(',') == std::string::npos;
    flags.push_back(flag);
  }
  return flags;
}

std::vector<CLI::App*> described_commands(CLI::App& app) {
  return app.get_subcommands([](CLI::App* command) { return !command->get_group().empty(); });
}

std::string summary_of(CLI::App& command) {
  const std::string text = command.get_description();
  return text.substr(0, text.find('\n'));
}

}  // namespace l2l
