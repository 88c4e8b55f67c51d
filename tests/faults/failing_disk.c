// A disk that fails once. Preloaded into l2l, it counts the calls that change something on the disk (a file is created,
// written, flushed, renamed; a folder is made) and makes number $L2L_FAIL_AT of them fail. If there is such a call, its
// name is written to the file $L2L_FAILED. Other programs, such as gnuplot, are left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int calls = 0;

static int fails(const char* call, int error) {
  const char* at = getenv("L2L_FAIL_AT");
  const char* report = getenv("L2L_FAILED");
  if (at == NULL || report == NULL || strncmp(program_invocation_short_name, "l2l", 3) != 0) return 0;
  if (__atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != atoi(at)) return 0;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  syscall(SYS_write, file, call, strlen(call));
  syscall(SYS_close, file);
  errno = error;
  return 1;
}

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

#define OPEN_MODE(flags, mode)                            \
  mode_t mode = 0;                                        \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                \
    va_list arguments;                                    \
    va_start(arguments, flags);                           \
    mode = va_arg(arguments, mode_t);                     \
    va_end(arguments);                                    \
    if (fails("open", ENOSPC)) return -1;                 \
  }

int open(const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return NEXT(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return NEXT(open64)(path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return NEXT(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return NEXT(openat64)(folder, path, flags, mode);
}
ssize_t write(int file, const void* data, size_t size) {
  if (file > STDERR_FILENO && fails("write", ENOSPC)) return -1;
  return NEXT(write)(file, data, size);
}
int fsync(int file) { return fails("fsync", EIO) ? -1 : NEXT(fsync)(file); }
int rename(const char* from, const char* to) { return fails("rename", ENOSPC) ? -1 : NEXT(rename)(from, to); }
int renameat(int folder, const char* from, int other, const char* to) {
  return fails("rename", ENOSPC) ? -1 : NEXT(renameat)(folder, from, other, to);
}
int mkdir(const char* path, mode_t mode) { return fails("mkdir", ENOSPC) ? -1 : NEXT(mkdir)(path, mode); }
