// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_health.h"

#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "helper.h"
#include "manifest_plan.h"
#include "spec.h"

/* The words of "asmctl health set", one by one: a wrong one is told with its place. */
static struct json_object *take_checks(const struct at *at)
{
	size_t n;
	char **words;
	struct json_object *checks;

	need_array(at);
	n = json_object_array_length(at->value);
	words = calloc(n + 1, sizeof(*words));
	need_memory(words ? 0 : -1);
	for (size_t i = 0; i < n; i++) {
		struct at word = at_index(at, i);

		words[i] = (char *)need_string(&word);
	}
	manifest_about(at);
	checks = health_checks(words);
	free(words);
	return checks;
}

void manifest_health(struct member *agent, const struct at *at, bool contained)
{
	struct at health = at_key(at, "health"), notify = at_key(at, "notify");

	if (health.value)
		agent->checks = take_checks(&health);
	if (!notify.value || !need_bool(&notify))
		return;
	if (contained)
		manifest_wrong(&notify, "is of no use in a container: it has no way out");
	agent->notifies = true;
	need_memory(agentsys_spec_set_notify(agent->spec));
}

int plan_need_helper(const struct plan *plan, struct agentsys *h)
{
	for (size_t i = 0; i < plan->steps.n; i++) {
		const struct step *step = &plan->steps.at[i];

		if (step->action == CHANGE && changes_health(step->changes))
			return helper_need(h);
		if ((step->action == ADD || step->action == REPLACE) && !step->member->is_group &&
		    (step->member->checks || step->member->notifies))
			return helper_need(h);
	}
	return EXIT_OK;
}

int start_health(struct agentsys *h, const struct member *agent, uint32_t id)
{
	if (agent->notifies)
		json_object_put(helper_ask(helper_request("notify", id)));
	if (!agent->checks)
		return EXIT_OK;
	return health_set(h, id, json_object_get(agent->checks));
}

bool changes_health(struct json_object *changes)
{
	size_t n = changes ? json_object_array_length(changes) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *key = NULL;

		json_object_object_get_ex(json_object_array_get_idx(changes, i), "key", &key);
		if (!strcmp(json_object_get_string(key), "health"))
			return true;
	}
	return false;
}

int change_health(struct agentsys *h, const struct member *agent, uint32_t id,
		  struct json_object **before)
{
	struct json_object *known = helper_agent(id);

	/* Who is not known to it is not checked. */
	*before = json_object_get(json_object_object_get(known, "checks"));
	if (!*before)
		*before = json_object_new_array();
	json_object_put(known);
	return health_set(h, id,
			  agent->checks ? json_object_get(agent->checks) : json_object_new_array());
}

int set_back_health(struct agentsys *h, uint32_t id, struct json_object *before)
{
	return before ? health_set(h, id, json_object_get(before)) : EXIT_OK;
}
