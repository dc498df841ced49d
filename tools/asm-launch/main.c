// SPDX-License-Identifier: GPL-2.0-only
/*
 * asm-launch - bears the agents of the Agent Supervision Module.
 *
 * The module starts this program, hands it one job after another and starts it
 * again should it die; it keeps no state but a socket (notify.c). Being resident, with the agent's
 * cgroup a flag of clone3() instead of a migration, makes a start cost what
 * posix_spawn() costs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stddef.h>

#include "cgroup.h"
#include "child.h"
#include "device.h"
#include "sys.h"

#define SIGSET_SIZE 8

/* The kernel's struct sigaction; glibc's has another layout. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	__u64 mask;
};

static _Alignas(8) unsigned char spec[AGENTSYS_SPEC_MAX];

/*
 * A usermode helper starts without descriptors, and every child needs three:
 * those of the launcher, which a child without wishes of its own just keeps.
 */
static int fill_stdio(void)
{
	int fd;

	do
		fd = sys(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		sys(__NR_close, fd);
	return fd < 0 ? fd : 0;
}

/*
 * Ended children are never waited for. SA_NOCLDWAIT says so without ignoring
 * SIGCHLD: an ignored signal would stay ignored in the agents, where it breaks
 * whoever waits for children of its own.
 */
static int set_signals(void)
{
	static const __u64 all = ~0ULL;
	static const struct kernel_sigaction no_zombies = { .flags = SA_NOCLDWAIT };
	int ret;

	ret = sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, SIGSET_SIZE);
	if (ret < 0)
		return ret;
	return sys(__NR_rt_sigaction, SIGCHLD, &no_zombies, 0, SIGSET_SIZE);
}

/* What a child inherits and need not set again. */
static int set_defaults(void)
{
	int ret;

	sys(__NR_umask, 022);
	ret = sys(__NR_chdir, "/");
	if (ret < 0)
		return ret;
	/* Agents of another user share this memory until they execute. */
	sys(__NR_prctl, PR_SET_DUMPABLE, 0);
	return sys(__NR_setgroups, 0, NULL);
}

static void close_given(const struct agentsys_job *job)
{
	for (int i = 0; i < 3; i++)
		if (job->stdio[i] == AGENTSYS_STDIO_FD)
			sys(__NR_close, job->stdio_at[i]);
}

static void bear(int root, const struct agentsys_job *job)
{
	enum agentsys_step step;
	int cgroup, ret;

	cgroup = cgroup_open(root, job, &step);
	if (cgroup < 0) {
		device_fail(job->token, step, -cgroup);
	} else {
		ret = child_bear(job, cgroup);
		if (ret < 0)
			device_fail(job->token, AGENTSYS_STEP_CLONE, -ret);
		sys(__NR_close, cgroup);
	}
	close_given(job);
}

int main(void)
{
	int root, ret;

	if (fill_stdio() < 0 || set_signals() < 0 || set_defaults() < 0 || child_prepare() < 0)
		return 1;
	root = device_join();
	if (root < 0)
		return 1;

	for (;;) {
		ret = device_next(spec);
		if (ret == -ESHUTDOWN)
			return 0;
		if (ret == -EINTR)
			continue;
		if (ret < 0)
			return 1;
		bear(root, (const struct agentsys_job *)spec);
	}
}
