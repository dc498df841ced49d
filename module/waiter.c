// SPDX-License-Identifier: GPL-2.0-only
#include "waiter.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "agent.h"
#include "core/names.h"
#include "core/utf8.h"
#include "launch.h"
#include "mailbox.h"
#include "spec.h"

int agentsys_waiter_add(struct agentsys_agent *agent, struct agentsys_waiter *waiter)
{
	lockdep_assert_held(&agentsys_lock);

	if (agent->nr_waiters >= AGENTSYS_WAITERS_MAX)
		return -EBUSY;
	agent->nr_waiters++;
	list_add_tail(&waiter->node, &agent->waiters);
	return 0;
}

void agentsys_waiter_del(struct agentsys_agent *agent, struct agentsys_waiter *waiter)
{
	lockdep_assert_held(&agentsys_lock);

	list_del(&waiter->node);
	agent->nr_waiters--;
}

static void answer_all(struct agentsys_agent *agent, enum agentsys_goal goal,
		       const struct agentsys_answer *answer)
{
	struct agentsys_waiter *waiter, *next;

	lockdep_assert_held(&agentsys_lock);

	list_for_each_entry_safe(waiter, next, &agent->waiters, node) {
		if (waiter->goal != goal)
			continue;
		agentsys_waiter_del(agent, waiter);
		waiter->answer(waiter, answer);
	}
}

void agentsys_waiter_reached(struct agentsys_agent *agent, enum agentsys_goal goal)
{
	struct agentsys_answer answer = {
		.id = agent->id,
		.pid = agent->status.pid,
		.state = agent->status.state,
	};

	answer_all(agent, goal, &answer);
}

void agentsys_waiter_stays(struct agentsys_agent *agent)
{
	struct agentsys_answer answer = {
		.id = agent->id,
		.state = agent->status.state,
		.error = ECANCELED,
		.text = "it was started again before it could be removed",
	};

	answer_all(agent, AGENTSYS_GONE, &answer);
}

/* The file that the step is about, or NULL. */
static const char *file_of_step(const struct agentsys_agent *agent)
{
	u32 step = agent->status.step;
	const struct agentsys_job *job;

	if (step == AGENTSYS_STEP_LAUNCHER)
		return agentsys_launch_path();
	if (!agent->spec)
		return NULL;
	job = agent->spec->job;
	switch (step) {
	case AGENTSYS_STEP_EXEC:
		return agentsys_spec_program(agent->spec);
	case AGENTSYS_STEP_CWD:
		return job->cwd ? (const char *)job + job->cwd : "/";
	case AGENTSYS_STEP_STDIN:
	case AGENTSYS_STEP_STDOUT:
	case AGENTSYS_STEP_STDERR:
		step -= AGENTSYS_STEP_STDIN;
		return job->stdio[step] == AGENTSYS_STDIO_FILE ?
			       (const char *)job + job->stdio_at[step] :
			       NULL;
	default:
		return NULL;
	}
}

void agentsys_waiter_fail(struct agentsys_agent *agent)
{
	const struct agentsys_status *status = &agent->status;
	struct agentsys_answer answer = {
		.id = agent->id,
		.state = status->state,
		.error = ECANCELED,
		.text = "it was asked to end while it was being started",
	};
	char text[256];

	lockdep_assert_held(&agentsys_lock);

	if (list_empty(&agent->waiters))
		return;
	if (status->cause == AGENTSYS_CAUSE_LAUNCH) {
		const char *file = file_of_step(agent);

		answer.error = status->code;
		answer.step = status->step;
		if (file)
			snprintf(text, sizeof(text), "%s \"%.200s\"",
				 agentsys_step_text(status->step), file);
		else
			strscpy(text, agentsys_step_text(status->step), sizeof(text));
		/* A path is any bytes, and may have been cut within a character. */
		agentsys_utf8_clean(text, strlen(text));
		answer.text = text;
	}
	answer_all(agent, AGENTSYS_RUNS, &answer);
}
