#include <cstdlib>

#include "autodiff/error.h"
#include "examples/l2l/mpi/processes.h"

namespace l2l {

void join_team() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* const size = std::getenv(name);
    if (size == nullptr || std::atoi(size) < 2) continue;
    throw UsageError("this is one of ", size,
                     " processes, but was built without MPI; build it with -DL2L_MPI=ON, or start it alone");
  }
}

const char* kind_of_build() { return ""; }

int leave_team(int code, const std::string&) { return code; }

}  // namespace l2l
