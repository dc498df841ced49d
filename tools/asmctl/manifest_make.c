// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
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
