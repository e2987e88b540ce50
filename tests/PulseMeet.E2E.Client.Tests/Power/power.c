/* Writes down what a process does to the files of one folder, so that the folder can be what it was when the power failed.
 *
 * Loaded by LD_PRELOAD before the C library. POWER_ROOT is the folder, POWER_LOG the file outside of it that each creation, write, truncation,
 * renaming, deletion and sync is appended to (DiskLog.cs reads it). A call is carried out and logged under one lock, of all threads and all
 * processes, so that the log's order is that in which the files changed; a process that is killed in between has changed what nobody knows to
 * be on the medium, which a disk may do, too. The log itself is the operating system's once it is appended: SIGKILL takes nothing of it.
 * A sync is logged and goes no further: the medium is what the log says. Of files whose names end with
 * POWER_LIES it is not even logged. A call that would change
 * the folder in a way that is not written down ends the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
  uint64_t file;  /* the inode */
  int64_t at;     /* an offset or a size */
  uint32_t first; /* bytes behind this: data or a path, and another path */
  uint32_t second;
  uint32_t kind;
  uint32_t unused;
};

static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1;
static const char *lies;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void refuse(const char *what) {
  fprintf(stderr, "power.c: %s on a watched file.\n", what);
  abort();
}

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("POWER_ROOT"), *log = getenv("POWER_LOG");
  if (!folder || !log) return;
  if (!realpath(folder, root)) refuse("No folder");
  root_length = strlen(root);
  int opened = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  log_file = (int)syscall(SYS_fcntl, opened, F_DUPFD_CLOEXEC, 200);
  if (log_file < 0) refuse("No log");
  syscall(SYS_close, opened);
  lies = getenv("POWER_LIES");
}

static void lock_log(short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
  while (syscall(SYS_fcntl, log_file, F_SETLKW, &lock) < 0 && errno == EINTR) {
  }
}

static void enter(void) {
  pthread_mutex_lock(&turn);
  lock_log(F_WRLCK);
}

static void leave(void) {
  int error = errno;
  lock_log(F_UNLCK);
  pthread_mutex_unlock(&turn);
  errno = error;
}

static void put(char kind, uint64_t file, int64_t at, const void *first, size_t length, const char *second) {
  int error = errno;
  struct record head = {.file = file, .at = at, .first = (uint32_t)length, .second = second ? (uint32_t)strlen(second) : 0, .kind = (uint32_t)kind};
  struct iovec parts[3] = {{&head, sizeof head}, {(void *)first, length}, {(void *)second, head.second}};
  if (syscall(SYS_writev, log_file, parts, 3) != (ssize_t)(sizeof head + length + head.second)) refuse("No room in the log");
  errno = error;
}

static void put_path(char kind, uint64_t file, const char *path, const char *second) { put(kind, file, 0, path, strlen(path), second); }

static int is_inside(const char *path) { return strncmp(path, root, root_length) == 0 && path[root_length] == '/'; }

/* Where a path leads to, its last name as it is; whether that is in the folder. */
static int lies_inside(int folder, const char *path, char *whole) {
  if (log_file < 0 || !path || !*path) return 0;
  char joined[PATH_MAX], parent[PATH_MAX];
  size_t length = 0;
  if (path[0] != '/') {
    if (folder == AT_FDCWD) {
      if (syscall(SYS_getcwd, joined, sizeof joined) < 0) return 0;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t read = readlink(link, joined, sizeof joined - 1);
      if (read < 0) return 0;
      joined[read] = 0;
    }
    length = strlen(joined);
    joined[length++] = '/';
  }
  if (length + strlen(path) >= sizeof joined) return 0;
  strcpy(joined + length, path);
  char *name = strrchr(joined, '/');
  *name++ = 0;
  int error = errno;
  char *there = realpath(*joined ? joined : "/", parent);
  errno = error;
  if (!there || strlen(parent) + strlen(name) + 2 > PATH_MAX) return 0;
  strcpy(whole, strcmp(parent, "/") ? parent : "");
  strcat(strcat(whole, "/"), name);
  return is_inside(whole);
}

