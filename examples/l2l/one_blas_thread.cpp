// OpenBLAS starts a pool of threads as soon as it is loaded. l2l does not use them (see autodiff/kernels/blas.h), and
// if memory is short they retry forever. An environment variable prevents the pool, but OpenBLAS reads it before any
// function of the program runs, except those in the section .preinit_array. There l2l sets it and starts itself again.

#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::string_view kVariable = "OPENBLAS_NUM_THREADS=";
char one_thread[] = "OPENBLAS_NUM_THREADS=1";

/// OpenBLAS 0.3.29 takes a buffer of 128 MB as it is loaded, for one thread too, and retries forever if it cannot.
void exit_unless_blas_has_room() {
  constexpr std::size_t kRoom = std::size_t{144} << 20;  // the buffer, and what else is loaded
  void* const room = mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room != MAP_FAILED) {
    munmap(room, kRoom);
    return;
  }
  constexpr char kText[] = "l2l: out of memory: OpenBLAS needs 128 MB as it is loaded\n";
  if (write(STDERR_FILENO, kText, sizeof kText - 1) < 0) _exit(1);  // there is nobody to tell
  _exit(1);
}

/// If it fails, l2l runs with the pool.
void start_with_one_thread(int /*argc*/, char** argv, char** environment) {
  std::size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (std::strcmp(environment[count], one_thread) == 0) return exit_unless_blas_has_room();
  }
  char program[PATH_MAX + 1] = {};
  char** changed = static_cast<char**>(std::malloc((count + 2) * sizeof(char*)));
  if (changed == nullptr || readlink("/proc/self/exe", program, PATH_MAX) < 0) return;
  char** end = changed;
  *end++ = one_thread;
  for (char** entry = environment; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with(kVariable)) *end++ = *entry;
  }
  *end = nullptr;
  execve(program, argv, changed);
  std::free(changed);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*first_of_all)(int, char**, char**) = start_with_one_thread;

}  // namespace
