// SPDX-License-Identifier: GPL-2.0-only
#include "manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/budget.h"
#include "core/name.h"
#include "manifest_text.h"
#include "parse.h"
#include "restarts.h"
#include "spec.h"

#define VERSION 1

/* As the module has them. */
#define MAX_RESTARTS_IN_ROOT 3
#define STABLE_MS	     60000
#define BREAKER_OPEN_MS	     60000
#define DAY_MS		     (24 * 60 * 60 * 1000)

static const struct group_policy default_policy = {
	.strategy = AGENTSYS_ONE_FOR_ONE,
	.budget = 5,
	.within_ms = 60000,
	.initial_ms = 100,
	.max_ms = 30000,
	.members_max = AGENTSYS_MEMBERS_MAX,
};

/* What an agent in a group has that says nothing else. */
static void set_defaults(struct agentsys_info *restart, const struct group_policy *group,
			 bool in_root)
{
	restart->restart = in_root ? AGENTSYS_RESTART_NEVER :
				     agentsys_strategy_condition(group->strategy);
	restart->max_restarts = in_root ? MAX_RESTARTS_IN_ROOT : AGENTSYS_RESTARTS_UNLIMITED;
	restart->backoff_initial_ms = group->initial_ms;
	restart->backoff_max_ms = group->max_ms;
	restart->backoff_kind = group->kind;
	restart->jitter = group->jitter;
	restart->stable_ms = STABLE_MS;
	restart->breaker_open_ms = BREAKER_OPEN_MS;
}

/* ---- members ---- */

static struct member *add_member(struct member *group, const char *name)
{
	struct member *member = calloc(1, sizeof(*member));

	need_memory(member ? 0 : -1);
	member->name = name;
	member->up = group;
	member->end = &member->first;
	if (group) {
		*group->end = member;
		group->end = &member->next;
	}
	return member;
}

void manifest_free(struct member *root)
{
	struct member *next;

	for (struct member *member = root->first; member; member = next) {
		next = member->next;
		manifest_free(member);
	}
	agentsys_spec_free(root->spec);
	manifest_relations_free(root);
	free(root->limits);
	json_object_put(root->made_of);
	json_object_put(root->checks);
	free(root);
}

struct member *next_member(const struct member *member)
{
	if (member->first)
		return member->first;
	while (member && !member->next)
		member = member->up;
	return member ? member->next : NULL;
}

static struct member *find_group(struct member *in, const char *name)
{
	struct member *found = NULL;

	if (in->is_group && !strcmp(in->name, name))
		return in;
	for (struct member *member = in->first; member && !found; member = member->next)
		found = find_group(member, name);
	return found;
}

static bool has_agent(const struct member *group, const char *name)
{
	for (const struct member *member = group->first; member; member = member->next)
		if (!member->is_group && !strcmp(member->name, name))
			return true;
	return false;
}

static const char *take_name(const struct at *at)
{
	struct at below = at_key(at, "name");
	const char *name = need_string(&below);

	if (!*name || strlen(name) > AGENTSYS_NAME_MAX)
		manifest_wrong(&below, "a name has 1 to %d bytes", AGENTSYS_NAME_MAX);
	if (agentsys_name_check(name, strlen(name)))
		manifest_wrong(&below, "there is a control character in this name");
	return name;
}

/* ---- groups ---- */

static void take_strategy(struct group_policy *policy, const struct at *at)
{
	const char *names[__AGENTSYS_STRATEGIES], *text, *meant;

	if (!at->value)
		return;
	text = need_string(at);
	if (parse_strategy(text, &policy->strategy))
		return;
	for (uint32_t i = 0; i < __AGENTSYS_STRATEGIES; i++)
		names[i] = agentsys_strategy_name(i);
	meant = nearest(text, names, __AGENTSYS_STRATEGIES);
	if (meant)
		manifest_wrong(at, "there is no strategy '%s'; did you mean '%s'?", text, meant);
	manifest_wrong(at, "there is no strategy '%s', as one_for_one, one_for_all", text);
}

