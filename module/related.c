// SPDX-License-Identifier: GPL-2.0-only
#include "related.h"

#include <linux/sched/signal.h>

#include "agent.h"
#include "cgroup.h"
#include "group.h"
#include "mailbox.h"
#include "relation.h"
#include "shutdown.h"
#include "supervisor_internal.h"
#include "telemetry.h"

/* ---- from one to the next ---- */

static u32 last_search;

void agentsys_search_begin(struct agentsys_search *search, struct agentsys_agent *from)
{
	lockdep_assert_held(&agentsys_lock);

	search->id = ++last_search;
	search->first = NULL;
	search->last = &search->first;
	agentsys_search_add(search, from);
}

void agentsys_search_add(struct agentsys_search *search, struct agentsys_agent *agent)
{
	if (agent->sought == search->id)
		return;
	agent->sought = search->id;
	agent->sought_next = NULL;
	*search->last = agent;
	search->last = &agent->sought_next;
}

struct agentsys_agent *agentsys_search_next(struct agentsys_search *search)
{
	struct agentsys_agent *agent = search->first;

	if (!agent)
		return NULL;
	search->first = agent->sought_next;
	if (!search->first)
		search->last = &search->first;
	return agent;
}

void agentsys_related_changed(struct agentsys_agent *agent)
{
	struct agentsys_tie *tie;

	lockdep_assert_held(&agentsys_lock);

	hlist_for_each_entry(tie, &agent->ties_in, in)
		agentsys_mail_post(tie->from, AGENTSYS_MAIL_RELATED);
	hlist_for_each_entry(tie, &agent->ties_out, out)
		agentsys_mail_post(tie->to, AGENTSYS_MAIL_RELATED);
}

/* ---- dependencies ---- */

/* The worst of what it depends on, and which agent that is. */
static enum agentsys_need need_to_start(const struct agentsys_agent *agent, u32 *whom)
{
	enum agentsys_need worst = AGENTSYS_NEED_MET;
	struct agentsys_tie *tie;

	hlist_for_each_entry(tie, &agent->ties_out, out) {
		enum agentsys_need need =
			agentsys_need_to_start(tie->kind, tie->to->status.state, tie->to->called);

		if (need > worst) {
			worst = need;
			*whom = tie->to->id;
		}
	}
	return worst;
}

/* The one that it requires and that does not run, or NULL. */
static struct agentsys_agent *missing(const struct agentsys_agent *agent)
{
	struct agentsys_tie *tie;

	hlist_for_each_entry(tie, &agent->ties_out, out)
		if (!agentsys_need_to_run(tie->kind, tie->to->status.state))
			return tie->to;
	return NULL;
}

/* What AGENTSYS_EVENT_REQUIRED tells. */
enum {
	IS_STOPPED,
	WAITS,
	IS_NOT_STARTED,
};

static void tell_required(struct agentsys_agent *agent, u32 whom, u64 what)
{
	agentsys_event_agent(agent, AGENTSYS_EVENT_REQUIRED, 0, whom, what);
}

/* Have what it requires started too, and what that requires: each calls its own. */
static void call(const struct agentsys_agent *agent)
{
	struct agentsys_tie *tie;

	hlist_for_each_entry(tie, &agent->ties_out, out) {
		u32 state = tie->to->status.state;

		if (tie->kind != AGENTSYS_RELATION_REQUIRES || !tie->to->spec ||
		    (state != AGENTSYS_EXITED && state != AGENTSYS_FAILED))
			continue;
		tie->to->called = true;
		agentsys_mail_post(tie->to, AGENTSYS_MAIL_RELATED);
	}
}

/* In state backoff, with no time after which it ends. */
static void wait(struct agentsys_agent *agent, u32 whom)
{
	agentsys_disarm(agent);
	agentsys_supervisor_hold(agent);
	/* It has not ended by itself: its start uses no restart up, and stays wanted. */
	if (agent->by_hand || agent->by_group)
		agent->asked = AGENTSYS_CAUSE_GROUP;
	spin_lock(&agent->lock);
	agent->status.next_start_ns = 0;
	spin_unlock(&agent->lock);
	agentsys_set_state(agent, AGENTSYS_BACKOFF);
	agentsys_set_flag(agent, AGENTSYS_AGENT_WAITS, true);
	if (whom)
		tell_required(agent, whom, WAITS);
	agentsys_tree_note(&agent->node, AGENTSYS_NODE_STARTING);
}

enum agentsys_need agentsys_related_start(struct agentsys_agent *agent)
{
	enum agentsys_need need;
	u32 whom = 0;

	lockdep_assert_held(&agentsys_lock);

	if (hlist_empty(&agent->ties_out))
		return AGENTSYS_NEED_MET;
	if (agent->by_hand && !agentsys_shutdown_active())
		call(agent);
	need = need_to_start(agent, &whom);
	if (need == AGENTSYS_NEED_WAITS)
		wait(agent, whom);
	else if (need == AGENTSYS_NEED_FAILS)
		tell_required(agent, whom, IS_NOT_STARTED);
	return need;
}

bool agentsys_related_comes_back(const struct agentsys_agent *agent)
{
	u32 whom;

	return agent->by_required && !agent->node.temporary && agent->spec &&
	       !agentsys_shutdown_active() && !agentsys_group_stops(&agent->node) &&
	       need_to_start(agent, &whom) != AGENTSYS_NEED_FAILS;
}

