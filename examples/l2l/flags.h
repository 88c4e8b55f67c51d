#pragma once
#include "examples/l2l/commands.h"

namespace CLI {
class App;
}

/// The command line of each subcommand: its help, and its flags, which fill a request.
namespace l2l {

void add_train(CLI::App& app, TrainRequest& request);
void add_compare(CLI::App& app, CompareRequest& request);

}  // namespace l2l
