#pragma once
#include "autodiff/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace l2l {

/// What was wrong with the command line that `app` refused with `error`, and what would be right.
UsageError misuse(const CLI::App& app, const CLI::ParseError& error);

}  // namespace l2l
