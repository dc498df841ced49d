// SPDX-License-Identifier: GPL-2.0-only
/*
 * The child: from clone3() to its program.
 *
 * It runs in the launcher's memory while the launcher stands still (CLONE_VM |
 * CLONE_VFORK): nothing is copied, and what it writes the launcher would see.
 * Everything it needs is laid out before it is born, and it writes to its stack
 * and to the two buffers below only, so that a child killed at any point leaves
 * nothing behind. Where the launcher's own state is already what a program
 * should start with (see main.c), the child makes no system call for it.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "clone.h"
#include "device.h"
#include "notify.h"
#include "sys.h"

#define STACK_SIZE	(64 * 1024)
#define GUARD_SIZE	(64 * 1024) /* a page or more, whatever the page size */
#define SIGSET_SIZE	8	    /* of the kernel's sigset_t */
#define EXIT_NO_PROGRAM 127	    /* as a shell says it */

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

static char *stack;
static int last_cap;

/* The job's vectors, and a program's path while it is searched for. */
static const char *argv[AGENTSYS_ARGS_MAX + 1];
static const char *envp[AGENTSYS_ARGS_MAX + 1];
static char candidate[2 * (AGENTSYS_PATH_MAX + 1)];

int child_prepare(void)
{
	long map = sys(__NR_mmap, 0, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (map < 0 && map > -4096)
		return map;
	sys(__NR_mprotect, map, GUARD_SIZE, PROT_NONE);
	stack = (char *)map + GUARD_SIZE;

	while (sys(__NR_prctl, PR_CAPBSET_READ, last_cap + 1) >= 0)
		last_cap++;
	return 0;
}

static const void *job_at(const struct agentsys_job *job, __u32 offset)
{
	return (const char *)job + offset;
}

static size_t length(const char *s)
{
	const char *end = s;

	while (*end)
		end++;
	return end - s;
}

static void build_vector(const char **vector, const char *strings, __u32 n)
{
	for (__u32 i = 0; i < n; i++) {
		vector[i] = strings;
		strings += length(strings) + 1;
	}
	vector[n] = NULL;
}

static void __attribute__((noreturn)) quit(int code)
{
	for (;;)
		sys(__NR_exit_group, code);
}

static bool is_helper(const struct agentsys_job *job)
{
	return job->agent_id == AGENTSYS_ID_HELPER;
}

static void __attribute__((noreturn))
fail(const struct agentsys_job *job, enum agentsys_step step, long error)
{
	if (is_helper(job))
		notify_give_up();
	device_fail(job->token, step, -error);
	quit(EXIT_NO_PROGRAM);
}

static inline void check(const struct agentsys_job *job, enum agentsys_step step, long ret)
{
	if (ret < 0)
		fail(job, step, ret);
}

/* ---- standard descriptors ---- */

static int open_resolving(const char *path, int flags, __u64 resolve)
{
	struct open_how how = {
		.flags = flags,
		.mode = flags & O_CREAT ? 0600 : 0,
		.resolve = resolve,
	};

	return sys(__NR_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* As root, and the agent owns what it did not find. */
static int open_or_create(const struct agentsys_job *job, const char *path, int flags,
			  __u64 resolve)
{
	int fd;

	fd = open_resolving(path, flags, resolve);
	if (fd != -ENOENT || (flags & O_ACCMODE) == O_RDONLY)
		return fd;
	fd = open_resolving(path, flags | O_CREAT | O_EXCL, resolve);
	/* Made by somebody else in between, or a link to nowhere. */
	if (fd == -EEXIST)
		return open_resolving(path, flags | O_CREAT, resolve);
	if (fd >= 0)
		sys(__NR_fchown, fd, job->uid, job->gid);
	return fd;
}

/*
 * A path through a symbolic link, for an agent that is not root: the agent may
 * have put the link there since it was started for the first time, to have root
 * open for it what it cannot open itself. Its own rights decide then. (A change
 * of the fsuid takes the capabilities over files along.)
 */
static int open_as_agent(const struct agentsys_job *job, const char *path, int flags)
{
	int fd;

	sys(__NR_setfsgid, job->gid);
	sys(__NR_setfsuid, job->uid);
	fd = open_resolving(path, flags | ((flags & O_ACCMODE) == O_RDONLY ? 0 : O_CREAT), 0);
	sys(__NR_setfsuid, 0);
	sys(__NR_setfsgid, 0);
	return fd;
}

/*
 * O_NONBLOCK while opening, because the launcher stands still until this child
 * is gone: the missing other end of a FIFO is an error (ENXIO), not a wait.
 */
static int open_file(const struct agentsys_job *job, const char *path, int n)
{
	int status = n == 0 ? O_RDONLY : O_WRONLY | O_APPEND;
	int flags = status | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	int fd;

	if (!job->uid)
		fd = open_or_create(job, path, flags, 0);
	else
		fd = open_or_create(job, path, flags, RESOLVE_NO_SYMLINKS);
	if (fd == -ELOOP && job->uid)
		fd = open_as_agent(job, path, flags);
	if (fd >= 0)
		sys(__NR_fcntl, fd, F_SETFL, status);
	return fd;
}

/*
 * The launcher keeps 0 to 2 on /dev/null, so what it was given or what is
 * opened here is never one of them: no copy can run over another's source.
 */
static void set_stdio(const struct agentsys_job *job)
{
	for (int n = 0; n < 3; n++) {
		enum agentsys_step step = AGENTSYS_STEP_STDIN + n;
		int fd;

		switch (job->stdio[n]) {
		case AGENTSYS_STDIO_FILE:
			if (n == 2 && job->stdio[1] == AGENTSYS_STDIO_FILE &&
			    job->stdio_at[1] == job->stdio_at[2]) {
				fd = 1;
				break;
			}
			fd = open_file(job, job_at(job, job->stdio_at[n]), n);
			check(job, step, fd);
			break;
		case AGENTSYS_STDIO_FD:
			fd = job->stdio_at[n];
			break;
		default:
			continue;
		}
		check(job, step, sys(__NR_dup3, fd, n, 0));
	}
}

/* ---- limits and identity ---- */

static void set_rlimits(const struct agentsys_job *job)
{
	const struct agentsys_job_rlimit *limit = job_at(job, job->rlimits);

	for (__u32 i = 0; i < job->nrlimits; i++, limit++)
		check(job, AGENTSYS_STEP_RLIMIT,
		      sys(__NR_prlimit64, 0, limit->resource, &limit->cur, 0));
}

static long write_oom_score_adj(int value)
{
	unsigned int n = value < 0 ? -value : value;
	char text[8];
	char *at = text + sizeof(text);
	long ret;
	int fd;

	do
		*--at = '0' + n % 10;
	while (n /= 10);
	if (value < 0)
		*--at = '-';

	fd = sys(__NR_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	ret = sys(__NR_write, fd, at, text + sizeof(text) - at);
	sys(__NR_close, fd);
	return ret;
}

static void drop_capabilities(const struct agentsys_job *job)
{
	for (int cap = 0; cap <= last_cap; cap++) {
		if (job->bounding & (1ULL << cap))
			continue;
		check(job, AGENTSYS_STEP_BOUNDING, sys(__NR_prctl, PR_CAPBSET_DROP, cap));
	}
}

/* Groups before users, because afterwards there is no right left to change them. */
static void set_identity(const struct agentsys_job *job)
{
	if (job->ngroups)
		check(job, AGENTSYS_STEP_GROUPS,
		      sys(__NR_setgroups, job->ngroups, job_at(job, job->groups)));
	if (job->gid)
		check(job, AGENTSYS_STEP_GID, sys(__NR_setresgid, job->gid, job->gid, job->gid));
	if (job->flags & AGENTSYS_JOB_BOUNDING)
		drop_capabilities(job);
	if (job->uid)
		check(job, AGENTSYS_STEP_UID, sys(__NR_setresuid, job->uid, job->uid, job->uid));
}

/* ---- the program ---- */

static const char *search_path(void)
{
	for (const char **var = envp; *var; var++) {
		const char *s = *var;

		if (s[0] == 'P' && s[1] == 'A' && s[2] == 'T' && s[3] == 'H' && s[4] == '=')
			return s + 5;
	}
	return default_path;
}

static long execute(const char *path)
{
	return sys(__NR_execve, path, argv, envp);
}

/* As execvp() does it, but a text file without an interpreter is not given to a shell. */
static long execute_by_name(const char *name)
{
	size_t name_length = length(name);
	const char *dir = search_path();
	long error = -ENOENT;
	bool denied = false;

	if (!*name)
		return -ENOENT;
	if (name_length > AGENTSYS_PATH_MAX)
		return -ENAMETOOLONG;

	for (;;) {
		size_t n = 0;
		char *at;

		while (dir[n] && dir[n] != ':')
			n++;
		if (n <= AGENTSYS_PATH_MAX) {
			at = candidate;
			for (size_t i = 0; i < n; i++)
				*at++ = dir[i];
			if (n)
				*at++ = '/';
			for (size_t i = 0; i <= name_length; i++)
				*at++ = name[i];
			error = execute(candidate);
			switch (error) {
			case -EACCES:
				denied = true;
				break;
			case -ENOENT:
			case -ENOTDIR:
			case -ESTALE:
			case -ENODEV:
			case -ETIMEDOUT:
				break;
			default:
				return error;
			}
		}
		if (!dir[n])
			break;
		dir += n + 1;
	}
	return denied ? -EACCES : error;
}

static bool has_slash(const char *s)
{
	while (*s && *s != '/')
		s++;
	return *s;
}

/*
 * When the child lets go of this memory, in the middle of its exec, the launcher
 * wakes up. A batch process does not preempt then, so on a busy or single CPU
 * the new agent comes to its first instruction first. While it waits for a job
 * the launcher is an ordinary process: it is to preempt whoever is in the way.
 */
static void set_policy(int policy)
{
	static const int priority; /* struct sched_param: neither policy has any */

	sys(__NR_sched_setscheduler, 0, policy, &priority);
}

static void child(const void *arg)
{
	static const __u64 no_signals;
	const struct agentsys_job *job = arg;
	long ret;

	set_policy(SCHED_NORMAL);
	sys(__NR_setsid);
	set_stdio(job);
	if (is_helper(job))
		notify_give();
	set_rlimits(job);
	if (job->flags & AGENTSYS_JOB_NICE)
		check(job, AGENTSYS_STEP_NICE, sys(__NR_setpriority, PRIO_PROCESS, 0, job->nice));
	if (job->flags & AGENTSYS_JOB_OOM_SCORE_ADJ)
		check(job, AGENTSYS_STEP_OOM_SCORE, write_oom_score_adj(job->oom_score_adj));
	set_identity(job);
	if (job->cwd)
		check(job, AGENTSYS_STEP_CWD, sys(__NR_chdir, job_at(job, job->cwd)));
	if (job->flags & AGENTSYS_JOB_NO_NEW_PRIVS)
		check(job, AGENTSYS_STEP_NO_NEW_PRIVS,
		      sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	sys(__NR_rt_sigprocmask, SIG_SETMASK, &no_signals, 0, SIGSET_SIZE);

	ret = device_commit(job->token);
	if (ret == -ECANCELED)
		quit(0);
	check(job, AGENTSYS_STEP_COMMIT, ret);

	ret = has_slash(argv[0]) ? execute(argv[0]) : execute_by_name(argv[0]);
	fail(job, AGENTSYS_STEP_EXEC, ret);
}

int child_bear(const struct agentsys_job *job, int cgroup)
{
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND,
		.exit_signal = SIGCHLD,
		.stack = (__u64)stack,
		.stack_size = STACK_SIZE,
		.cgroup = cgroup,
	};
	int pid;

	if (is_helper(job))
		notify_keep();
	build_vector(argv, job_at(job, job->args), job->nargs);
	build_vector(envp, job_at(job, job->env), job->nenv);
	set_policy(SCHED_BATCH);
	pid = clone_call(&args, child, job);
	set_policy(SCHED_NORMAL);
	return pid;
}
