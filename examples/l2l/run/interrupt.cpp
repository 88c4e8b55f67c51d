#include "examples/l2l/run/interrupt.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <ctime>

#include "examples/l2l/run/escape.h"
#include "optim/team.h"

namespace l2l {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> received = 0;  // the first signal; the handler runs on any thread, and any thread looks
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not wait");
timespec received_at;  // written before `received`
// How to go on: the handler reads as much as there is, and finds nothing while it is written.
std::array<char, 4096> advice;
std::atomic<std::size_t> advice_size = 0;
static_assert(std::atomic<std::size_t>::is_always_lock_free);
pid_t stood_in_for = 0;
int stand_in_descriptor = -1;

void tell(int descriptor, const char* text, std::size_t size) {
  if (write(descriptor, text, size) < 0) return;  // there is nobody to tell
}

double seconds_since(const timespec& start) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec - start.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec - start.tv_nsec);
}

void receive(int signal) {
  if (received == 0) {
    clock_gettime(CLOCK_MONOTONIC, &received_at);
    received = signal;
    const char text[] = "\nstopping when all is saved; a second signal stops at once\n";
    tell(STDERR_FILENO, text, sizeof text - 1);
    tell(STDERR_FILENO, advice.data(), advice_size);
    if (stood_in_for > 0 && kill(stood_in_for, 0) != 0) {
      tell(stand_in_descriptor, advice.data(), advice_size);
    }
  } else if (seconds_since(received_at) > 1) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // delivered when this returns
  }
}

class Interruptible : public Function {
 public:
  explicit Interruptible(std::unique_ptr<Function> f) : f_(std::move(f)) {}

  const Layout& layout() const override { return f_->layout(); }
  void init(Rng& rng, std::span<Real> theta) const override { f_->init(rng, theta); }
  void next_batch(Rng& rng) override {
    stop_if_interrupted();
    f_->next_batch(rng);
  }
  Var loss(Tape& tape, Var theta) override {
    stop_if_interrupted();
    return f_->loss(tape, theta);
  }
  Index functions() const override { return f_->functions(); }
  std::vector<std::vector<Real>> minima() const override { return f_->minima(); }

 private:
  std::unique_ptr<Function> f_;
};

}  // namespace

void stand_in_for(pid_t other, int descriptor) { stood_in_for = other, stand_in_descriptor = descriptor; }

void tell_how_to_go_on(const std::string& text) {
  advice_size = 0;
  if (Team::current().size() == 1 || text.empty()) return;
  const std::string line = "if another process was killed, " + printable(text) + "\n";
  if (line.size() > advice.size()) return;
  std::ranges::copy(line, advice.begin());
  advice_size = line.size();
}

void listen_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = receive;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);  // one at a time
  for (const int signal : kSignals) {
    struct sigaction before;
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

bool interrupted() { return received != 0; }

double seconds_since_interrupt() { return interrupted() ? seconds_since(received_at) : 0; }

int interrupted_exit_code() { return 128 + received; }

void stop_if_interrupted() {
  if (interrupted()) throw Interrupted{"interrupted"};
}

Family interruptible(const Family& family) {
  const auto draw = [=](Rng& rng, Split split) {
    stop_if_interrupted();
    return std::make_unique<Interruptible>(family(rng, split));
  };
  return Family(draw, family.chance_loss());
}

}  // namespace l2l
