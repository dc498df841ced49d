// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a shell command exit with 0? It is run as the user and the groups of the
 * agent's main process, but in the daemon's cgroup: what it uses is not the agent's,
 * and it outlives no agent. When its time is over its process group is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "log.h"
#include "proc.h"

#define GROUPS_MAX 256

struct run {
	struct source source; /* of its pidfd */
	struct check *check;  /* NULL when nobody waits for it any more */
	pid_t pid;
};

/* Who the command is run as. */
struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	size_t ngroups;
};

static void take_groups(struct user *user, char *text)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t\n", &rest); word && user->ngroups < GROUPS_MAX;
	     word = strtok_r(NULL, " \t\n", &rest))
		user->groups[user->ngroups++] = strtoul(word, NULL, 10);
}

/* As the process is now: it may have given up what it was started with. */
static bool user_of(pid_t pid, struct user *user)
{
	char path[32], line[4096];
	unsigned int uid, gid;
	int found = 0;
	FILE *file;

	*user = (struct user){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Uid: %*u %u", &uid) == 1) {
			user->uid = uid;
			found |= 1;
		} else if (sscanf(line, "Gid: %*u %u", &gid) == 1) {
			user->gid = gid;
			found |= 2;
		} else if (!strncmp(line, "Groups:", 7)) {
			take_groups(user, line + 7);
			found |= 4;
		}
	}
	fclose(file);
	return found == 7;
}

__attribute__((noreturn)) static void execute(const struct check *check, const struct user *user)
{
	char id[32], pid[32];
	char *env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", id, pid, NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	snprintf(id, sizeof(id), "AGENT_ID=%u", check->agent->id);
	snprintf(pid, sizeof(pid), "AGENT_PID=%d", check->agent->pid);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    setgroups(user->ngroups, user->groups) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid) || chdir("/"))
		_exit(126);
	execle("/bin/sh", "sh", "-c", check->target, (char *)NULL, env);
	_exit(127);
}

static void tell(struct check *check, const siginfo_t *info)
{
	if (info->si_code != CLD_EXITED)
		check_done(check, false, "signal %d", info->si_status);
	else if (info->si_status)
		check_done(check, false, "exit %d", info->si_status);
	else
		check_done(check, true, "exit 0");
}

static void ended(struct source *source, uint32_t events)
{
	struct run *run = HOLDER(source, struct run, source);
	struct check *check = run->check;
	siginfo_t info = { 0 };

	(void)events;
	/* Not reaped yet: the number of the group is its own. */
	waitid(P_PIDFD, source->fd, &info, WEXITED | WNOWAIT);
	kill(-run->pid, SIGKILL);
	waitid(P_PIDFD, source->fd, &info, WEXITED);
	source_drop(source);
	close(source->fd);
	free(run);
	if (!check)
		return;
	check->work = NULL;
	tell(check, &info);
}

static void begin(struct check *check)
{
	struct run *run;
	struct user user;
	pid_t pid;
	int fd;

	/* Its number may be another process's by now, with other rights. */
	if (!user_of(check->agent->pid, &user) ||
	    proc_agent(check->agent->pid) != check->agent->id) {
		check_done(check, false, "there is no process");
		return;
	}
	pid = fork();
	if (!pid)
		execute(check, &user);
	fd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) {
		int error = errno;

		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		check_done(check, false, "cannot run it: %s", strerror(error));
		return;
	}
	run = need(calloc(1, sizeof(*run)));
	run->check = check;
	run->pid = pid;
	run->source.fd = fd;
	run->source.ready = ended;
	check->work = run;
	source_add(&run->source, EPOLLIN);
}

/* Reaped when it has ended. */
static void cancel(struct check *check)
{
	struct run *run = check->work;

	if (!run)
		return;
	check->work = NULL;
	run->check = NULL;
	kill(-run->pid, SIGKILL);
	kill(run->pid, SIGKILL); /* it may not have a group of its own yet */
}

const struct check_kind check_command = {
	.name = "command",
	.needs_target = true,
	.begin = begin,
	.cancel = cancel,
};
