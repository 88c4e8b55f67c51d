#pragma once
#include <string>

#include "optim/function.h"

namespace l2l {

/// What ends a command that was asked to stop: what to tell the user. It is no std::exception: nobody takes it for an
/// error.
struct Interrupted {
  std::string text;
};

/// From now on a SIGINT (Ctrl-C), SIGTERM or SIGHUP only asks the work to stop where it can, and says so. One more
/// stops it at once, but only a second later: `timeout` sends its signal twice, and so does a terminal that is closed.
/// What was ignored when the program started (by nohup, say) stays ignored.
void listen_for_interrupts();
bool interrupted();
/// Since the signal came; 0 if none did.
double seconds_since_interrupt();
/// As shells have it: 128 and the number of the signal.
int interrupted_exit_code();

/// Throws Interrupted if so.
void stop_if_interrupted();
/// The same functions; drawing one, or a minibatch of one, is where whatever follows them (training, tuning,
/// evaluation) ends if it is interrupted.
Family interruptible(const Family& family);

}  // namespace l2l
