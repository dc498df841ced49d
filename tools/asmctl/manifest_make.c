// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "manifest_do.h"
#include "spec.h"

/* A group whose members are just restarted is active again soon, as a rule. */
#define MOVE_TRIES    100
#define MOVE_PAUSE_US 50000

volatile sig_atomic_t interrupted;

int stop_agent(struct agentsys *h, uint32_t id)
{
	int ret = agentsys_stop(h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);

	return ret == -ESRCH ? 0 : ret;
}

int remove_agent(struct agentsys *h, uint32_t id)
{
	int ret = stop_agent(h, id);

	if (!ret)
		ret = agentsys_remove(h, id);
	return ret == -ESRCH ? 0 : ret;
}

int remove_group(struct agentsys *h, const char *name)
{
	int ret = agentsys_group_del(h, name);

	return ret == -ENOENT ? 0 : ret;
}

static struct agentsys_group_spec *group_spec(const struct group_policy *policy)
{
	struct agentsys_group_spec *spec = agentsys_group_spec_new();

	need_memory(spec ? 0 : -1);
	agentsys_group_spec_set_strategy(spec, policy->strategy);
	agentsys_group_spec_set_budget(spec, policy->budget);
	agentsys_group_spec_set_within(spec, policy->within_ms);
	agentsys_group_spec_set_backoff(spec, policy->initial_ms, policy->max_ms);
	agentsys_group_spec_set_backoff_kind(spec, policy->kind);
	agentsys_group_spec_set_jitter(spec, policy->jitter);
	agentsys_group_spec_set_auto_shutdown(spec, policy->auto_shutdown);
	agentsys_group_spec_set_members_max(spec, policy->members_max);
	return spec;
}

int make_group(struct agentsys *h, const struct member *group)
{
	struct agentsys_group_spec *spec = group_spec(&group->policy);
	int ret;

	agentsys_group_spec_set_significant(spec, group->significant);
	need_memory(agentsys_group_spec_set_parent(spec, group->up->name));
	ret = agentsys_group_new(h, group->name, spec);
	agentsys_group_spec_free(spec);
	return ret;
}

int change_group(struct agentsys *h, const char *name, struct group_policy policy, bool significant)
{
	struct agentsys_group_spec *spec = group_spec(&policy);
	int ret = agentsys_group_set(h, name, spec);

	agentsys_group_spec_free(spec);
	return ret ? ret : agentsys_group_set_significant(h, name, significant);
}

int change_agent(struct agentsys *h, uint32_t id, const struct agentsys_info *to)
{
	struct agentsys_spec *spec = new_spec();
	int ret;

	set_restart(spec, to);
	ret = agentsys_set(h, id, spec);
	agentsys_spec_free(spec);
	return ret ? ret : agentsys_set_significant(h, id, to->significant);
}

int move_agent(struct agentsys *h, uint32_t id, const char *group)
{
	int ret = agentsys_move(h, id, group);

	for (int i = 0; ret == -EBUSY && i < MOVE_TRIES && !interrupted; i++) {
		usleep(MOVE_PAUSE_US);
		ret = agentsys_move(h, id, group);
	}
	return ret;
}

int move_group(struct agentsys *h, const char *name, const char *parent)
{
	int ret = agentsys_group_move(h, name, parent);

	for (int i = 0; ret == -EBUSY && i < MOVE_TRIES && !interrupted; i++) {
		usleep(MOVE_PAUSE_US);
		ret = agentsys_group_move(h, name, parent);
	}
	return ret;
}

/* ---- limits ---- */

bool changes_limits(struct json_object *changes)
{
	size_t n = changes ? json_object_array_length(changes) : 0;
	struct json_object *key;

	for (size_t i = 0; i < n; i++)
		if (json_object_object_get_ex(json_object_array_get_idx(changes, i), "key", &key) &&
		    !strncmp(json_object_get_string(key), "limits.", 7))
			return true;
	return false;
}

/* All that there are, so that nothing else stays. */
static size_t all_of(const struct agentsys_limits_info *limits,
		     struct agentsys_limit_change changes[__AGENTSYS_LIMITS])
{
	size_t n = limits->limits < __AGENTSYS_LIMITS ? limits->limits : __AGENTSYS_LIMITS;

	for (uint32_t i = 0; i < n; i++)
		changes[i] = (struct agentsys_limit_change){ i, limits->max[i] };
	return n;
}

/* A rate without a burst has its own, and a quota its period. */
static void without_companions(const struct member *to,
			       struct agentsys_limit_change changes[__AGENTSYS_LIMITS])
{
	for (size_t i = 0; i < to->nlimits; i++) {
		if (to->limits[i].limit == AGENTSYS_LIMIT_CPU_QUOTA)
			changes[AGENTSYS_LIMIT_CPU_PERIOD].max = 0;
		if (to->limits[i].limit == AGENTSYS_LIMIT_SYSCALL_RATE)
			changes[AGENTSYS_LIMIT_SYSCALL_BURST].max = 0;
	}
}

int change_limits(struct agentsys *h, uint32_t id, const struct member *to,
		  struct agentsys_limits_info **before)
{
	struct agentsys_limit_change changes[__AGENTSYS_LIMITS] = { 0 };
	struct agentsys_limits_info *new;
	size_t n;
	int ret;

	ret = agentsys_limits_get(h, id, before);
	if (!ret)
		ret = agentsys_limits_get(h, 0, &new);
	if (ret)
		return ret;
	n = all_of(new, changes);
	agentsys_limits_free(new);
	without_companions(to, changes);
	for (size_t i = 0; i < to->nlimits; i++)
		if (to->limits[i].limit < n)
			changes[to->limits[i].limit] = to->limits[i];
	return agentsys_limits_set(h, id, changes, n);
}

int set_back_limits(struct agentsys *h, uint32_t id, const struct agentsys_limits_info *before)
{
	struct agentsys_limit_change changes[__AGENTSYS_LIMITS] = { 0 };

	return before ? agentsys_limits_set(h, id, changes, all_of(before, changes)) : 0;
}
