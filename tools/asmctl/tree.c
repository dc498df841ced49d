// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl tree": who is supervised with whom.
 */
#include <getopt.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "relation.h"

/**
 * struct node - a group or an agent
 * @parent: name of the group that it is in, "" for root
 * @place: where in it
 * @group: or NULL
 * @agent: or NULL
 */
struct node {
	const char *parent;
	uint32_t place;
	const struct agentsys_group *group;
	const struct agentsys_info *agent;
};

/**
 * struct tree - all of them
 * @nodes: members of the same group side by side, in order of their places
 * @n: how many
 * @relations: of all agents
 */
struct tree {
	struct node *nodes;
	size_t n;
	struct relations relations;
};

static int by_parent_and_place(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	int order = strcmp(x->parent, y->parent);

	return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

static void make_tree(struct tree *tree, struct agentsys_group **groups, size_t ngroups,
		      struct agentsys_info **agents, size_t nagents)
{
	tree->nodes = calloc(ngroups + nagents + 1, sizeof(*tree->nodes));
	tree->n = 0;
	if (!tree->nodes)
		out_of_memory();
	for (; *groups; groups++)
		tree->nodes[tree->n++] = (struct node){
			.parent = (*groups)->parent,
			.place = (*groups)->place,
			.group = *groups,
		};
	for (; *agents; agents++)
		tree->nodes[tree->n++] = (struct node){
			.parent = (*agents)->group,
			.place = (*agents)->place,
			.agent = *agents,
		};
	qsort(tree->nodes, tree->n, sizeof(*tree->nodes), by_parent_and_place);
}

/* The first member of a group, with the others behind it; how many there are. */
static size_t members_of(const struct tree *tree, const struct agentsys_group *group,
			 const struct node **first)
{
	size_t i = 0, n = 0;

	while (i < tree->n && strcmp(tree->nodes[i].parent, group->name))
		i++;
	*first = tree->nodes + i;
	while (i + n < tree->n && !strcmp(tree->nodes[i + n].parent, group->name))
		n++;
	return n;
}

/* ---- as text ---- */

/**
 * struct lines - what a tree is drawn with
 * @branch: in front of a member
 * @last: in front of the last one
 * @passing: in front of what is below a member
 * @nothing: in front of what is below the last one
 */
struct lines {
	const char *branch, *last, *passing, *nothing;
};

static const struct lines *lines(void)
{
	static const struct lines box = { "├─", "└─", "│ ", "  " };
	static const struct lines ascii = { "|-", "`-", "| ", "  " };

	return strcmp(nl_langinfo(CODESET), "UTF-8") ? &ascii : &box;
}

/* Room for what is in front of the deepest group, whose member has its id and name behind. */
#define INDENT_MAX ((AGENTSYS_TREE_DEPTH + 2) * sizeof("├─"))
#define TITLE_MAX  (INDENT_MAX + AGENTSYS_NAME_MAX + 16)

static void add_group(struct table *table, const char *indent, const struct agentsys_group *group)
{
	char title[TITLE_MAX], restarts[64] = "", budget[FORMAT_MAX];
	bool is_root = !*group->parent;
	bool spent = !is_root && group->recent && group->recent >= group->budget;

	snprintf(title, sizeof(title), "%s%s", indent, group->name);
	if (!is_root)
		snprintf(restarts, sizeof(restarts), "%u/%s", group->recent,
			 format_budget(group, budget));
	table_add(table, (struct cell[]){
				 { title, BOLD },
				 { agentsys_state_name(group->state), colour_of_group(group) },
				 { "", PLAIN },
				 { restarts, spent ? RED : PLAIN },
				 { agentsys_strategy_name(group->strategy), PLAIN },
				 { "", PLAIN },
			 });
}

static void add_agent(struct table *table, const struct tree *tree, const char *indent,
		      const struct agentsys_info *info)
{
	char *relations = relations_text(&tree->relations, info->id);
	char title[TITLE_MAX], state[FORMAT_MAX], pid[16] = "-", restarts[FORMAT_MAX];
	bool spent = info->max_restarts && info->restarts >= info->max_restarts;

	snprintf(title, sizeof(title), "%s%u %s", indent, info->id, info->name);
	if (info->pid)
		snprintf(pid, sizeof(pid), "%u", info->pid);
	table_add(table, (struct cell[]){
				 { title, PLAIN },
				 { format_state(info, state), colour_of_state(info) },
				 { pid, PLAIN },
				 { format_restarts(info, restarts), spent ? RED : PLAIN },
				 { agentsys_restart_name(info->restart), PLAIN },
				 { relations, DIM },
			 });
	free(relations);
}

/* @head is what is in front of @group, @indent what is in front of all that is below. */
static void add_tree(struct table *table, const struct tree *tree,
		     const struct agentsys_group *group, const char *head, const char *indent,
		     int depth)
{
	char member_head[INDENT_MAX], member_indent[INDENT_MAX];
	const struct node *node;
	size_t n = members_of(tree, group, &node);

	add_group(table, head, group);
	/* Groups that are removed and made anew meanwhile may seem to be in themselves. */
	if (depth > AGENTSYS_TREE_DEPTH)
		return;
	for (; n; n--, node++) {
		snprintf(member_head, sizeof(member_head), "%s%s", indent,
			 n > 1 ? lines()->branch : lines()->last);
		snprintf(member_indent, sizeof(member_indent), "%s%s", indent,
			 n > 1 ? lines()->passing : lines()->nothing);
		if (node->group)
			add_tree(table, tree, node->group, member_head, member_indent, depth + 1);
		else
			add_agent(table, tree, member_head, node->agent);
	}
}

static void print_tree(const struct tree *tree, const struct agentsys_group *top)
{
	static const char *const titles[] = {
		"GROUP OR AGENT", "STATE", "-PID", "-RESTARTS", "POLICY", "RELATIONS",
	};
	/* The last one is for those who have any. */
	struct table *table = table_new(titles, ARRAY_SIZE(titles) - !tree->relations.n);

	add_tree(table, tree, top, "", "", 0);
	table_print(table);
}

/* ---- as JSON ---- */

static struct json_object *json_of_tree(const struct tree *tree, const struct agentsys_group *group,
					int depth)
{
	struct json_object *object = json_of_group(group);
	struct json_object *children = json_object_new_array();
	const struct node *node;
	size_t n = members_of(tree, group, &node);

	json_object_object_add(object, "type", json_object_new_string("group"));
	json_object_object_add(object, "children", children);
	for (; n && depth <= AGENTSYS_TREE_DEPTH; n--, node++) {
		struct json_object *child;

		if (node->group) {
			child = json_of_tree(tree, node->group, depth + 1);
		} else {
			child = json_of_agent(node->agent);
			json_object_object_add(child, "relations",
					       json_of_relations(&tree->relations,
								 node->agent->id));
			json_object_object_add(child, "type", json_object_new_string("agent"));
		}
		json_object_array_add(children, child);
	}
	return object;
}

/* ---- the command ---- */

static const struct agentsys_group *find_group(struct agentsys_group **list, const char *name)
{
	for (; *list; list++)
		if (!strcmp((*list)->name, name))
			return *list;
	return NULL;
}

static int run(int argc, char **argv)
{
	const char *name = AGENTSYS_ROOT_GROUP;
	const struct agentsys_group *top;
	struct agentsys_group **groups;
	struct agentsys_info **agents;
	ssize_t ngroups, nagents;
	struct agentsys *h;
	bool json = false;
	struct tree tree;
	int status = EXIT_OK;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 1, "");
	if (optind < argc)
		name = argv[optind];

	h = connect_module();
	/* In this order: the group of an agent is made before it, and stays as long as it. */
	nagents = agentsys_list(h, &agents);
	ngroups = nagents < 0 ? nagents : agentsys_group_list(h, &groups);
	if (ngroups < 0) {
		complain("cannot list %s: %s", nagents < 0 ? "agents" : "groups",
			 agentsys_error(h));
		return exit_status_of(ngroups);
	}
	if (!get_relations(h, &tree.relations, &status))
		return status;
	make_tree(&tree, groups, ngroups, agents, nagents);
	top = find_group(groups, name);
	if (!top) {
		char *meant = meant_group(h, name);

		complain("there is no group \"%s\"%s", name, meant);
		free(meant);
		status = EXIT_NO_AGENT;
	} else if (json) {
		print_json(json_of_tree(&tree, top, 0));
	} else {
		print_tree(&tree, top);
	}
	free(tree.nodes);
	free_relations(&tree.relations);
	agentsys_list_free(agents);
	agentsys_group_list_free(groups);
	agentsys_close(h);
	return status;
}

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

const struct command cmd_tree = {
	.name = "tree",
	.usage = "[OPTION]... [GROUP]",
	.summary = "Show groups and agents as the tree that they are",
	.description =
		"Members are in the order in which they are started. RESTARTS is how many of the\n"
		"allowed ones are used; of a group, of those within a time. POLICY is the\n"
		"strategy of a group, and when an agent is restarted; RELATIONS, if there\n"
		"are any, what agents are to each other. With --json, a group has its members in\n"
		"\"children\", and \"type\" tells groups from agents.",
	.examples = "  asmctl tree\n"
		    "  asmctl tree web\n"
		    "  asmctl tree --json | jq -r '.. | select(.type? == \"agent\") | .name'\n",
	.options = options,
	.operands = OPERANDS_GROUPS,
	.run = run,
};
