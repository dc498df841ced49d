// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "sys.h"

#define DECIMAL_MAX 20 /* digits of 2^64 - 1 */

/* Write @n at @at; returns where it ends. */
static char *put_decimal(char *at, __u64 n)
{
	char digits[DECIMAL_MAX];
	int i = 0;

	do
		digits[i++] = '0' + n % 10;
	while (n /= 10);
	while (i)
		*at++ = digits[--i];
	return at;
}

static int write_file(int cgroup, const char *name, const char *text, const char *end)
{
	int fd = sys(__NR_openat, cgroup, name, O_WRONLY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return fd;
	n = sys(__NR_write, fd, text, end - text);
	sys(__NR_close, fd);
	return n < 0 ? n : 0;
}

/* A new cgroup has no limits: only those that are wanted are written. */
static int write_limit(int cgroup, const char *name, __u64 limit)
{
	char text[DECIMAL_MAX];

	return limit ? write_file(cgroup, name, text, put_decimal(text, limit)) : 0;
}

static int write_cpu_max(int cgroup, __u64 quota, __u64 period)
{
	char text[2 * DECIMAL_MAX + 1];
	char *end;

	if (!quota)
		return 0;
	end = put_decimal(text, quota);
	*end++ = ' ';
	return write_file(cgroup, "cpu.max", text, put_decimal(end, period));
}

static int write_limits(int cgroup, const struct agentsys_job *job)
{
	static const char one = '1';
	int ret;

	ret = write_limit(cgroup, "memory.max", job->memory_max);
	/* Half an agent is of no use: when memory runs out all of it goes. */
	if (!ret && job->memory_max)
		ret = write_file(cgroup, "memory.oom.group", &one, &one + 1);
	if (!ret)
		ret = write_limit(cgroup, "memory.high", job->memory_high);
	if (!ret)
		ret = write_cpu_max(cgroup, job->cpu_quota_us, job->cpu_period_us);
	if (!ret)
		ret = write_limit(cgroup, "pids.max", job->pids_max);
	return ret;
}

int cgroup_open(int root, const struct agentsys_job *job, enum agentsys_step *step)
{
	bool is_new = job->flags & AGENTSYS_JOB_NEW_CGROUP;
	char name[DECIMAL_MAX + 1];
	int cgroup;
	int ret;

	*put_decimal(name, job->agent_id) = '\0';
	*step = AGENTSYS_STEP_CGROUP;
	if (is_new) {
		ret = sys(__NR_mkdirat, root, name, 0711); /* as module/cgroup.c has it */
		if (ret < 0 && ret != -EEXIST)
			return ret;
	}
	cgroup = sys(__NR_openat, root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0 || !is_new)
		return cgroup;

	*step = AGENTSYS_STEP_LIMITS;
	ret = write_limits(cgroup, job);
	if (ret < 0) {
		sys(__NR_close, cgroup);
		return ret;
	}
	return cgroup;
}
