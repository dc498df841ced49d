// SPDX-License-Identifier: GPL-2.0-only
#include "health_total.h"

#include <stdlib.h>
#include <string.h>

#include "asmctl.h"

static const char *const words[] = { "healthy", "starting", "unhealthy", "down" };

enum { HEALTHY, STARTING, UNHEALTHY, DOWN, WORDS };

struct total {
	const struct agentsys_group *group;
	unsigned int count[WORDS];
};

static struct total *total_of(struct total *totals, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(totals[i].group->name, name))
			return &totals[i];
	return NULL;
}

/* In its group, and in all above. */
static void count(struct total *totals, size_t n, struct json_object *agent)
{
	const char *health = json_object_get_string(json_object_object_get(agent, "health"));
	const char *name = json_object_get_string(json_object_object_get(agent, "group"));
	size_t word = 0;

	while (word < WORDS && strcmp(words[word], health ?: ""))
		word++;
	while (word < WORDS && name && *name) {
		struct total *total = total_of(totals, n, name);

		if (!total)
			return;
		total->count[word]++;
		name = total->group->parent;
	}
}

static const char *health_of(const struct total *total)
{
	if (total->count[UNHEALTHY] && !total->count[HEALTHY])
		return "unhealthy";
	if (total->count[UNHEALTHY] || total->count[STARTING])
		return "degraded";
	return total->count[HEALTHY] ? "healthy" : "down";
}

static struct json_object *json_of(const struct total *total)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "group", json_object_new_string(total->group->name));
	json_object_object_add(object, "health", json_object_new_string(health_of(total)));
	for (size_t i = 0; i < WORDS; i++)
		json_object_object_add(object, words[i], json_object_new_int64(total->count[i]));
	return object;
}

static bool is_empty(const struct total *total)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < WORDS; i++)
		sum += total->count[i];
	return !sum;
}

struct json_object *health_totals(struct agentsys *h, struct json_object *agents)
{
	struct json_object *array = json_object_new_array();
	struct agentsys_group **groups;
	ssize_t n = agentsys_group_list(h, &groups);
	struct total *totals;

	if (n < 0)
		return array;
	totals = calloc(n + 1, sizeof(*totals));
	if (!totals)
		out_of_memory();
	for (ssize_t i = 0; i < n; i++)
		totals[i].group = groups[i];
	for (size_t i = 0; i < json_object_array_length(agents); i++)
		count(totals, n, json_object_array_get_idx(agents, i));
	for (ssize_t i = 0; i < n; i++)
		if (!is_empty(&totals[i]))
			json_object_array_add(array, json_of(&totals[i]));
	free(totals);
	agentsys_group_list_free(groups);
	return array;
}
