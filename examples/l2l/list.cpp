#include <cstdio>

#include "examples/l2l/commands.h"
#include "optim/learned/models.h"
#include "optim/rules.h"

namespace l2l {

int list() {
  std::puts("optimizees (--optimizee NAME)");
  for (const OptimizeeEntry& entry : optimizees()) {
    std::printf("  %-12s %s\n", entry.name.c_str(), entry.summary.c_str());
    for (const OptimizeeOption& option : entry.options) {
      const std::string flag = "--" + option.name + " " + option.default_value;
      std::printf("  %-12s   %-24s %s\n", "", flag.c_str(), option.help.c_str());
    }
  }
  std::puts("\noptimizers");
  for (const NamedModel& model : models()) {
    std::printf("  %-12s learned: %s\n", model.name.c_str(), model.summary.c_str());
  }
  for (const Rule& rule : rules()) std::printf("  %-12s %s\n", rule.name.c_str(), rule.summary.c_str());
  return 0;
}

}  // namespace l2l
