/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do all agents, groups and relations that there are fit together? Include it behind agents.h.
 */
#ifndef TESTS_LIB_STANDING_H
#define TESTS_LIB_STANDING_H

static inline bool rests(uint32_t state)
{
	return state == AGENTSYS_ACTIVE || state == AGENTSYS_EXITED || state == AGENTSYS_FAILED;
}

static inline bool has_ended(uint32_t state)
{
	return state == AGENTSYS_EXITED || state == AGENTSYS_FAILED;
}

/*
 * What there is, and in what way it does not fit together, if it does not. Agents and
 * groups are told one after the other: while something is still on its way the two may
 * not fit, and a program that is about to end looks like one that lives.
 */
struct standing {
	struct agentsys_info **agents;
	struct agentsys_group **groups;
	struct agentsys_relation_info *relations;
	ssize_t nagents;
	ssize_t ngroups;
	ssize_t nrelations;
	char wrong[128];
};

#define WRONG(s, ...) snprintf((s)->wrong, sizeof((s)->wrong), __VA_ARGS__)

/* Nobody asks for anything any more: nothing is on its way. */
static inline void check_rest(struct standing *s)
{
	for (ssize_t i = 0; i < s->nagents; i++)
		if (!rests(s->agents[i]->state))
			WRONG(s, "agent %u is on its way", s->agents[i]->id);
	for (ssize_t i = 0; i < s->ngroups; i++)
		if (!rests(s->groups[i]->state))
			WRONG(s, "group %s is on its way", s->groups[i]->name);
}

/* A group that has ended has no members that run, nor has any more members than are told. */
static inline void check_group(struct standing *s, const struct agentsys_group *group)
{
	uint32_t members = 0, up = 0;

	for (ssize_t i = 0; i < s->nagents; i++) {
		/* What could not be attached has no place in it. */
		if (strcmp(s->agents[i]->group, group->name) || !s->agents[i]->place)
			continue;
		members++;
		up += !has_ended(s->agents[i]->state);
	}
	for (ssize_t i = 0; i < s->ngroups; i++) {
		if (strcmp(s->groups[i]->parent, group->name))
			continue;
		members++;
		up += s->groups[i]->members && !has_ended(s->groups[i]->state);
	}
	if (members != group->members)
		WRONG(s, "%s has %u members, not %u", group->name, members, group->members);
	if (has_ended(group->state) && up)
		WRONG(s, "%s has ended, and %u of it have not", group->name, up);
}

static inline const struct agentsys_info *info_of(const struct standing *s, uint32_t id)
{
	for (ssize_t i = 0; i < s->nagents; i++)
		if (s->agents[i]->id == id)
			return s->agents[i];
	return NULL;
}

/* What runs has what it requires; and who comes before whom is so in the tree. */
static inline void check_relation(struct standing *s, const struct agentsys_relation_info *relation)
{
	const struct agentsys_info *from = info_of(s, relation->from);
	const struct agentsys_info *to = info_of(s, relation->to);

	if (!from || !to) {
		WRONG(s, "%u and %u are related and not both there", relation->from, relation->to);
		return;
	}
	if (relation->kind > AGENTSYS_RELATION_WANTS)
		return;
	if (!strcmp(from->group, to->group) && from->place && to->place && from->place <= to->place)
		WRONG(s, "%u depends on %u, which comes later", from->id, to->id);
	if (relation->kind == AGENTSYS_RELATION_REQUIRES && from->state == AGENTSYS_ACTIVE &&
	    to->state != AGENTSYS_ACTIVE)
		WRONG(s, "%u runs, and %u, which it requires, does not", from->id, to->id);
}

/* @rest: and does nothing go on? */
static inline bool fits(struct agents *a, bool rest, struct standing *s)
{
	s->nagents = agentsys_list(a->h, &s->agents);
	s->ngroups = agentsys_group_list(a->h, &s->groups);
	s->nrelations = agentsys_relations(a->h, &s->relations);
	MUST(s->nagents >= 0 && s->ngroups >= 1 && s->nrelations >= 0);
	s->wrong[0] = 0;
	if (rest)
		check_rest(s);
	for (ssize_t i = 0; i < s->ngroups; i++)
		check_group(s, s->groups[i]);
	for (ssize_t i = 0; rest && i < s->nrelations; i++)
		check_relation(s, &s->relations[i]);
	agentsys_list_free(s->agents);
	agentsys_group_list_free(s->groups);
	agentsys_relations_free(s->relations);
	return !s->wrong[0];
}

#endif /* TESTS_LIB_STANDING_H */
