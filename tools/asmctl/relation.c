// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl relate", "asmctl unrelate" and "asmctl relations".
 */
#include "relation.h"

#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "spec.h"

bool get_relations(struct agentsys *h, struct relations *all, int *status)
{
	ssize_t n = agentsys_relations(h, &all->at);

	if (n < 0) {
		complain("cannot list relations: %s", agentsys_error(h));
		*status = exit_status_of((int)n);
		return false;
	}
	all->n = (size_t)n;
	return true;
}

void free_relations(struct relations *all)
{
	agentsys_relations_free(all->at);
}

/* The other one, if @relation is one of agent @id; or 0. */
static uint32_t other_of(const struct agentsys_relation_info *relation, uint32_t id)
{
	if (relation->from == id)
		return relation->to;
	return relation->to == id && is_mutual(relation->kind) ? relation->from : 0;
}

/* ---- as words ---- */

/* What an agent does with the other. */
static const char *const verbs[] = {
	[AGENTSYS_RELATION_REQUIRES] = "requires", [AGENTSYS_RELATION_WANTS] = "wants",
	[AGENTSYS_RELATION_PEER] = "is peer of",   [AGENTSYS_RELATION_LINK] = "is linked to",
	[AGENTSYS_RELATION_MONITOR] = "monitors",
};

static_assert(ARRAY_SIZE(verbs) == __AGENTSYS_RELATIONS, "a relation has no verb");

static const char *verb_of(uint32_t kind)
{
	return kind < ARRAY_SIZE(verbs) ? verbs[kind] : agentsys_relation_name(kind);
}

char *relations_text(const struct relations *all, uint32_t id)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	need_memory(out ? 0 : -1);
	for (size_t i = 0; i < all->n; i++) {
		uint32_t other = other_of(&all->at[i], id);

		if (other)
			fprintf(out, "%s%s %" PRIu32, ftell(out) ? ", " : "",
				verb_of(all->at[i].kind), other);
	}
	need_memory(fclose(out));
	return text;
}

static void add_kind(struct json_object *object, uint32_t kind)
{
	const char *name = agentsys_relation_name(kind);

	json_object_object_add(object, "kind", json_object_new_string(name));
}

struct json_object *json_of_relations(const struct relations *all, uint32_t id)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < all->n; i++) {
		uint32_t other = other_of(&all->at[i], id);
		struct json_object *object;

		if (!other)
			continue;
		object = json_object_new_object();
		add_kind(object, all->at[i].kind);
		json_object_object_add(object, "agent_id", json_object_new_int64(other));
		json_object_array_add(array, object);
	}
	return array;
}

bool parse_relation(const char *text, uint32_t *kind)
{
	for (*kind = 0; *kind < __AGENTSYS_RELATIONS; ++*kind)
		if (!strcmp(text, agentsys_relation_name(*kind)))
			return true;
	return false;
}

/* ---- relate and unrelate ---- */

NORETURN static void unknown_kind(const char *text)
{
	const char *names[__AGENTSYS_RELATIONS], *meant;

	for (uint32_t kind = 0; kind < __AGENTSYS_RELATIONS; kind++)
		names[kind] = agentsys_relation_name(kind);
	meant = nearest(text, names, ARRAY_SIZE(names));
	if (meant)
		usage_error("there is no relation '%s'; did you mean '%s'?", text, meant);
	usage_error("'%s' is not one of requires, wants, peer, link, monitor", text);
}

static int change(struct agentsys *h, const char *from, uint32_t kind, const char *to, bool ends)
{
	uint32_t from_id, to_id;
	int ret;

	ret = resolve_agent(h, from, &from_id);
	if (!ret)
		ret = resolve_agent(h, to, &to_id);
	if (ret)
		return ret;
	ret = ends ? agentsys_unrelate(h, from_id, kind, to_id) :
		     agentsys_relate(h, from_id, kind, to_id);
	if (!ret)
		return EXIT_OK;
	complain("cannot %s agents %" PRIu32 " and %" PRIu32 " (%s): %s",
		 ends ? "unrelate" : "relate", from_id, to_id, agentsys_relation_name(kind),
		 agentsys_error(h));
	return exit_status_of(ret);
}

static int run_change(int argc, char **argv, bool ends)
{
	int status = EXIT_OK;
	struct agentsys *h;
	uint32_t kind;

	while (next_option(argc, argv) != -1)
		;
	need_operands(argc, 3, INT_MAX, "an agent, a relation and another agent");
	if (!parse_relation(argv[optind + 1], &kind))
		unknown_kind(argv[optind + 1]);
	h = connect_module();
	for (int i = optind + 2; i < argc; i++) {
		int ret = change(h, argv[optind], kind, argv[i], ends);

		if (!status)
			status = ret;
	}
	agentsys_close(h);
	return status;
}

