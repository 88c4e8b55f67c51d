#pragma once
#include "autodiff/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace l2l {

/// Throws a UsageError for a flag with '=' and no value: CLI11 would take the next word for its value.
void check_values(const CLI::App& app, int argc, const char* const* argv);

/// What is wrong with a command line that `app` refused with `error`, and what would be right.
UsageError misuse(const CLI::App& app, const CLI::ParseError& error);

}  // namespace l2l
