/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What launch.c, the launcher's process, and launch_calls.c, its calls, share.
 */
#ifndef _AGENTSYS_LAUNCH_INTERNAL_H
#define _AGENTSYS_LAUNCH_INTERNAL_H

#include <linux/agentsys.h>
#include <linux/list.h>
#include <linux/rcuwait.h>

#include "launch.h"

enum launch_state {
	LAUNCH_NONE,	/* no process */
	LAUNCH_BEGUN,	/* started, has not joined yet */
	LAUNCH_JOINED,	/* serves */
	LAUNCH_LEAVING, /* was told to exit */
};

/**
 * struct agentsys_launch - the launcher, and what it is busy with
 * @state: see above
 * @pid: its process
 * @tgid: the same for the exit probe; who sets it to 0 handles the end
 * @wait_status: how it ended
 * @file: the file that has joined, compared only
 * @queue: agents to launch, with a reference each
 * @job: the one that is being borne, with its reference; NULL once it runs
 * @waiting: a thread of it waits for a job
 * @committed: its process has told that it is the main one
 * @error: the job was given up for this errno, 0 if it was not; it is over when
 *	the launcher is back or dead, because until then that may make the
 *	cgroup, or a process in it
 * @step: at which step
 * @token: of the last launch
 * @starts: launchers started
 * @deaths: launchers that died in a row
 * @unneeded: may be dismissed when it has lingered
 * @dismissed: is to exit
 * @held: nothing is launched now, because the system is going to sleep
 * @deadline: jiffies by which there must be progress
 * @last: the process before, which may still be on its way out
 * @gone: to be called once there is no process, and no file that would hold the module
 *
 * Guarded by the supervisor lock, but for @tgid and @wait_status.
 */
struct agentsys_launch {
	enum launch_state state;
	struct pid *pid;
	pid_t tgid;
	int wait_status;
	struct file *file;
	struct list_head queue;
	struct agentsys_agent *job;
	bool waiting;
	bool committed;
	int error;
	enum agentsys_step step;
	u64 token;
	unsigned int starts;
	unsigned int deaths;
	bool unneeded;
	bool dismissed;
	bool held;
	unsigned long deadline;
	struct pid *last;
	void (*gone)(void);
};

extern struct agentsys_launch agentsys_launch;

/* Where it waits for a job. The exec probe wakes it up, so this may take no lock that sleeps. */
extern struct rcuwait agentsys_launch_wait;

/* All of these with the supervisor lock held. */

/* Is nothing left of a process but what wait() tells? Its files are closed then. */
bool agentsys_launch_is_gone(struct pid *pid);

/* Tell whoever waits for the launcher to be gone. */
void agentsys_launch_check_gone(void);

/* Something moved: the launcher has its full time again, if there is work left. */
void agentsys_launch_progress(void);

/* Give up on @agent, which is not in the queue any more, and not the job. */
void agentsys_launch_failed(struct agentsys_agent *agent, int error, enum agentsys_step step);

/* The job is over; or it fails, for this reason if it was not given up before. */
void agentsys_launch_drop_job(void);
void agentsys_launch_fail_job(int error, enum agentsys_step step);

#endif /* _AGENTSYS_LAUNCH_INTERNAL_H */