static int run_relate(int argc, char **argv)
{
	return run_change(argc, argv, false);
}

static int run_unrelate(int argc, char **argv)
{
	return run_change(argc, argv, true);
}

static const struct option_def no_options[] = { OPTION_END };

const struct command cmd_relate = {
	.name = "relate",
	.usage = "AGENT KIND AGENT...",
	.summary = "Relate an agent to others",
	.description =
		"KIND is what the first agent is to the others:\n"
		"  requires  it runs only while they do: it is stopped before them, started\n"
		"            after them, and comes back with them\n"
		"  wants     its start waits for theirs, if that is under way\n"
		"  peer      each is told when the other ends (event down)\n"
		"  link      a crash of one kills the other, unless that has --traps\n"
		"  monitor   it is told when they end (event down)\n"
		"In a group, what is required or wanted comes first. Relations last as long as\n"
		"both agents are known, over all their restarts.",
	.examples = "  asmctl relate web requires database cache\n"
		    "  asmctl relate planner link executor\n",
	.options = no_options,
	.operands = OPERANDS_AGENTS,
	.run = run_relate,
};

const struct command cmd_unrelate = {
	.name = "unrelate",
	.usage = "AGENT KIND AGENT...",
	.summary = "End that",
	.description = "Of peer and link, it does not matter which one is named first.",
	.examples = "  asmctl unrelate web requires cache\n",
	.options = no_options,
	.operands = OPERANDS_AGENTS,
	.run = run_unrelate,
};

/* ---- relations ---- */

static const char *name_of(struct agentsys_info *const *agents, uint32_t id)
{
	for (; *agents; agents++)
		if ((*agents)->id == id)
			return (*agents)->name;
	return "";
}

static void print_table(const struct relations *all, struct agentsys_info *const *agents,
			uint32_t id)
{
	static const char *const titles[] = { "-AGENT", "NAME", "RELATION", "-TO", "NAME" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (size_t i = 0; i < all->n; i++) {
		const struct agentsys_relation_info *relation = &all->at[i];
		char from[16], to[16];

		if (id && relation->from != id && relation->to != id)
			continue;
		snprintf(from, sizeof(from), "%" PRIu32, relation->from);
		snprintf(to, sizeof(to), "%" PRIu32, relation->to);
		table_add(table, (const struct cell[]){
					 { from, PLAIN },
					 { name_of(agents, relation->from), PLAIN },
					 { verb_of(relation->kind), BOLD },
					 { to, PLAIN },
					 { name_of(agents, relation->to), PLAIN },
				 });
	}
	table_print(table);
}

static void print_as_json(const struct relations *all, uint32_t id)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < all->n; i++) {
		const struct agentsys_relation_info *relation = &all->at[i];
		struct json_object *object;

		if (id && relation->from != id && relation->to != id)
			continue;
		object = json_object_new_object();
		json_object_object_add(object, "from", json_object_new_int64(relation->from));
		add_kind(object, relation->kind);
		json_object_object_add(object, "to", json_object_new_int64(relation->to));
		json_object_array_add(array, object);
	}
	print_json(array);
}

static int show(struct agentsys *h, uint32_t id, bool json)
{
	struct agentsys_info **agents;
	struct relations all;
	ssize_t n;
	int status;

	if (!get_relations(h, &all, &status))
		return status;
	n = agentsys_list(h, &agents);
	if (n < 0) {
		complain("cannot list agents: %s", agentsys_error(h));
		return exit_status_of((int)n);
	}
	if (json)
		print_as_json(&all, id);
	else
		print_table(&all, agents, id);
	agentsys_list_free(agents);
	free_relations(&all);
	return EXIT_OK;
}

static int run_relations(int argc, char **argv)
{
	int status = EXIT_OK;
	struct agentsys *h;
	bool json = false;
	uint32_t id = 0;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 1, "");
	h = connect_module();
	if (optind < argc)
		status = resolve_agent(h, argv[optind], &id);
	if (!status)
		status = show(h, id, json);
	agentsys_close(h);
	return status;
}

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

const struct command cmd_relations = {
	.name = "relations",
	.usage = "[OPTION]... [AGENT]",
	.summary = "List what agents are to each other",
	.description = "All relations, or those of one agent, in either direction.",
	.examples =
		"  asmctl relations\n"
		"  asmctl relations --json web | jq -r '.[] | select(.kind == \"requires\").to'\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run_relations,
};