/* "5/60" of {"restarts": 5, "within_s": 60}. */
static char *budget_text(const struct at *at)
{
	static const char *const keys[] = { "restarts", "within_s", "within_ms" };
	struct at restarts, within_s, within_ms;
	char *n, *window, *text;

	if (!json_object_is_type(at->value, json_type_object))
		return option_text(at, "");
	need_keys(at, keys, ARRAY_SIZE(keys));
	restarts = at_key(at, "restarts");
	within_s = at_key(at, "within_s");
	within_ms = at_key(at, "within_ms");
	if (!restarts.value)
		manifest_wrong(&restarts, "is missing");
	if (within_s.value && within_ms.value)
		manifest_wrong(&within_ms, "the window is there as within_s too");
	n = option_text(&restarts, "");
	window = within_s.value	 ? option_text(&within_s, "s") :
		 within_ms.value ? option_text(&within_ms, "ms") :
				   NULL;
	manifest_about(at);
	need_memory(asprintf(&text, "%s%s%s", n, window ? "/" : "", window ? window : "") < 0);
	free(n);
	free(window);
	return text;
}

static void take_budget(struct group_policy *policy, const struct at *at)
{
	bool has_window;
	const char *why;
	char *text;

	if (!at->value)
		return;
	text = budget_text(at);
	if (!parse_budget(text, &policy->budget, &policy->within_ms, &has_window, &why))
		manifest_wrong(at, "'%s' %s", text, why);
	if (policy->budget > AGENTSYS_BUDGET_MAX)
		manifest_wrong(at, "a budget is %d restarts at most", AGENTSYS_BUDGET_MAX);
	if (!policy->within_ms || policy->within_ms > DAY_MS)
		manifest_wrong(at, "the window of a budget is 1 ms to a day");
	free(text);
}

static void take_group_backoff(struct group_policy *policy, const struct at *at)
{
	char *text;

	if (!at->value)
		return;
	text = backoff_text(at);
	manifest_about(at);
	take_backoff(text, &policy->initial_ms, &policy->max_ms);
	free(text);
}

static void take_kind(struct group_policy *policy, const struct at *at)
{
	if (!at->value)
		return;
	manifest_about(at);
	policy->kind = take_backoff_kind(need_string(at));
	if (policy->kind == AGENTSYS_BACKOFF_ADAPTIVE)
		manifest_wrong(at, "adaptive is for single agents, not for groups");
}

static void take_group_jitter(struct group_policy *policy, const struct at *at)
{
	char *text;

	if (!at->value)
		return;
	text = option_text(at, "");
	manifest_about(at);
	policy->jitter = take_jitter(text);
	free(text);
}

static void take_members_max(struct group_policy *policy, const struct at *at)
{
	uint64_t n;
	char *text;

	if (!at->value)
		return;
	text = option_text(at, "");
	if (!parse_number(text, AGENTSYS_MEMBERS_MAX, &n) || !n)
		manifest_wrong(at, "'%s' is not a number of members, 1 to %d", text,
			       AGENTSYS_MEMBERS_MAX);
	policy->members_max = n;
	free(text);
}

static void take_auto_shutdown(struct group_policy *policy, const struct at *at)
{
	const char *text;

	if (!at->value)
		return;
	text = need_string(at);
	for (uint32_t when = 0; when < __AGENTSYS_AUTO_SHUTDOWNS; when++) {
		if (strcmp(text, agentsys_auto_shutdown_name(when)))
			continue;
		policy->auto_shutdown = when;
		return;
	}
	manifest_wrong(at, "'%s' is not one of never, any, all", text);
}

static void take_policy(struct group_policy *policy, const struct at *at)
{
	struct at auto_shutdown = at_key(at, "auto_shutdown");
	struct at kind = at_key(at, "backoff_kind"), jitter = at_key(at, "jitter");
	struct at members_max = at_key(at, "members_max");
	struct at strategy = at_key(at, "strategy");
	struct at budget = at_key(at, "budget");
	struct at backoff = at_key(at, "backoff");
	struct agentsys_restart_policy delays = { 0 };

	*policy = default_policy;
	take_strategy(policy, &strategy);
	take_budget(policy, &budget);
	take_group_backoff(policy, &backoff);
	take_kind(policy, &kind);
	take_group_jitter(policy, &jitter);
	take_auto_shutdown(policy, &auto_shutdown);
	take_members_max(policy, &members_max);
	delays.backoff_kind = policy->kind;
	delays.jitter = policy->jitter;
	delays.backoff_initial_ms = policy->initial_ms;
	delays.backoff_max_ms = policy->max_ms;
	if (agentsys_budget_endless(policy->budget, policy->within_ms, &delays))
		manifest_wrong(at, "its budget takes longer than its window: no end to restarts");
}

