#include "examples/l2l/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace l2l {
namespace {
volatile std::sig_atomic_t received = 0;
}

void listen_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int signal) {
    if (received) {
      std::signal(signal, SIG_DFL);
      std::raise(signal);  // delivered when this returns
      return;
    }
    received = 1;
    const char text[] = "\nstopping as soon as all is kept; once more stops at once\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) return;  // there is nobody to tell
  };
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return received != 0; }

}  // namespace l2l
