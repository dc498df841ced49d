/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of the device as they are, without the library.
 */
#ifndef TESTS_LIB_DEVICE_H
#define TESTS_LIB_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libasm.h>

#define NOBODY		65534
#define KERNEL_ADDRESS	0xffff888000000000ULL

static inline int device(void)
{
	int fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(AGENTSYS_DEVICE);
		exit(1);
	}
	return fd;
}

/* 0 or more, or a negative errno. */
static inline int call(int fd, unsigned int command, const void *arg)
{
	int ret = ioctl(fd, command, arg);

	return ret < 0 ? -errno : ret;
}

/* The same as somebody without any right. */
static inline int call_as_nobody(int fd, unsigned int command, const void *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(255);
		_exit(-call(fd, command, arg));
	}
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

/* A page with nothing mapped behind it. */
static inline char *last_page(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);

	munmap(map + page, page);
	return map;
}

static inline struct agentsys_text text_arg(unsigned int id, void *buf, size_t len)
{
	return (struct agentsys_text) {
		.size = sizeof(struct agentsys_text),
		.agent_id = id,
		.buf = (uintptr_t)buf,
		.len = len,
	};
}

#endif
