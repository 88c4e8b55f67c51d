#pragma once

namespace l2l {

/// From now on the first SIGINT (Ctrl-C) or SIGTERM only asks the work to stop where it can, see `interrupted`, and
/// says so; the second one stops it at once.
void listen_for_interrupts();
bool interrupted();

}  // namespace l2l