/* Whether an open file is in the folder, by its name now or before it was deleted. */
static int is_watched(int fd, struct stat *status, char *name) {
  if (log_file < 0) return 0;
  int error = errno;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, PATH_MAX - 1);
  if (length > 0) name[length] = 0;
  int watched = length > 0 && (is_inside(name) || strcmp(name, root) == 0) && fstat(fd, status) == 0;
  errno = error;
  return watched;
}

static int opening(int folder, const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  if (!lies_inside(folder, path, whole)) return (int)syscall(SYS_openat, folder, path, flags, mode);
  if ((flags & O_TMPFILE) == O_TMPFILE) refuse("O_TMPFILE");
  enter();
  int fd, made = 0;
  if ((flags & (O_CREAT | O_EXCL)) == O_CREAT) {
    fd = (int)syscall(SYS_openat, folder, path, flags | O_EXCL, mode);
    made = fd >= 0;
    if (fd < 0 && errno == EEXIST) fd = (int)syscall(SYS_openat, folder, path, flags & ~O_CREAT, mode);
  } else {
    fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    made = fd >= 0 && (flags & O_CREAT);
  }
  struct stat status;
  if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    put_path(made ? 'C' : 'O', status.st_ino, whole, NULL);
    if (!made && (flags & O_TRUNC)) put('T', status.st_ino, 0, NULL, 0, NULL);
  }
  leave();
  return fd;
}

#define OPEN(NAME, FOLDER, ...)                       \
  int NAME(__VA_ARGS__, int flags, ...) {             \
    mode_t mode = 0;                                  \
    if (flags & (O_CREAT | O_TMPFILE)) {              \
      va_list rest;                                   \
      va_start(rest, flags);                          \
      mode = (mode_t)va_arg(rest, int);               \
      va_end(rest);                                   \
    }                                                 \
    return opening(FOLDER, path, flags, mode);        \
  }
