/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's files, opened, read and so on as they are not meant to be.
 *
 * Include it behind fuzz_buffer.h.
 */
#ifndef TESTS_LIB_FUZZ_FILE_H
#define TESTS_LIB_FUZZ_FILE_H

#include <sys/uio.h>

enum { STATUS, TELEMETRY, EVENTS, DEVICE, N_FILES };

static const char *const paths[N_FILES] = {
	"/proc/agentsys/status", "/proc/agentsys/telemetry", "/proc/agentsys/events",
	AGENTSYS_DEVICE,
};

static inline void open_files(int *fds)
{
	for (size_t i = 0; i < N_FILES; i++) {
		fds[i] = open(paths[i], (i == DEVICE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
		MUST(fds[i] >= 0);
	}
}

/* What a file that is asked for something odd may say. */
static const int file_errors[] = {
	EINVAL, EFAULT, ESPIPE, ENODEV, EIO, EBADF, EACCES, ENOTDIR, EOVERFLOW, ENOTTY, EFBIG,
	EEXIST, EPERM, ENOMEM, 0
};

/* ESRCH: the device's page is that of an agent. */
static const int mmap_errors[] = {
	EINVAL, EACCES, ENODEV, EOVERFLOW, EPERM, ENOMEM, EIO, ESRCH, 0
};

static const int seek_errors[] = { EINVAL, ESPIPE, EOVERFLOW, ENXIO, 0 };

static inline void file_result(struct fuzzer *f, long ret, const int *errors)
{
	if (ret < 0 && !is_among(errno, errors))
		wrong(f, "%s is not for a file", strerrorname_np(errno));
}

static inline void open_somehow(struct fuzzer *f, const char *path)
{
	static const int flags[] = { O_NONBLOCK, O_APPEND, O_TRUNC, O_DIRECT, O_CREAT, O_DIRECTORY,
				     O_PATH, O_NOFOLLOW, O_EXCL, O_SYNC, O_ASYNC, O_NOATIME };
	int how = pick(f, 4);
	int fd;

	for (int i = pick(f, 4); i; i--)
		how |= PICK_OF(f, flags);
	doing(f, "open %s, %#o", path, how);
	fd = open(path, how | O_CLOEXEC, 0600);
	file_result(f, fd, file_errors);
	if (fd >= 0)
		close(fd);
}

/* Some bytes of a page, from where it was left or from anywhere. */
static inline void read_somehow(struct fuzzer *f, int fd, const char *path,
				const struct pages *text)
{
	struct buffer buffer = some_buffer(f, text);
	char byte = any(f);
	long ret;

	mark_fence(&buffer, byte);
	doing(f, "read %s to %p, %llu", path, buffer.at, (unsigned long long)buffer.len);
	if (one_in(f, 3)) {
		struct iovec pieces[3] = {
			{ buffer.at, buffer.len / 3 },
			{ buffer.at + buffer.len / 3, buffer.len / 3 },
			{ buffer.at + buffer.len / 3 * 2, buffer.len / 3 },
		};

		ret = one_in(f, 2) ? readv(fd, pieces, 3) : preadv(fd, pieces, 3, extreme(f));
	} else {
		ret = one_in(f, 2) ? read(fd, buffer.at, buffer.len) :
				     pread(fd, buffer.at, buffer.len, extreme(f));
	}
	file_result(f, ret, file_errors);
	if (ret > 0 && (uint64_t)ret > buffer.len)
		wrong(f, "%ld bytes", ret);
	check_fence(f, &buffer, byte);
}

/* One call of any of @fds, which were opened by open_files(); @text is where they are read to. */
static inline void call_file(struct fuzzer *f, const int *fds, const struct pages *text)
{
	unsigned int which = pick(f, N_FILES);
	const char *path = paths[which];
	int fd = fds[which];
	struct pollfd poll_fd = { .fd = fd, .events = any(f) };
	uint64_t offset;
	size_t pages;
	void *map;
	long ret;

	switch (pick(f, 8)) {
	case 0:
		open_somehow(f, path);
		break;
	case 1:
		doing(f, "lseek %s", path);
		ret = lseek(fd, one_in(f, 2) ? (off_t)extreme(f) : pick(f, 3000), pick(f, 6));
		file_result(f, ret < -1 ? 0 : ret, seek_errors);
		break;
	case 2:
		doing(f, "poll %s", path);
		file_result(f, poll(&poll_fd, 1, 0), file_errors);
		break;
	case 3:
		doing(f, "mmap %s", path);
		offset = extreme(f) & ~4095ULL;
		pages = 1 + pick(f, 4);
		map = mmap(NULL, FUZZ_PAGE * pages, pick(f, 8),
			   one_in(f, 2) ? MAP_SHARED : MAP_PRIVATE, fd, offset);
		file_result(f, map == MAP_FAILED ? -1 : 0, mmap_errors);
		/* The one page that there is, an agent may have. */
		if (map != MAP_FAILED && (offset != AGENTSYS_LIVE_OFFSET || pages != 1))
			wrong(f, "is mapped");
		if (map != MAP_FAILED)
			munmap(map, FUZZ_PAGE * pages);
		break;
	case 4:
		doing(f, "write %s", path);
		ret = one_in(f, 2) ? write(fd, text->rw, 1 + pick(f, 5000)) :
				     write(fd, bad_address(f), extreme(f));
		file_result(f, ret, file_errors);
		if (ret > 0)
			wrong(f, "%ld bytes are written", ret);
		break;
	default:
		read_somehow(f, fd, path, text);
	}
}

#endif
