// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_health.h"

#include <stdlib.h>

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
