/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The launcher: one resident process that the module starts itself, and that
 * bears agents inside their cgroups. It holds no state: killing it costs one
 * start's delay.
 */
#ifndef _AGENTSYS_LAUNCH_H
#define _AGENTSYS_LAUNCH_H

#include <linux/fs.h>
#include <linux/types.h>

struct agentsys_agent;

int agentsys_launch_init(void);
void agentsys_launch_exit(void);

/*
 * Have @agent launched. Its end is a message: AGENTSYS_MAIL_RAN or
 * AGENTSYS_MAIL_LAUNCH_FAILED with launch_error and launch_step set, within a
 * bounded time. Supervisor lock held.
 */
void agentsys_launch_queue(struct agentsys_agent *agent);

/*
 * Give a launch up. True: there is nothing of it, neither a process nor a
 * launcher that could still make one. False: its end is still to come, as a
 * message that it ran, ended or failed. Supervisor lock held.
 */
bool agentsys_launch_cancel(struct agentsys_agent *agent);

/* The launch of @agent is over. Supervisor lock held. */
void agentsys_launch_done(struct agentsys_agent *agent);

/* Nobody needs the launcher: at once, or after a while. Supervisor lock held. */
void agentsys_launch_dismiss(bool now);

/*
 * The system goes to sleep, when nothing can be started any more: what is queued stays so,
 * until the time comes. Supervisor lock held.
 */
void agentsys_launch_hold(bool hold);

/* Kill its process, if there is one. Supervisor lock held. */
void agentsys_launch_kill(void);

/* There is no launcher process, or @fn is called in work context once it is gone. */
bool agentsys_launch_gone(void (*fn)(void));

/* From the exec probe: have the launcher, if it is idle, look into the mailbox. Any context. */
void agentsys_launch_kick(void);

/* The launcher's process, 0 for none; and the path of the program. */
pid_t agentsys_launch_pid(void);
const char *agentsys_launch_path(void);

/* From the exit probe: @tgid ended with @wait_status. Any context. */
void agentsys_launch_probe_exit(pid_t tgid, int wait_status);

/* From the character device: the LAUNCH_ calls, and the release of a file. */
long agentsys_launch_ioctl(struct file *file, unsigned int nr, void __user *arg);
void agentsys_launch_release(struct file *file);

#endif /* _AGENTSYS_LAUNCH_H */
