/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading and unloading the module, for tests that find it unloaded.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_LOADING_H
#define TESTS_LIB_LOADING_H

/* 0 or a negative errno, as of unload(). */
static inline int load(const char *params)
{
	int fd = open(getenv("AGENTSYS_KO"), O_RDONLY | O_CLOEXEC);
	int ret;

	MUST(fd >= 0);
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

static inline int unload(void)
{
	return syscall(SYS_delete_module, "agentsys", O_NONBLOCK) ? -errno : 0;
}

static inline bool is_loaded(void)
{
	return !access("/sys/module/agentsys", F_OK);
}

/* Something of the module that is there, or NULL. */
static inline const char *what_is_left(void)
{
	struct agentsys *h;

	if (is_loaded())
		return "the module";
	if (!access(AGENTSYS_DEVICE, F_OK))
		return "the device";
	if (!access("/proc/agentsys", F_OK))
		return "its folder in /proc";
	if (agentsys_open(&h))
		return NULL;
	agentsys_close(h);
	return "the netlink family";
}

#endif
