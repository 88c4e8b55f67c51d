#include <fcntl.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "autodiff/error.h"
#include "examples/l2l/mpi/processes.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/interrupt.h"
#include "nn/files/atomic_file.h"
#include "optim/team.h"

namespace l2l {
namespace {

/// How a process ended: its exit code and its error.
struct Ending {
  int code;
  std::string failure;  // as exception_bytes has it

  std::string bytes() const { return std::to_string(code) + "\n" + failure; }
  static Ending from(const std::string& bytes) {
    const std::size_t end = bytes.find('\n');
    return {std::atoi(bytes.c_str()), end < bytes.size() ? bytes.substr(end + 1) : ""};
  }
};

/// All processes of MPI_COMM_WORLD. One that ends takes part in the exchange that the others are in, or come to next,
/// so that nobody waits for it.
class MpiTeam : public Team {
 public:
  MpiTeam() {
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    char host[MPI_MAX_PROCESSOR_NAME];
    int length = 0;
    MPI_Get_processor_name(host, &length);
    hosts_ = exchange(Message::results, {host, static_cast<std::size_t>(length)}).parts;
    for (const std::string& id : exchange(Message::results, std::to_string(getpid())).parts) {
      ids_.push_back(static_cast<pid_t>(std::atol(id.c_str())));
    }
  }

  int size() const override { return size_; }
  int rank() const override { return rank_; }
  std::string name(int rank) const override { return "process " + std::to_string(rank) + " on " + hosts_[rank]; }

  std::vector<std::string> gather(const std::string& mine) override {
    if (ended_) throw Error("another process has ended");  // nobody would answer
    Exchange all = exchange(Message::results, mine);
    for (int rank = 0; rank < size_; ++rank) {
      if (all.messages[rank] == Message::ending) throw_ending(rank, Ending::from(all.parts[rank]));
    }
    return std::move(all.parts);
  }

  /// Whether this is the one that speaks when that of rank 0 was killed: the next one on the same computer.
  bool is_stand_in() const { return rank_ == std::find(hosts_.begin() + 1, hosts_.end(), hosts_[0]) - hosts_.begin(); }
  pid_t first_id() const { return ids_[0]; }

  /// The exit code of all. Prints the error of another process if this one has none.
  int leave(const Ending& mine) {
    if (!ended_) {
      const Exchange all = exchange(Message::ending, mine.bytes());
      ended_ = true;
      common_code_ = mine.code;
      for (int rank = 0; rank < size_ && common_code_ == 0; ++rank) {
        if (all.messages[rank] != Message::ending) continue;  // it hears of this end now
        const Ending other = Ending::from(all.parts[rank]);
        common_code_ = other.code;
        if (other.code != 0) tell(rank, other);
      }
    }
    MPI_Finalize();
    const int code = mine.code != 0 ? mine.code : common_code_;
    // mpirun ends everything as soon as one process has failed. First it should have read what that of rank 0 printed.
    if (rank_ > 0 && code != 0) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return code;
  }

 private:
  enum class Message : std::int64_t { results, ending };
  struct Exchange {
    std::vector<Message> messages;
    std::vector<std::string> parts;
  };

  Exchange exchange(Message message, const std::string& mine) const {
    const std::array<std::int64_t, 2> header = {static_cast<std::int64_t>(message),
                                                static_cast<std::int64_t>(mine.size())};
    std::vector<std::int64_t> headers(2 * size_);
    MPI_Allgather(header.data(), 2, MPI_INT64_T, headers.data(), 2, MPI_INT64_T, MPI_COMM_WORLD);
    std::vector<int> sizes, starts;
    std::int64_t total = 0;
    Exchange all;
    for (int rank = 0; rank < size_; ++rank) {
      all.messages.push_back(static_cast<Message>(headers[2 * rank]));
      starts.push_back(static_cast<int>(total));
      sizes.push_back(static_cast<int>(headers[2 * rank + 1]));
      total += headers[2 * rank + 1];
      if (total > INT_MAX) throw Error("the processes have more than 2 GB to tell each other; take fewer functions");
    }
    std::string bytes(static_cast<std::size_t>(total), '\0');
    MPI_Allgatherv(mine.data(), static_cast<int>(mine.size()), MPI_BYTE, bytes.data(), sizes.data(), starts.data(),
                   MPI_BYTE, MPI_COMM_WORLD);
    for (int rank = 0; rank < size_; ++rank) all.parts.push_back(bytes.substr(starts[rank], sizes[rank]));
    return all;
  }

  [[noreturn]] void throw_ending(int rank, const Ending& ending) {
    ended_ = true;
    common_code_ = ending.code;
    if (ending.code == 0) throw Error(name(rank), " ended before the work was done");
    throw_from_bytes(ending.failure, name(rank) + ": ");
  }

  void tell(int rank, const Ending& ending) const {
    try {
      throw_from_bytes(ending.failure, name(rank) + ": ");
    } catch (const std::exception& error) {
      std::fprintf(stderr, "l2l: %s\n", error_line(error.what()).c_str());
    } catch (const Interrupted&) {
    }
  }

  int size_ = 1, rank_ = 0;
  std::vector<std::string> hosts_;
  std::vector<pid_t> ids_;
  bool ended_ = false;  // all know that one of us has ended, and exchange no more
  int common_code_ = 0;
};

/// Null: this process was started alone, and MPI with it would only take time.
MpiTeam* team = nullptr;

}  // namespace

void join_team() {
  const auto given = [](const char* name) { return std::getenv(name) != nullptr; };
  if (!given("OMPI_COMM_WORLD_SIZE") && !given("PMI_SIZE") && !given("PMIX_RANK")) {
    const char* const tasks = std::getenv("SLURM_STEP_NUM_TASKS");
    if (tasks == nullptr || std::atoi(tasks) < 2) return;
    throw UsageError("srun started ", tasks, " processes that cannot find each other; start them with srun --mpi=pmix");
  }
  MPI_Init(nullptr, nullptr);
  auto joined = std::make_unique<MpiTeam>();
  team = joined.get();
  Team::join(std::move(joined));
  const auto stop = [] {
    if (!interrupted()) std::raise(SIGTERM);  // so that this process, too, knows that it was asked to stop
    throw Interrupted{"interrupted"};
  };
  on_stop(stop, stop_if_interrupted);
  if (team->rank() == 0) return;
  write_no_files();
  if (team->is_stand_in()) stand_in_for(team->first_id(), fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  for (std::FILE* stream : {stdout, stderr}) {
    if (!std::freopen("/dev/null", "w", stream)) throw Error("/dev/null cannot be opened");
  }
}

const char* kind_of_build() { return " with MPI"; }

int leave_team(int code, const std::string& failure) {
  if (team == nullptr) return code;
  return team->leave({code, failure});
}

}  // namespace l2l
