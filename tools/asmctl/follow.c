// SPDX-License-Identifier: GPL-2.0-only
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "format.h"

#define SIGNAL_BASE    128 /* as shells count */
#define NOT_FOUND      127
#define NOT_EXECUTABLE 126

static const int our_signals[] = { SIGINT, SIGTERM, SIGHUP };

static volatile sig_atomic_t signalled;
static sigset_t outside;

static void on_signal(int signal)
{
	signalled = signal;
}

struct agentsys_events *follow_begin(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct agentsys_events *events;
	sigset_t ours;
	int ret;

	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(our_signals); i++) {
		sigaddset(&ours, our_signals[i]);
		sigaction(our_signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &ours, &outside);

	ret = agentsys_events_open(&events, AGENTSYS_EVENTS_NEW);
	if (ret) {
		complain("cannot subscribe to events: %s", strerror(-ret));
		exit(exit_status_of(ret));
	}
	return events;
}

static int status_of(const struct agentsys_info *info)
{
	if (info->cause == AGENTSYS_CAUSE_LAUNCH)
		return info->code == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
	if (info->exit_status < 0)
		return info->code;
	return WIFSIGNALED(info->exit_status) ? SIGNAL_BASE + WTERMSIG(info->exit_status) :
						WEXITSTATUS(info->exit_status);
}

/*
 * Wait for something to happen, and for our signals only here, so that none is missed.
 * True when nothing has for a second: it is looked at again then, because it is not told
 * that a restart is called off.
 */
static bool wait_for_event(struct agentsys_events *events)
{
	struct pollfd poll_fd = { .fd = agentsys_events_fd(events), .events = POLLIN };
	struct timespec second = { .tv_sec = 1 };

	return !ppoll(&poll_fd, 1, &second, &outside);
}

/* Is there anything new about @id? */
static int read_events(struct agentsys_events *events, uint32_t id)
{
	struct agentsys_event event;
	uint64_t lost;
	int news = 0;
	int ret;

	while ((ret = agentsys_events_next(events, &event, &lost, 0)) == 1)
		news |= lost || event.agent_id == id;
	return ret < 0 && ret != -EINTR ? ret : news;
}

static void pass_signal_on(struct agentsys *h, uint32_t id, bool again)
{
	int ret = again ? agentsys_kill(h, id, 0) :
			  agentsys_stop(h, id, AGENTSYS_DEFAULT_TIMEOUT, 0);

	if (ret && ret != -ESRCH)
		complain("cannot stop agent %u: %s", id, agentsys_error(h));
}

static void complain_of_failure(uint32_t id, const struct agentsys_info *info)
{
	if (info->restarts < info->max_restarts && info->cause != AGENTSYS_CAUSE_LAUNCH)
		complain("agent %u failed: the budget of its group is spent", id);
	else if (info->max_restarts)
		complain("agent %u failed: %u of %u restarts used", id, info->restarts,
			 info->max_restarts);
}

/* Where it stands: 1 when it has ended, with its status. */
static int look(struct agentsys *h, uint32_t id, int *status)
{
	struct agentsys_info *info;
	int ret = agentsys_get(h, id, &info);
	bool ended;

	if (ret == -ESRCH) {
		complain("agent %u was removed", id);
		*status = EXIT_FAILED;
		return 1;
	}
	if (ret) {
		complain("cannot read agent %u: %s", id, agentsys_error(h));
		*status = exit_status_of(ret);
		return 1;
	}
	ended = info->state == AGENTSYS_EXITED || info->state == AGENTSYS_FAILED;
	*status = status_of(info);
	if (ended && info->state == AGENTSYS_FAILED)
		complain_of_failure(id, info);
	agentsys_info_free(info);
	return ended;
}

int follow(struct agentsys *h, struct agentsys_events *events, uint32_t id)
{
	bool asked = false, late;
	int status, ret;
	int news = 1;

	for (;;) {
		if (news && look(h, id, &status))
			return status;
		late = wait_for_event(events);
		if (signalled) {
			pass_signal_on(h, id, asked);
			asked = true;
			signalled = 0;
		}
		ret = read_events(events, id);
		if (ret == -ENODEV)
			module_missing();
		if (ret < 0) {
			complain("cannot follow agent %u: %s", id, strerror(-ret));
			return exit_status_of(ret);
		}
		news = ret || late;
	}
}
