/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail on request, where the kernel can do that: of a thread by
 * number, and of other processes.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_FAILSLAB_H
#define TESTS_LIB_FAILSLAB_H

#define FAILSLAB "/sys/kernel/debug/failslab/"

/* More allocations than any request makes. */
#define ENOUGH	1000

static inline bool setting(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/*
 * Open what counts down this thread's allocations, of which the one that reaches 0
 * fails; -1 where the kernel has nothing of the kind.
 */
static inline int open_failslab(void)
{
	int nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (nth < 0 || !setting(FAILSLAB "ignore-gfp-wait", "N"))
		return -1;
	setting(FAILSLAB "verbose", "0");
	setting("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	return nth;
}

static inline void arm(int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	MUST(pwrite(fd, text, len, 0) == len);
}

/* Has the allocation failed? No other one will. */
static inline bool disarm(int fd)
{
	char text[16] = "";
	bool failed;

	MUST(pread(fd, text, sizeof(text) - 1, 0) > 0);
	failed = !atoi(text);
	arm(fd, 0);
	return failed;
}

/* What can be said of want of memory: netlink has a word of its own for it. */
static inline bool is_want(int ret)
{
	return ret == -ENOMEM || ret == -ENOBUFS;
}

/*
 * Make @request with each of its allocations failing, @before ahead of it and
 * @after behind it, and once more without a failure.
 */
#define EACH_FAILS(before, request, ...) do {				\
	int n = 0, refused = 0, ret;					\
	bool failed = true;						\
									\
	while (failed && n++ < ENOUGH) {				\
		before;							\
		arm(self->nth, n);					\
		ret = request;						\
		failed = disarm(self->nth);				\
		ASSERT_TRUE(ret >= 0 || (failed && is_want(ret)))	\
			TH_LOG("allocation %d: %s: %d", n, #request, ret);	\
		refused += ret < 0;					\
		__VA_ARGS__;						\
	}								\
	ASSERT_LT(n, ENOUGH);						\
	TH_LOG("%s: %d allocations, %d of them needed", #request, n - 1, refused);	\
} while (0)

/* ---- of other processes, with task-filter set ---- */

static inline void choose(pid_t pid, bool yes)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/make-it-fail", pid);
	setting(path, yes ? "1" : "0");
}

/* All workers, since any of them may get the work. */
static inline void choose_workers(bool yes)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	MUST(dir);
	while ((entry = readdir(dir))) {
		char path[300], text[64];

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (read_whole(path, text, sizeof(text)) > 0 && !strncmp(text, "kworker/", 8))
			choose(atoi(entry->d_name), yes);
	}
	closedir(dir);
}

/* Let allocation @n of those who were chosen fail. */
static inline void arm_others(int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	MUST(setting(FAILSLAB "probability", "0"));
	MUST(setting(FAILSLAB "interval", text));
	MUST(setting(FAILSLAB "times", "1"));
	MUST(setting(FAILSLAB "probability", "100"));
}

/* Has it failed? */
static inline bool disarm_others(void)
{
	char text[16];

	MUST(setting(FAILSLAB "probability", "0"));
	MUST(read_whole(FAILSLAB "times", text, sizeof(text)) > 0);
	return !atoi(text);
}

#endif
