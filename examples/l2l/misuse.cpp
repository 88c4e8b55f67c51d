#include "examples/l2l/misuse.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "examples/l2l/run/escape.h"
#include "nn/spelling.h"

namespace l2l {
namespace {

/// All words that could stand in place of a misspelt one.
std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(subcommand->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

/// "; did you mean WORD? See ", or "; see " without a guess. A flag may have been typed with one dash or none, and with
/// '=' and a value.
std::string correction(const CLI::App& app, const std::string& word) {
  const auto name = [](const std::string& text) {
    const std::size_t start = std::min(text.find_first_not_of('-'), text.size());
    return text.substr(start, text.find('=') - start);
  };
  std::vector<std::string> names;
  for (const std::string& known : known_words(app)) names.push_back(name(known));
  const std::string meant = nearest(name(word), names);
  if (meant.empty()) return "; see ";
  return "; did you mean " + known_words(app)[std::find(names.begin(), names.end(), meant) - names.begin()] + "? See ";
}

/// A flag that is given more often than it may be, or "". Switches may be repeated.
std::string given_twice(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const int most = option->get_items_expected_max();
    if (most > 0 && static_cast<int>(option->count()) > most) return option->get_name();
  }
  return "";
}

/// What a flag is, for an error about it: "--run DIR, the folder that l2l train wrote".
std::string explanation(const CLI::App& app, const std::string& flag) {
  const CLI::Option* option = app.get_option_no_throw(flag);
  if (option == nullptr) return flag;
  const std::string help = option->get_description();
  return flag + " " + option->get_type_name() + ", " + help.substr(0, help.find('\n'));
}

/// CLI11's error in our words. Its text begins with the flag.
std::string reason(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what(), flag = text.substr(0, text.find_first_of(": "));
  if (dynamic_cast<const CLI::RequiredError*>(&error) && flag.starts_with("--")) {
    return flag + " is missing: " + explanation(app, flag);
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) && flag.starts_with("--")) {
    return flag + " is without its value: " + explanation(app, flag);
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error)) {
    return flag + " does not go with " + text.substr(text.rfind(' ') + 1);
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error)) {
    return text.substr(text.find_first_of("-"), text.find('=') - text.find_first_of("-") - 1) + " takes no value";
  }
  return text;
}

}  // namespace

void check_values(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* command = &app;
  for (const std::string& word : std::vector<std::string>(argv + 1, argv + argc)) {
    const auto called = app.get_subcommands([&](const CLI::App* subcommand) { return subcommand->get_name() == word; });
    if (command == &app && !called.empty()) command = called.front();
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    const std::string flag = word.substr(0, word.size() - 1);
    const CLI::Option* option = command->get_option_no_throw(flag);
    if (option == nullptr) continue;  // the parser will report it
    if (option->get_items_expected_max() == 0) throw UsageError(flag, " takes no value");
    throw UsageError(flag, " is empty: it takes a ", option->get_type_name());
  }
}

UsageError misuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& at_fault = chosen.empty() ? app : *chosen.front();
  const std::string help = own_call(chosen.empty() ? std::vector<std::string>{"--help"}
                                                   : std::vector<std::string>{at_fault.get_name(), "--help"});
  // A misspelt word first: often it is the reason why something else is missing.
  if (const std::vector<std::string> unknown = app.remaining(true); !unknown.empty()) {
    return UsageError("'", unknown.front(), "' is unknown", correction(at_fault, unknown.front()), help);
  }
  if (const std::string flag = given_twice(at_fault); !flag.empty()) {
    return UsageError(flag, " is given twice; see ", help);
  }
  return UsageError(reason(at_fault, error), "; see ", help);
}

}  // namespace l2l
