#pragma once
#include "examples/l2l/commands.h"

namespace CLI {
class App;
}

/// The command line of each subcommand: its help, and its flags, which fill a request. Each function returns the
/// subcommand that it added.
namespace l2l {

CLI::App& add_train(CLI::App& app, TrainRequest& request);
CLI::App& add_refine(CLI::App& app, RefineRequest& request);
CLI::App& add_watch(CLI::App& app, WatchRequest& request);
CLI::App& add_compare(CLI::App& app, CompareRequest& request);
CLI::App& add_probe(CLI::App& app, ProbeRequest& request);
CLI::App& add_walk(CLI::App& app, WalkRequest& request);
CLI::App& add_figures(CLI::App& app, FiguresRequest& request);
CLI::App& add_ablate(CLI::App& app, AblateRequest& request);
CLI::App& add_diagnose(CLI::App& app, DiagnoseRequest& request);
CLI::App& add_style(CLI::App& app, StyleRequest& request);
CLI::App& add_meta_gradient(CLI::App& app, MetaGradientRequest& request);

}  // namespace l2l
