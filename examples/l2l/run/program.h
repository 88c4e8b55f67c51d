#pragma once
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// A file without a name, gone when closed. What goes to another program and comes from it goes through such files:
/// with pipes each side could block or break the other.
using TemporaryFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
TemporaryFile temporary_file(std::string_view content = "");
/// All that was written to it so far.
std::string content_of(std::FILE* file);

/// Runs a program (its path, or a name to be looked for on the PATH, and its arguments) with these files as its
/// streams, in a process group of its own: Ctrl-C in a terminal is for l2l alone. Until it has ended, `meanwhile` is
/// called every 5 ms; what that throws ends the program first, and all that it started. True if it ended with 0; an
/// Error if it does not start.
bool run_program(const std::vector<std::string>& call, std::FILE* in, std::FILE* out, std::FILE* err,
                 const std::function<void()>& meanwhile);

}  // namespace l2l