/* What is in root has no group that could end with it. */
static void take_significant(struct member *member, const struct at *at)
{
	struct at below = at_key(at, "significant");

	if (!below.value)
		return;
	member->significant = need_bool(&below);
	if (member->significant && !member->up->up)
		manifest_wrong(&below, "root does not end with any of its members");
}

/* Whoever relies on these has to hear of it, and not of a key that is spelt wrongly. */
static void refuse_policies(const struct at *at)
{
	static const char *const keys[] = { "policy", "policies", "capabilities" };

	need_object(at);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct at below = at_key(at, keys[i]);

		if (below.value)
			manifest_wrong(&below, "this version has no policies, and denies nothing");
	}
}

static void take_agent(struct member *group, const struct at *at)
{
	struct member *agent;
	const char *name;

	refuse_policies(at);
	name = take_name(at);
	if (has_agent(group, name)) {
		struct at below = at_key(at, "name");

		manifest_wrong(&below, "there is another agent '%s' in group '%s'", name,
			       group->name);
	}
	agent = add_member(group, name);
	set_defaults(&agent->restart, &group->policy, !group->up);
	manifest_agent(agent, at);
	manifest_relations(agent, at);
	take_significant(agent, at);
	agentsys_spec_set_significant(agent->spec, agent->significant);
	agent->restart.significant = agent->significant;
}

static void take_members(struct member *root, struct member *group, const struct at *at, int depth);

static void check_room(const struct member *group, const struct at *at)
{
	struct at below = at_key(at, "members_max");
	size_t n = 0;

	for (const struct member *member = group->first; member; member = member->next)
		n++;
	if (n > group->policy.members_max)
		manifest_wrong(below.value ? &below : at, "it has %zu members, and takes %" PRIu32,
			       n, group->policy.members_max);
}

static void take_group(struct member *root, struct member *up, const struct at *at, int depth)
{
	static const char *const keys[] = { "name",	   "strategy",	    "budget",	  "backoff",
					    "jitter",	   "backoff_kind",  "agents",	  "groups",
					    "significant", "auto_shutdown", "members_max" };
	struct at below;
	struct member *group;
	const char *name;

	refuse_policies(at);
	need_keys(at, keys, ARRAY_SIZE(keys));
	name = take_name(at);
	below = at_key(at, "name");
	if (!strcmp(name, AGENTSYS_ROOT_GROUP))
		manifest_wrong(&below, "root is there by itself: its members stand at the top");
	if (find_group(root, name))
		manifest_wrong(&below, "there is another group '%s'", name);
	if (depth > AGENTSYS_TREE_DEPTH)
		manifest_wrong(at, "that is more than %d groups below one another",
			       AGENTSYS_TREE_DEPTH);
	group = add_member(up, name);
	group->is_group = true;
	take_policy(&group->policy, at);
	take_significant(group, at);
	take_members(root, group, at, depth);
	check_room(group, at);
}

/* Agents and groups, whichever key is first. */
static void take_members(struct member *root, struct member *group, const struct at *at, int depth)
{
	json_object_object_foreach(at->value, key, value)
	{
		bool agents = !strcmp(key, "agents");
		struct at below = { at, key, 0, value };

		if (!agents && strcmp(key, "groups"))
			continue;
		need_array(&below);
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			struct at member = at_index(&below, i);

			if (agents)
				take_agent(group, &member);
			else
				take_group(root, group, &member, depth + 1);
		}
	}
}

struct member *manifest_check(struct json_object *json)
{
	static const char *const keys[] = { "$schema", "version", "agents", "groups" };
	struct at top = { .value = json };
	struct at version, schema;
	struct member *root;

	need_keys(&top, keys, ARRAY_SIZE(keys));
	schema = at_key(&top, "$schema");
	if (schema.value) /* for editors */
		need_string(&schema);
	version = at_key(&top, "version");
	if (!version.value)
		manifest_wrong(&version, "is missing: \"version\": %d", VERSION);
	if (!json_object_is_type(version.value, json_type_int) ||
	    json_object_get_int64(version.value) != VERSION)
		manifest_wrong(&version, "is not %d, which is what this asmctl can read", VERSION);
	root = add_member(NULL, AGENTSYS_ROOT_GROUP);
	root->is_group = true;
	root->policy = default_policy;
	take_members(root, root, &top, 0);
	manifest_relations_check(root);
	manifest_about_no_more();
	return root;
}
