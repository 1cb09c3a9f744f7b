// SPDX-License-Identifier: Apache-2.0
// GTKWave's FST library as it comes with Verilator, compiled the way Verilator compiles it, with
// one difference: it never looks at what its writes return, so here they are looked at for it.
#define HAVE_LIBPTHREAD
#define FST_CONFIG_INCLUDE "fst_config.h"
#include "tb/lockstep/core/fst_library.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool failed = false;

size_t checked_fwrite(const void* data, size_t size, size_t count, std::FILE* file) {
  const size_t written = std::fwrite(data, size, count, file);
  failed |= written != count;
  return written;
}

int checked_fputc(int c, std::FILE* file) {
  const int written = std::fputc(c, file);
  failed |= written == EOF;
  return written;
}

int checked_fflush(std::FILE* file) {
  const int result = std::fflush(file);
  failed |= result != 0;
  return result;
}

int checked_fclose(std::FILE* file) {
  const int result = std::fclose(file);
  failed |= result != 0;
  return result;
}

// Temporary files are mapped; on a full disk touching such a map is a bus error. In memory they
// take a few words a signal.
std::FILE* memory_tmpfile() {
  const int fd = memfd_create("fst", 0);
  return fd < 0 ? nullptr : fdopen(fd, "w+b");
}

// A file that a full disk has cut off is mapped as zeros, which is an error but no crash.
void* checked_mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  struct stat status;
  if (fstat(fd, &status) != 0 ||
      static_cast<uint64_t>(status.st_size) < static_cast<uint64_t>(offset) + size) {
    failed = true;
    flags = MAP_PRIVATE | MAP_ANONYMOUS;
    fd = -1;
    offset = 0;
  }
  return mmap(address, size, protection, flags, fd, offset);
}

}  // namespace

namespace sparsys {

bool take_fst_failure() {
  const bool was = failed;
  failed = false;
  return was;
}

}  // namespace sparsys

#define fwrite checked_fwrite
#define fputc checked_fputc
#define fflush checked_fflush
#define fclose checked_fclose
#define tmpfile memory_tmpfile
#define mmap checked_mmap

#include "gtkwave/fastlz.c"
#include "gtkwave/fstapi.c"
#include "gtkwave/lz4.c"
