#pragma once
#include <sys/types.h>

#include <string>

#include "optim/function.h"

namespace l2l {

/// Thrown to end a command that was asked to stop, with the text for the user. It is not a std::exception, so that
/// nothing catches it as an error.
struct Interrupted {
  std::string text;
};

/// From now on SIGINT (Ctrl-C), SIGTERM and SIGHUP only ask the work to stop where it can, and print so. A second
/// signal stops it at once if it comes at least a second later: `timeout` sends its signal twice, and so does a
/// terminal that is closed. Signals that were ignored when the program started (by nohup) stay ignored.
void listen_for_interrupts();
/// In a team of processes (see optim/team.h) a signal may also mean that another one was killed. From now on it also
/// prints this, "go on with: …"; with "" no longer.
void tell_how_to_go_on(const std::string& text);
/// This process prints nothing itself, but if the one that does, `other`, is gone when the signal comes, that is
/// written to this descriptor.
void stand_in_for(pid_t other, int descriptor);
bool interrupted();
/// Seconds since the first signal; 0 if there was none.
double seconds_since_interrupt();
/// As in shells: 128 + the number of the signal.
int interrupted_exit_code();

/// Throws Interrupted if there was a signal.
void stop_if_interrupted();
/// The same functions; drawing one, or a minibatch of one, or its loss, is where whatever follows them (training,
/// tuning, evaluation) ends if it is interrupted.
Family interruptible(const Family& family);

}  // namespace l2l
