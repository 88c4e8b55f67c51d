#include "examples/l2l/plan.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/run/progress.h"
#include "optim/study/plan.h"

namespace l2l {
namespace {

/// A value in a file under /proc, from a line such as "VmRSS:   1234 kB", in bytes; 0 if there is none.
std::size_t proc_bytes(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key + ":")) return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

std::size_t anonymous_memory() { return proc_bytes("/proc/self/status", "RssAnon"); }
std::size_t mapped_files() { return proc_bytes("/proc/self/status", "RssFile"); }

std::string with_commas(Index n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

std::string seconds_text(double seconds) {
  if (seconds >= 60) return duration(seconds);
  return format("%.2g s", seconds);
}

}  // namespace

// Not that of getrusage, which includes the program that started this one.
std::size_t peak_memory() { return proc_bytes("/proc/self/status", "VmHWM"); }

std::size_t available_memory() { return proc_bytes("/proc/meminfo", "MemAvailable"); }

std::string megabytes(std::size_t bytes) {
  return format(bytes < 9'950'000 ? "%.1f MB" : "%.0f MB", static_cast<double>(bytes) * 1e-6);
}

std::string plan_text(RunConfig config, const Family& optimizee, int processes) {
  MetaTrainConfig& c = config.training;
  const Index functions = c.functions;
  for (int* functions : {&c.functions, &c.validation_functions}) *functions = (*functions - 1) / processes + 1;
  const OptimizerModel model = config.model();
  constexpr std::size_t kBuffers = 1'500'000;  // of libraries
  const std::size_t data = anonymous_memory() + kBuffers;
  MetaPlan plan = plan_memory(model, optimizee, c);
  // Every process gets the meta-gradients of all functions: as double, and as the float that came (see optim/team.cpp).
  const std::size_t gathered = static_cast<std::size_t>(functions * plan.weights) * (processes > 1 ? 12 : 8);
  plan.unroll_bytes += gathered;
  // The kernel loads code as it is used; by now nearly all of it is loaded.
  const std::size_t peak = std::max(peak_memory(), data + mapped_files() + plan.bytes());
  const double per_step = static_cast<double>(plan.unroll_bytes - gathered) / static_cast<double>(plan.coordinates) /
                          (c.unroll * c.functions);

  std::ostringstream text;
  if (processes > 1) text << "each of " << processes << " processes:\n";
  text << "coordinates        " << with_commas(plan.coordinates) << " (theta), trained by " << learners(model) << ", "
       << with_commas(plan.weights) << " weights (phi)\n"
       << "memory             " << megabytes(plan.unroll_bytes) << " for unrolls of " << c.unroll
       << " steps: " << format("%.3g bytes", per_step) << " for each coordinate and step\n"
       << "                   " << megabytes(plan.function_tape_bytes + plan.function_bytes)
       << " for the functions and their gradients, " << megabytes(plan.validation_bytes) << " for validations\n"
       << "                   " << megabytes(peak) << " at the peak, with the data set and the program itself\n";
  if (const std::size_t free = available_memory(); free > 0 && plan.bytes() > free) {
    text << "                   of which " << megabytes(plan.bytes()) << " are still needed, but only "
         << megabytes(free) << " are free: use a smaller --unroll, --functions or --hidden\n";
    return text.str();
  }
  const MetaPace pace = measure_pace(model, optimizee, c);
  const double validations = c.epochs / c.validate_every + (c.epochs % c.validate_every != 0);
  const double total = c.epochs * pace.epoch + validations * pace.validation;
  text << "time               " << seconds_text(pace.epoch) << " for a meta-epoch of " << c.steps << " steps, "
       << seconds_text(pace.validation) << " for a validation\n"
       << "                   " << seconds_text(total) << " for " << c.epochs << " meta-epochs, on " << c.threads
       << (c.threads == 1 ? " thread\n" : " threads\n");
  return text.str();
}

}  // namespace l2l
