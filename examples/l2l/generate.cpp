#include "examples/l2l/generate.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "autodiff/error.h"

namespace l2l {

CLI::App& add_generate(CLI::App& app, std::string& what) {
  CLI::App& generate = *app.add_subcommand("generate", "Print completion for a shell, or the manual page.");
  generate.group("");  // not shown: CMake calls it
  generate.add_option("what", what, "bash, zsh or man")->required();
  return generate;
}

int generate(CLI::App& app, const std::string& what) {
  std::string text;
  if (what == "bash") {
    text = bash_completion(app);
  } else if (what == "zsh") {
    text = zsh_completion(app);
  } else if (what == "man") {
    text = manual_page(app);
  } else {
    throw UsageError("generate: '", what, "' is none of bash, zsh and man");
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace l2l
