#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// Processes that run the same program with the same arguments, and share its work: here usually one, alone. Each draws
/// the same random numbers and takes the same decisions, so that all that has to travel between them are results. This
/// is all that the library knows of other processes; who they are and how bytes get there is a Team's affair (MPI:
/// examples/l2l/mpi).
class Team {
 public:
  virtual ~Team() = default;

  virtual int size() const = 0;  // how many we are
  virtual int rank() const = 0;  // which of them this is: 0 … size - 1
  /// What messages call a process: "process 2 on node7".
  virtual std::string name(int rank) const = 0;
  /// Every process hands in its bytes, and gets those of all, in the order of ranks. Throws if one of them ended
  /// meanwhile.
  virtual std::vector<std::string> gather(const std::string& mine) = 0;

  /// The one that this process is in. At first it is alone. Strictly speaking it is this thread's: tests have teams of
  /// threads.
  static Team& current();
  /// From now on it is another one. To be called before any work.
  static void join(std::unique_ptr<Team> team);
};

/// What a task returns; exact for float, double, and whole numbers up to 2^53.
using TaskResult = std::vector<double>;

/// Whether task k is this process's: the tasks of a number of functions are dealt out like cards.
inline bool is_mine(int k) { return k % Team::current().size() == Team::current().rank(); }

/// The results of f(k, thread) for all k < count, in order, the same in all processes: each process calls f for those
/// that are its own, `threads` at a time (see run_tasks). If a call throws, all processes throw the same: that of the
/// lowest rank, with the name of its process if another than the first one failed by itself. In f the process is alone:
/// what a task shares out in turn it does by itself.
std::vector<TaskResult> share_tasks(int count, int threads, const std::function<TaskResult(int k, int thread)>& f);

/// Returns when all processes have called it. What the one that writes files has written before can be read after it.
void meet();

/// Throws an Error in all processes that names the first one whose `bytes` are not those of the process with rank 0.
/// `what`: what they are, "the images of FOLDER"; that of the process that differs is named.
void check_same(const std::string& what, std::string_view bytes);

/// An exception as bytes, and thrown again: as an Error of the same class, std::bad_alloc, or what `on_stop` throws for
/// one that is none of std::exception's (an interrupt).
std::string exception_bytes(const std::exception_ptr& exception);
[[noreturn]] void throw_from_bytes(const std::string& bytes, const std::string& prefix = "");
/// What to do where another process was asked to stop: it must throw. And how to find out whether this one was, which
/// then throws: called before each sharing, for a process may have no task in which it would see that.
void on_stop(std::function<void()> stop, std::function<void()> stop_if_asked = {});

}  // namespace l2l
