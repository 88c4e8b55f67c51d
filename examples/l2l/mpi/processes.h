#pragma once
#include <string>

namespace l2l {

/// Makes this process a member of a team (see optim/team.h) if several were started together, by mpirun say. The first
/// of them, of rank 0, is the one that the user sees: all others write no files and print nothing. A build without MPI
/// refuses to be several: with.cpp and without.cpp are the two forms.
void join_team();

/// What --version says of it: " with MPI" or "".
const char* kind_of_build();

/// To be called at the end, with the exit code and, if that is not 0, the message. The other processes end as well:
/// with this error, if they have none of their own. Returns the exit code that all of them have. An error of another
/// process that this one has not seen yet is printed.
int leave_team(int code, const std::string& failure);

}  // namespace l2l