OPEN(open, AT_FDCWD, const char *path)
OPEN(open64, AT_FDCWD, const char *path)
OPEN(openat, folder, int folder, const char *path)
OPEN(openat64, folder, int folder, const char *path)
int creat(const char *path, mode_t mode) { return opening(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return opening(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

static ssize_t writing(int fd, const struct iovec *parts, int count, off_t at, int has_place) {
  struct stat status;
  char name[PATH_MAX];
  int watched = is_watched(fd, &status, name) && S_ISREG(status.st_mode);
  if (watched) enter();
  ssize_t written = has_place ? syscall(SYS_pwritev, fd, parts, count, (long)at, 0L) : syscall(SYS_writev, fd, parts, count);
  if (watched) {
    if (!has_place) at = lseek(fd, 0, SEEK_CUR) - (written > 0 ? written : 0);
    for (ssize_t left = written; left > 0; parts++) {
      size_t length = parts->iov_len < (size_t)left ? parts->iov_len : (size_t)left;
      if (length) put('W', status.st_ino, at, parts->iov_base, length, NULL);
      at += (off_t)length;
      left -= (ssize_t)length;
    }
    leave();
  }
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) { return writing(fd, &(struct iovec){(void *)bytes, length}, 1, 0, 0); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return writing(fd, parts, count, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return writing(fd, &(struct iovec){(void *)bytes, length}, 1, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return writing(fd, &(struct iovec){(void *)bytes, length}, 1, at, 1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return writing(fd, parts, count, at, 1); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return writing(fd, parts, count, at, 1); }

static int sizing(int fd, off_t size, int only_grows, long (*act)(int, off_t)) {
  struct stat status;
  char name[PATH_MAX];
  int watched = is_watched(fd, &status, name);
  if (watched) enter();
  int result = (int)act(fd, size);
  if (watched) {
    if (result == 0 && (!only_grows || (fstat(fd, &status) == 0 && size == status.st_size))) put('T', status.st_ino, size, NULL, 0, NULL);
    leave();
  }
  return result;
}

static long truncate_it(int fd, off_t size) { return syscall(SYS_ftruncate, fd, size); }
static long allocate_it(int fd, off_t size) { return syscall(SYS_fallocate, fd, 0, (off_t)0, size); }
int ftruncate(int fd, off_t size) { return sizing(fd, size, 0, truncate_it); }
int ftruncate64(int fd, off_t size) { return sizing(fd, size, 0, truncate_it); }
int posix_fallocate(int fd, off_t at, off_t length) { return sizing(fd, at + length, 1, allocate_it) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off_t at, off_t length) { return posix_fallocate(fd, at, length); }

int truncate(const char *path, off_t size) {
  int fd = opening(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return -1;
  int result = ftruncate(fd, size);
  syscall(SYS_close, fd);
  return result;
}
int truncate64(const char *path, off_t size) { return truncate(path, size); }

static int syncing(int fd, long number) {
  struct stat status;
  char name[PATH_MAX];
  if (!is_watched(fd, &status, name)) return (int)syscall(number, fd);
  size_t length = strlen(name), last = lies ? strlen(lies) : length + 1;
  enter();
  if (last > length || strcmp(name + length - last, lies) != 0) put_path(S_ISDIR(status.st_mode) ? 'F' : 'S', status.st_ino, name, NULL);
  leave();
  return 0;
}
int fsync(int fd) { return syncing(fd, SYS_fsync); }
int fdatasync(int fd) { return syncing(fd, SYS_fdatasync); }

static int removing(int folder, const char *path, int flags) {
  char whole[PATH_MAX];
  if (!lies_inside(folder, path, whole)) return (int)syscall(SYS_unlinkat, folder, path, flags);
  enter();
  int result = (int)syscall(SYS_unlinkat, folder, path, flags);
  if (result == 0) put_path('D', 0, whole, NULL);
  leave();
  return result;
}
int unlink(const char *path) { return removing(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removing(folder, path, flags); }
int rmdir(const char *path) { return removing(AT_FDCWD, path, AT_REMOVEDIR); }

static int renaming(int from, const char *old, int to, const char *new, unsigned flags) {
  char before[PATH_MAX], after[PATH_MAX];
  int was = lies_inside(from, old, before), will = lies_inside(to, new, after);
  if (!was && !will) return (int)syscall(SYS_renameat2, from, old, to, new, flags);
  if (!was || !will || flags) refuse("A renaming across the folder's edge");
  enter();
  int result = (int)syscall(SYS_renameat2, from, old, to, new, flags);
  if (result == 0) put_path('R', 0, before, after);
  leave();
  return result;
}
int rename(const char *old, const char *new) { return renaming(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) { return renaming(from, old, to, new, 0); }
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) { return renaming(from, old, to, new, flags); }

int link(const char *old, const char *new) {
  char whole[PATH_MAX];
  if (lies_inside(AT_FDCWD, new, whole)) refuse("link");
  return (int)syscall(SYS_linkat, AT_FDCWD, old, AT_FDCWD, new, 0);
}

int symlink(const char *target, const char *path) {
  char whole[PATH_MAX];
  if (lies_inside(AT_FDCWD, path, whole)) refuse("symlink");
  return (int)syscall(SYS_symlinkat, target, AT_FDCWD, path);
}

int mkdir(const char *path, mode_t mode) {
  char whole[PATH_MAX];
  if (!lies_inside(AT_FDCWD, path, whole)) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  enter();
  int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (result == 0) put_path('M', 0, whole, NULL);
  leave();
  return result;
}

/* What SQLite shares between connections ("-shm") is made anew after a loss of power, and may be mapped. */
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at) {
  struct stat status;
  char name[PATH_MAX];
  if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_TYPE) != MAP_PRIVATE && is_watched(fd, &status, name) && !strstr(name, "-shm")) refuse("mmap");
  return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, at);
}
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t at) { return mmap(address, length, protection, flags, fd, at); }

ssize_t sendfile(int to, int from, off_t *at, size_t length) {
  struct stat status;
  char name[PATH_MAX];
  if (is_watched(to, &status, name)) refuse("sendfile");
  return syscall(SYS_sendfile, to, from, at, length);
}
ssize_t sendfile64(int to, int from, off_t *at, size_t length) { return sendfile(to, from, at, length); }

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t length, unsigned flags) {
  struct stat status;
  char name[PATH_MAX];
  if (is_watched(to, &status, name)) refuse("copy_file_range");
  return syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags);
}

int fallocate(int fd, int mode, off_t at, off_t length) {
  struct stat status;
  char name[PATH_MAX];
  if (is_watched(fd, &status, name)) refuse("fallocate");
  return (int)syscall(SYS_fallocate, fd, mode, at, length);
}
int fallocate64(int fd, int mode, off_t at, off_t length) { return fallocate(fd, mode, at, length); }
