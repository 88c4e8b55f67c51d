#include "optim/team.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "autodiff/error.h"
#include "nn/files/checksum.h"
#include "optim/diverged.h"
#include "optim/parallel_tasks.h"

namespace l2l {
namespace {

class Alone : public Team {
 public:
  int size() const override { return 1; }
  int rank() const override { return 0; }
  std::string name(int) const override { return "this process"; }
  std::vector<std::string> gather(const std::string& mine) override { return {mine}; }
};

std::unique_ptr<Team>& present() {
  thread_local std::unique_ptr<Team> team = std::make_unique<Alone>();
  return team;
}

/// See on_stop.
struct Stopping {
  std::function<void()> stop, stop_if_asked;
};
Stopping& stopping() {
  static Stopping actions;
  return actions;
}

/// The first byte of what a process hands in, and of an exception.
enum Kind : char { results = 'r', usage_error = 'u', diverged = 'd', error = 'e', out_of_memory = 'm', stopped = 's' };

template <class T>
void append_raw(std::string& bytes, const T* data, std::size_t count) {
  bytes.append(reinterpret_cast<const char*>(data), count * sizeof(T));
}

/// A result as bytes: how many numbers, whether they are float, and the numbers. What was a float, as in a
/// meta-gradient, is sent as one.
void append(std::string& bytes, const TaskResult& result) {
  const std::vector<float> as_float(result.begin(), result.end());
  const bool exact = std::ranges::equal(as_float, result);
  const std::uint64_t header[] = {result.size(), exact};
  append_raw(bytes, header, 2);
  exact ? append_raw(bytes, as_float.data(), as_float.size()) : append_raw(bytes, result.data(), result.size());
}

/// Reads what `append` wrote, one result after the other.
class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  TaskResult next() {
    std::uint64_t header[2];
    take(header, sizeof header);
    if (header[1] == 0) return take_all<double>(header[0]);
    const std::vector<float> as_float = take_all<float>(header[0]);
    return {as_float.begin(), as_float.end()};
  }

 private:
  template <class T>
  std::vector<T> take_all(std::size_t count) {
    check(count <= (bytes_.size() - at_) / sizeof(T));  // before memory is asked for
    std::vector<T> result(count);
    if (count > 0) take(result.data(), count * sizeof(T));
    return result;
  }
  void take(void* to, std::size_t size) {
    check(size <= bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, size);
    at_ += size;
  }
  static void check(bool enough) {
    if (!enough) throw Error("a process sent fewer results than it has tasks: not the same program?");
  }

  const std::string& bytes_;
  std::size_t at_ = 1;  // behind the kind
};

}  // namespace

Team& Team::current() { return *present(); }
void Team::join(std::unique_ptr<Team> team) { present() = std::move(team); }

void on_stop(std::function<void()> stop, std::function<void()> stop_if_asked) {
  stopping() = {std::move(stop), std::move(stop_if_asked)};
}

std::string exception_bytes(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const UsageError& e) {
    return char{usage_error} + std::string(e.what());
  } catch (const Diverged& e) {
    return char{diverged} + std::string(e.what());
  } catch (const std::bad_alloc&) {
    return {char{out_of_memory}};
  } catch (const std::exception& e) {
    return char{error} + std::string(e.what());
  } catch (...) {
    return {char{stopped}};
  }
}

void throw_from_bytes(const std::string& bytes, const std::string& prefix) {
  std::string text = bytes.substr(std::min<std::size_t>(1, bytes.size()));
  if (!bytes.empty() && bytes[0] == diverged) throw Diverged(text);  // in any process it would be the same
  text = prefix + text;
  switch (bytes.empty() ? Kind{error} : static_cast<Kind>(bytes[0])) {
    case usage_error: throw UsageError(text);
    case out_of_memory:
      if (!prefix.empty()) throw Error(prefix, "out of memory");
      throw std::bad_alloc();
    case stopped:
      if (stopping().stop) stopping().stop();
      throw Error(prefix, "was asked to stop");
    default: throw Error(text);
  }
}

std::vector<TaskResult> share_tasks(int count, int threads, const std::function<TaskResult(int, int)>& f) {
  Team& team = Team::current();
  std::vector<TaskResult> all(count);
  if (team.size() == 1) {
    run_tasks(count, threads, [&](int k, int thread) { all[k] = f(k, thread); });
    return all;
  }
  const auto swap = [](std::unique_ptr<Team> other) { return std::exchange(present(), std::move(other)); };
  std::unique_ptr<Team> together;
  const auto owned = [&](int rank) { return (count - rank + team.size() - 1) / team.size(); };
  std::exception_ptr failure;
  std::string mine = {char{results}};
  try {
    if (stopping().stop_if_asked) stopping().stop_if_asked();
    // What a task shares out in turn is its own affair: meanwhile this thread is alone, as those of run_tasks are.
    together = swap(std::make_unique<Alone>());
    run_tasks(std::max(owned(team.rank()), 0), threads, [&](int j, int thread) {
      const int k = team.rank() + j * team.size();
      all[k] = f(k, thread);
    });
    for (int k = team.rank(); k < count; k += team.size()) append(mine, all[k]);
  } catch (...) {
    failure = std::current_exception();
    mine = exception_bytes(failure);
  }
  if (together) swap(std::move(together));
  const std::vector<std::string> parts = team.gather(mine);
  for (int rank = 0; rank < team.size(); ++rank) {
    if (parts[rank].starts_with(char{results})) continue;
    if (rank == 0 && team.rank() == 0) std::rethrow_exception(failure);
    throw_from_bytes(parts[rank], rank == 0 ? "" : team.name(rank) + ": ");
  }
  for (int rank = 0; rank < team.size(); ++rank) {
    Reader reader(parts[rank]);
    for (int k = rank; k < count; k += team.size()) all[k] = reader.next();
  }
  return all;
}

void meet() {
  if (Team::current().size() > 1) Team::current().gather("");
}

void check_same(const std::string& what, std::string_view bytes) {
  Team& team = Team::current();
  if (team.size() == 1) return;
  Checksum checksum;
  checksum.add(bytes);
  const std::vector<std::string> all =
      team.gather(checksum.digits() + " " + std::to_string(bytes.size()) + "\n" + what);
  const auto is = [&](int rank) { return all[rank].substr(0, all[rank].find('\n')); };
  for (int rank = 1; rank < team.size(); ++rank) {
    if (is(rank) == is(0)) continue;
    throw Error(team.name(rank), ": ", all[rank].substr(is(rank).size() + 1), " are not those of ", team.name(0));
  }
}

}  // namespace l2l
