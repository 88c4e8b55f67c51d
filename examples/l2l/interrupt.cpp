#include "examples/l2l/interrupt.h"

#include <csignal>

namespace l2l {
namespace {
volatile std::sig_atomic_t received = 0;
}

void listen_for_interrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { received = 1; };
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return received != 0; }

}  // namespace l2l
