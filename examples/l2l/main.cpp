// l2l: train a learned optimizer, compare it with tuned ones, and look inside it, from the command line.

#include <CLI/CLI.hpp>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <new>
#include <stdexcept>
#include <utility>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "autodiff/error.h"
#include "examples/l2l/flags.h"
#include "examples/l2l/generate.h"
#include "examples/l2l/misuse.h"
#include "examples/l2l/mpi/processes.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/interrupt.h"
#include "optim/team.h"
#include "optimizees/registry.h"

namespace {

using namespace l2l;

/// Shows the first line of each description in the list of subcommands, and all of it in the subcommand's own help.
class Formatter : public CLI::Formatter {
  std::string make_subcommand(const CLI::App* sub) const override {
    const std::string description = sub->get_description();
    std::ostringstream line;
    CLI::detail::format_help(line, sub->get_name(), description.substr(0, description.find('\n')), column_width_);
    return line.str();
  }
};

int run(int argc, char** argv) {
  CLI::App app(
      "Learning to learn by gradient descent by gradient descent: trains an LSTM as an optimizer, compares it with\n"
      "hand-designed optimizers, whose learning rates it tunes, and shows how it works.\n\n"
      "Example: l2l list\n"
      "         l2l train --optimizee quadratic --out runs/quadratic\n"
      "         l2l compare --run runs/quadratic\n"
      "         l2l probe --run runs/quadratic\n",
      "l2l");
  app.formatter(std::make_shared<Formatter>());
  app.set_version_flag("--version", std::string("l2l " L2L_VERSION) + kind_of_build());
  app.require_subcommand(1);
  TrainRequest train_request;
  RefineRequest refine_request;
  WatchRequest watch_request;
  CompareRequest compare_request;
  ProbeRequest probe_request;
  WalkRequest walk_request;
  FiguresRequest figures_request;
  AblateRequest ablate_request;
  DiagnoseRequest diagnose_request;
  StyleRequest style_request;
  MetaGradientRequest meta_gradient_request;
  std::string generated;
  const std::pair<const CLI::App&, std::function<int()>> commands[] = {
      {*app.add_subcommand("list", "Show the optimizees with their options, and the optimizers."),
       [] { return list(); }},
      {add_train(app, train_request), [&] { return train(train_request); }},
      {add_refine(app, refine_request), [&] { return refine(refine_request); }},
      {add_watch(app, watch_request), [&] { return watch(watch_request); }},
      {add_compare(app, compare_request), [&] { return compare(compare_request); }},
      {add_probe(app, probe_request), [&] { return probe(probe_request); }},
      {add_walk(app, walk_request), [&] { return walk(walk_request); }},
      {add_figures(app, figures_request), [&] { return figures(figures_request); }},
      {add_ablate(app, ablate_request), [&] { return ablate_preprocessing(ablate_request); }},
      {add_style(app, style_request), [&] { return style(style_request); }},
      {add_diagnose(app, diagnose_request), [&] { return diagnose(diagnose_request); }},
      {add_meta_gradient(app, meta_gradient_request), [&] { return meta_gradient(meta_gradient_request); }},
      {add_generate(app, generated), [&] { return generate(app, generated); }},
  };
  if (argc < 2) throw UsageError("no subcommand; see ", own_call({"--help"}));
  check_values(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool help_or_version = error.get_exit_code() == 0;
    if (help_or_version && app.remaining(true).empty()) return app.exit(error);
    throw misuse(app, error);
  }
  for (const auto& [command, call] : commands) {
    if (command.parsed()) return call();
  }
  throw UsageError("no subcommand; see ", own_call({"--help"}));
}

/// Prints an error as one line, whatever the text contains.
int fail(int code, const std::string& text) {
  std::fprintf(stderr, "l2l: %s\n", error_line(text).c_str());
  return code;
}

int out_of_memory() {
  std::fputs(
      "l2l: out of memory: a smaller --hidden, --batch, --size, --functions, --validation-functions, --pairs, --steps "
      "or --unroll may help\n",
      stderr);
  return 1;
}

/// SIGPIPE came.
std::atomic<bool> reader_gone = false;
static_assert(std::atomic<bool>::is_always_lock_free);

/// For an exception that no handler catches, as in a thread of a parallel loop. It can only be std::bad_alloc.
[[noreturn]] void end_of_memory() { std::_Exit(out_of_memory()); }

/// Tells the user how the command failed. Returns the exit code.
int tell(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Interrupted& interrupt) {
    std::fprintf(stderr, "%s\n", interrupt.text.c_str());
    return interrupted_exit_code();
  } catch (const OptionError& error) {
    return fail(2, std::string("--") + error.what());
  } catch (const UsageError& error) {
    return fail(2, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(1, error.path1().string() + ": " + error.code().message());
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::length_error&) {
    return out_of_memory();
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}

/// Runs the command, alone or as one of several processes. Returns the exit code.
int run_in_team(int argc, char** argv) {
  int code = 0;
  std::string failure;
  try {
    join_team();
    code = run(argc, argv);
    if (interrupted()) {  // just before the end
      code = interrupted_exit_code();
      failure = exception_bytes(std::make_exception_ptr(Interrupted{"interrupted"}));
    } else if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      if (!reader_gone) throw Error("stdout cannot be written: ", std::strerror(errno));
      code = 128 + SIGPIPE;  // as if it had ended us
    }
  } catch (...) {
    failure = exception_bytes(std::current_exception());
    code = tell(std::current_exception());
  }
  return leave_team(code, failure);
}

}  // namespace

int main(int argc, char** argv) {
  // Large arrays are returned to the system when they are freed. By default glibc stops doing so after a while, and the
  // peak of memory would depend on what was freed before.
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
  std::set_terminate(end_of_memory);
  // Then a file that exceeds `ulimit -f` is an Error with its name, as on a full disk, and not a silent end.
  std::signal(SIGXFSZ, SIG_IGN);
  // `l2l compare … | head`: whoever reads stdout may go away, and the files are written all the same.
  if (std::signal(SIGPIPE, [](int) { reader_gone = true; }) == SIG_IGN) std::signal(SIGPIPE, SIG_IGN);
  return run_in_team(argc, argv);
}
