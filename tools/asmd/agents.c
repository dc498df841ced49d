// SPDX-License-Identifier: GPL-2.0-only
#include "agents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "check.h"
#include "log.h"
#include "loop.h"
#include "state.h"

#define BUCKETS 1024

struct agentsys *module;

static struct agent *table[BUCKETS];
static struct agentsys_events *events;
static struct source source;

static struct agent **place_of(uint32_t id)
{
	struct agent **place = &table[id % BUCKETS];

	while (*place && (*place)->id != id)
		place = &(*place)->next;
	return place;
}

struct agent *agent_next(const struct agent *agent)
{
	uint32_t bucket = agent ? agent->id % BUCKETS + 1 : 0;

	if (agent && agent->next)
		return agent->next;
	while (bucket < BUCKETS && !table[bucket])
		bucket++;
	return bucket < BUCKETS ? table[bucket] : NULL;
}

static void forget(struct agent *agent)
{
	checks_drop(agent);
	*place_of(agent->id) = agent->next;
	free(agent);
	state_changed();
}

void agent_trim(struct agent *agent)
{
	if (!agent->checks && !agent->notifies)
		forget(agent);
}

/* Another instance has said nothing of itself yet. */
static void begin(struct agent *agent, uint32_t instance)
{
	agent->instance = instance;
	agent->ready = false;
	agent->stopping = false;
	agent->status[0] = '\0';
	state_changed();
}

static void take(struct agent *agent, const struct agentsys_info *info)
{
	bool again = agent->instance != info->instance;

	if (again)
		begin(agent, info->instance);
	agent->state = info->state;
	agent->pid = info->pid;
	agent->paused = info->flags & AGENTSYS_AGENT_PAUSED;
	memcpy(agent->name, info->name, sizeof(agent->name));
	memcpy(agent->group, info->group, sizeof(agent->group));
	checks_follow(agent, again);
}

bool agent_look(struct agent *agent)
{
	struct agentsys_info *info;
	int ret = agentsys_get(module, agent->id, &info);

	if (ret == -ESRCH || (!ret && agent->made && info->made_time != agent->made)) {
		if (!ret)
			agentsys_info_free(info);
		forget(agent);
		return false;
	}
	if (ret) {
		say(LOG_WARNING, "cannot read agent %u: %s", agent->id, agentsys_error(module));
		return true;
	}
	agent->made = info->made_time;
	take(agent, info);
	agentsys_info_free(info);
	return true;
}

struct agent *agent_of(uint32_t id)
{
	struct agent **place = place_of(id);

	if (!*place) {
		*place = need(calloc(1, sizeof(**place)));
		(*place)->id = id;
	}
	return agent_look(*place) ? *place_of(id) : NULL;
}

/* What has happened does not matter as much as what has come of it. */
static void hear(struct source *from, uint32_t ready)
{
	struct agentsys_event event;
	uint64_t lost;
	int ret;

	while ((ret = agentsys_events_next(events, &event, &lost, 0)) == 1) {
		struct agent *agent = *place_of(event.agent_id);

		if (agent)
			agent_look(agent);
		if (!lost)
			continue;
		for (agent = agent_next(NULL); agent;) {
			struct agent *next = agent_next(agent);

			agent_look(agent);
			agent = next;
		}
	}
	(void)from;
	(void)ready;
	if (ret == -ENODEV)
		die("the module has gone");
}

void agents_init(void)
{
	int ret = agentsys_open(&module);

	if (!ret)
		ret = agentsys_events_open(&events, AGENTSYS_EVENTS_NEW);
	if (ret)
		die("cannot connect to the module: %s", strerror(-ret));
	source.fd = agentsys_events_fd(events);
	source.ready = hear;
	source_add(&source, EPOLLIN);
}

bool agents_helper_returns(void)
{
	struct agentsys_info *info;
	bool returns;

	if (agentsys_get(module, AGENTSYS_ID_HELPER, &info))
		return false;
	returns = (pid_t)info->pid == getpid() && info->state == AGENTSYS_ACTIVE;
	agentsys_info_free(info);
	return returns;
}