void agentsys_related_await(struct agentsys_agent *agent)
{
	u32 whom = 0;

	need_to_start(agent, &whom);
	/* Its next launch counts no restart, and is nobody's wish. */
	agent->by_group = true;
	agent->by_hand = false;
	agent->restart_after = false;
	agentsys_decided(agent, AGENTSYS_DECISION_WITH_REQUIRED, 0);
	wait(agent, whom);
	/* It may have come up in the meantime. */
	agentsys_mail_post(agent, AGENTSYS_MAIL_RELATED);
}

bool agentsys_related_hold(struct agentsys_agent *agent)
{
	struct agentsys_tie *tie;

	lockdep_assert_held(&agentsys_lock);

	hlist_for_each_entry(tie, &agent->ties_in, in)
		if (agentsys_need_keeps(tie->kind, tie->from->status.state))
			return true;
	return false;
}

/* What it requires does not run: neither may it. */
static void check_running(struct agentsys_agent *agent)
{
	const struct agentsys_agent *whom = missing(agent);

	if (!whom)
		return;
	tell_required(agent, whom->id, IS_STOPPED);
	agent->by_group = false;
	agent->by_required = true;
	agent->stop_timeout_ms = AGENTSYS_OWN_TIMEOUT;
	agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
}

/* What it has waited for has come, or does not come. */
static void check_waiting(struct agentsys_agent *agent)
{
	u32 whom = 0;

	switch (need_to_start(agent, &whom)) {
	case AGENTSYS_NEED_MET:
		agentsys_supervisor_apply(agent,
					  agent->by_hand ? AGENTSYS_IN_START : AGENTSYS_IN_TIMER);
		break;
	case AGENTSYS_NEED_WAITS:
		break;
	case AGENTSYS_NEED_FAILS:
		tell_required(agent, whom, IS_NOT_STARTED);
		agentsys_start_not(agent);
		break;
	}
}

static void be_called(struct agentsys_agent *agent)
{
	agent->by_group = false;
	if (agentsys_shutdown_active() || agentsys_supervisor_apply(agent, AGENTSYS_IN_START))
		agentsys_related_changed(agent); /* who has called it waits in vain */
}

void agentsys_related_look(struct agentsys_agent *agent)
{
	bool called = agent->called;

	lockdep_assert_held(&agentsys_lock);

	agent->called = false;
	switch (agent->status.state) {
	case AGENTSYS_STARTING:
	case AGENTSYS_ACTIVE:
		check_running(agent);
		break;
	case AGENTSYS_STOPPING:
		if (agent->held && !agentsys_related_hold(agent))
			agentsys_stop_held(agent);
		break;
	case AGENTSYS_BACKOFF:
		if (agent->status.flags & AGENTSYS_AGENT_WAITS)
			check_waiting(agent);
		break;
	default:
		if (called)
			be_called(agent);
		break;
	}
}

/* ---- links and monitors ---- */

static void hit(struct agentsys_agent *agent, u32 crashed)
{
	bool dies = !(agent->status.flags & AGENTSYS_AGENT_TRAPS);

	agentsys_event_agent(agent, AGENTSYS_EVENT_LINK, 0, crashed, dies);
	if (!dies)
		return;
	agent->hit_by = crashed;
	agentsys_cgroup_kill(agent->id);
	/* Also where that failed; the rest is killed when it has ended. */
	kill_pid(agent->main, SIGKILL, 1);
}

/* May a crash reach it, and has not already? One that is ending is none of its victims. */
static bool can_be_hit(const struct agentsys_agent *agent)
{
	return agent->status.state == AGENTSYS_ACTIVE && agent->main && !agent->hit_by;
}

/*
 * All at once: an agent that is killed for a link passes nothing on when it has died,
 * for by then who is linked to it may be back.
 */
static void crash_links(struct agentsys_agent *crashed)
{
	struct agentsys_search search;
	struct agentsys_agent *at;
	struct agentsys_tie *tie;

	agentsys_search_begin(&search, crashed);
	while ((at = agentsys_search_next(&search))) {
		if (at != crashed) {
			if (!can_be_hit(at))
				continue;
			hit(at, crashed->id);
			if (at->status.flags & AGENTSYS_AGENT_TRAPS)
				continue;
		}
		hlist_for_each_entry(tie, &at->ties_out, out)
			if (tie->kind == AGENTSYS_RELATION_LINK)
				agentsys_search_add(&search, tie->to);
		hlist_for_each_entry(tie, &at->ties_in, in)
			if (tie->kind == AGENTSYS_RELATION_LINK)
				agentsys_search_add(&search, tie->from);
	}
}

static void tell_down(struct agentsys_agent *agent, const struct agentsys_agent *whom)
{
	agentsys_event_agent(agent, AGENTSYS_EVENT_DOWN, whom->status.cause, whom->id,
			     (u32)whom->status.code);
}

void agentsys_related_ended(struct agentsys_agent *agent, bool crash)
{
	struct agentsys_tie *tie;

	lockdep_assert_held(&agentsys_lock);

	hlist_for_each_entry(tie, &agent->ties_in, in)
		if (tie->kind == AGENTSYS_RELATION_MONITOR || tie->kind == AGENTSYS_RELATION_PEER)
			tell_down(tie->from, agent);
	hlist_for_each_entry(tie, &agent->ties_out, out)
		if (tie->kind == AGENTSYS_RELATION_PEER)
			tell_down(tie->to, agent);
	if (crash && agent->status.cause != AGENTSYS_CAUSE_LINK)
		crash_links(agent);
}
