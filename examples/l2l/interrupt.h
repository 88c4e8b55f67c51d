#pragma once

namespace l2l {

/// From now on Ctrl-C only asks the work to stop where it can, see `interrupted`; a second one stops it at once.
void listen_for_interrupts();
bool interrupted();

}  // namespace l2l
