#pragma once
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// A file without a name, removed when it is closed. Input and output of other programs go through such files: with
/// pipes, one side could block the other.
using TemporaryFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
TemporaryFile temporary_file(std::string_view content = "");
/// What has been written to it so far, from byte `from` on.
std::string content_of(std::FILE* file, std::size_t from = 0);

/// Runs a program with these files as its streams. `call` is its path, or a name on the PATH, and its arguments. It has
/// a process group of its own, so Ctrl-C in a terminal reaches l2l alone. Until it ends, `meanwhile` is called every
/// 5 ms; if that throws, the program and all that it started are killed first. Returns whether the exit code was 0.
/// Throws an Error if the program does not start.
bool run_program(const std::vector<std::string>& call, std::FILE* in, std::FILE* out, std::FILE* err,
                 const std::function<void()>& meanwhile);

}  // namespace l2l
