// SPDX-License-Identifier: GPL-2.0-only
/*
 * What agents of a manifest are to each other: an array of names for each kind of relation.
 * A name is that of an agent in the same group or of the only one called so, or has its group
 * with it, as "group/name". What is none of the manifest may be there beside it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"
#include "manifest_text.h"
#include "relation.h"
#include "spec.h"

static const char *const keys[] = {
	[AGENTSYS_RELATION_REQUIRES] = "requires", [AGENTSYS_RELATION_WANTS] = "wants",
	[AGENTSYS_RELATION_PEER] = "peers",	   [AGENTSYS_RELATION_LINK] = "links",
	[AGENTSYS_RELATION_MONITOR] = "monitors",
};

_Static_assert(ARRAY_SIZE(keys) == __AGENTSYS_RELATIONS, "a relation has no key");

const char *relation_key(uint32_t kind)
{
	return keys[kind];
}

void wish_wrong(const struct wish *wish, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	errors_about(wish->place);
	usage_error("%s", text);
}

/* ---- as they are written ---- */

static void take_wish(struct member *agent, uint32_t kind, const struct at *at)
{
	const char *name = need_string(at);

	agent->wishes = reallocarray(agent->wishes, agent->nwishes + 1, sizeof(*agent->wishes));
	need_memory(agent->wishes ? 0 : -1);
	agent->wishes[agent->nwishes++] = (struct wish){
		.kind = kind,
		.name = name,
		.place = manifest_place(at),
	};
}

void manifest_relations(struct member *agent, const struct at *at)
{
	for (uint32_t kind = 0; kind < __AGENTSYS_RELATIONS; kind++) {
		struct at list = at_key(at, keys[kind]);

		if (!list.value)
			continue;
		need_array(&list);
		for (size_t i = 0; i < json_object_array_length(list.value); i++) {
			struct at below = at_index(&list, i);

			take_wish(agent, kind, &below);
		}
	}
}

void manifest_relations_free(struct member *agent)
{
	for (size_t i = 0; i < agent->nwishes; i++)
		free(agent->wishes[i].place);
	free(agent->wishes);
}

/* ---- who is meant ---- */

bool is_called(const char *text, const char *group, const char *name)
{
	size_t length = strlen(group);

	return !strncmp(text, group, length) && text[length] == '/' &&
	       !strcmp(text + length + 1, name);
}

/* The agent of @group that is called so, of all groups if that is NULL; @n: how many are. */
static struct member *find_called(const struct member *root, const struct member *group,
				  const char *name, size_t *n)
{
	struct member *found = NULL;

	*n = 0;
	for (struct member *member = next_member(root); member; member = next_member(member)) {
		if (member->is_group || strcmp(member->name, name) ||
		    (group && member->up != group))
			continue;
		found = member;
		++*n;
	}
	return found;
}

static struct member *find_with_group(const struct member *root, const char *text)
{
	for (struct member *member = next_member(root); member; member = next_member(member))
		if (!member->is_group && is_called(text, member->up->name, member->name))
			return member;
	return NULL;
}

static struct member *find_meant(const struct member *root, const struct member *agent,
				 const struct wish *wish)
{
	struct member *found;
	size_t n;

	found = find_called(root, agent->up, wish->name, &n);
	if (!found)
		found = find_called(root, NULL, wish->name, &n);
	if (n > 1)
		wish_wrong(wish, "more than one agent is called '%s': name the group too, as %s/%s",
			   wish->name, found->up->name, wish->name);
	return found ? found : find_with_group(root, wish->name);
}

/* ---- what would never start ---- */

static bool stands_before(const struct member *first, const struct member *then)
{
	for (const struct member *member = first; member; member = next_member(member))
		if (member == then)
			return true;
	return false;
}

/* Does @agent wait for @on, if only by way of others that were not seen yet? */
static bool waits_for(struct member *agent, const struct member *on)
{
	if (agent == on)
		return true;
	if (agent->seen)
		return false;
	agent->seen = true;
	for (size_t i = 0; i < agent->nwishes; i++) {
		const struct wish *wish = &agent->wishes[i];

		if (wish->to && gives_order(wish->kind) && waits_for(wish->to, on))
			return true;
	}
	return false;
}

NORETURN static void refuse_order(const struct member *agent, const struct wish *wish)
{
	const char *verb = wish->kind == AGENTSYS_RELATION_REQUIRES ? "requires" : "wants";

	if (waits_for(wish->to, agent))
		wish_wrong(wish, "'%s' and '%s' would wait for each other in a circle", agent->name,
			   wish->to->name);
	wish_wrong(wish, "'%s' is started after '%s', which %s it: it has to stand ahead of that",
		   wish->to->name, agent->name, verb);
}

static void refuse_twice(const struct member *agent, size_t i)
{
	const struct wish *wish = &agent->wishes[i];

	while (i-- > 0) {
		const struct wish *other = &agent->wishes[i];

		if (other->kind != wish->kind)
			continue;
		if (wish->to ? other->to == wish->to : !strcmp(other->name, wish->name))
			wish_wrong(wish, "'%s' is there twice", wish->name);
	}
}

static void check_agent(const struct member *agent)
{
	for (size_t i = 0; i < agent->nwishes; i++) {
		const struct wish *wish = &agent->wishes[i];

		refuse_twice(agent, i);
		if (wish->to == agent)
			wish_wrong(wish, "an agent cannot be related to itself");
		if (wish->to && gives_order(wish->kind) && !stands_before(wish->to, agent))
			refuse_order(agent, wish);
	}
}

void manifest_relations_check(struct member *root)
{
	for (struct member *agent = root; agent; agent = next_member(agent))
		for (size_t i = 0; i < agent->nwishes; i++)
			agent->wishes[i].to = find_meant(root, agent, &agent->wishes[i]);
	for (const struct member *agent = root; agent; agent = next_member(agent))
		check_agent(agent);
}
