// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_limits.h"

#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "manifest_text.h"
#include "spec.h"

static void check_keys(const struct at *at)
{
	const char *names[__AGENTSYS_LIMITS + 1] = { "cpu" };

	for (uint32_t i = 0; i < __AGENTSYS_LIMITS; i++)
		names[i + 1] = agentsys_limit_name(i);
	need_keys(at, names, ARRAY_SIZE(names));
}

static void take_limit(struct member *agent, const struct at *at)
{
	struct agentsys_limit_change parts[LIMIT_PARTS];
	char *value = option_text(at, ""), *text;
	const char *why;
	size_t n;

	need_memory(asprintf(&text, "%s=%s", at->key, value) < 0);
	n = parse_limit(text, parts, &why);
	if (!n)
		manifest_wrong(at, "'%s' %s", value, why);
	agent->limits = reallocarray(agent->limits, agent->nlimits + n, sizeof(*agent->limits));
	need_memory(agent->limits ? 0 : -1);
	for (size_t i = 0; i < n; i++) {
		agentsys_spec_set_limit(agent->spec, parts[i].limit, parts[i].max);
		agent->limits[agent->nlimits++] = parts[i];
	}
	free(value);
	free(text);
}

void manifest_limits(struct member *agent, const struct at *at)
{
	if (!at->value)
		return;
	need_object(at);
	check_keys(at);
	json_object_object_foreach(at->value, key, value)
	{
		struct at below = { at, key, 0, value };

		take_limit(agent, &below);
	}
}
