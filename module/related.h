/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What comes of relations: who is started, stopped, killed or told because of what
 * has become of another. Everything here is done with the supervisor lock held.
 *
 * Nobody is started or stopped from within the start or the stop of another: who may
 * be concerned gets a message, AGENTSYS_MAIL_RELATED, and is looked at when that is
 * read. What it finds then is what counts, so messages may merge or come in vain.
 */
#ifndef _AGENTSYS_RELATED_H
#define _AGENTSYS_RELATED_H

#include "core/need.h"

struct agentsys_agent;

/**
 * struct agentsys_search - a walk from agent to agent, each seen once
 * @id: names it
 * @first: found and not looked at yet, linked by sought_next
 * @last: where the next one goes
 */
struct agentsys_search {
	u32 id;
	struct agentsys_agent *first;
	struct agentsys_agent **last;
};

/* One at a time: the next one makes this one forget what it has seen. */
void agentsys_search_begin(struct agentsys_search *search, struct agentsys_agent *from);
void agentsys_search_add(struct agentsys_search *search, struct agentsys_agent *agent);
struct agentsys_agent *agentsys_search_next(struct agentsys_search *search);

/* The state of @agent has changed: those that are related to it look at it. */
void agentsys_related_changed(struct agentsys_agent *agent);

/* AGENTSYS_MAIL_RELATED: something that @agent is related to has changed. */
void agentsys_related_look(struct agentsys_agent *agent);

/*
 * @agent is about to be launched. MET, go on; WAITS, it has been put into state backoff
 * until it may; FAILS, it must not.
 */
enum agentsys_need agentsys_related_start(struct agentsys_agent *agent);

/*
 * @agent is about to be asked to stop, and is in state stopping. Does that have to wait
 * for others? Then its turn comes by agentsys_stop_held().
 */
bool agentsys_related_hold(struct agentsys_agent *agent);

/* It was stopped with what it requires: is it to be started again with it? */
bool agentsys_related_comes_back(const struct agentsys_agent *agent);
void agentsys_related_await(struct agentsys_agent *agent);

/* An instance has ended, as its status says; @crash: abnormally, by its own doing. */
void agentsys_related_ended(struct agentsys_agent *agent, bool crash);

#endif /* _AGENTSYS_RELATED_H */
