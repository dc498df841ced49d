// SPDX-License-Identifier: GPL-2.0-only
/*
 * Room in groups. What is replaced or removed is a member until all else is done, so that
 * for that time a group may have more members than the manifest, or whoever made it, wants.
 */
#include <errno.h>
#include <string.h>

#include "manifest_do.h"
#include "spec.h"

static bool enters(const struct step *step, const struct member *group)
{
	return step->member->up == group && (step->action == ADD || step->action == REPLACE ||
					     (step->action == MOVE && step->changes));
}

bool is_entered(const struct plan *plan, const struct member *group)
{
	for (size_t i = 0; i < plan->steps.n; i++)
		if (enters(&plan->steps.at[i], group))
			return true;
	return false;
}

static const struct agentsys_group *find_group(const struct plan *plan, const char *name)
{
	for (ssize_t i = 0; i < plan->ngroups; i++)
		if (!strcmp(plan->groups[i]->name, name))
			return plan->groups[i];
	return NULL;
}

static int set_max(const struct work *work, const char *group, uint32_t n)
{
	struct agentsys_group_spec *spec = agentsys_group_spec_new();
	int ret;

	need_memory(spec ? 0 : -1);
	agentsys_group_spec_set_members_max(spec, n);
	ret = agentsys_group_set(work->h, group, spec);
	agentsys_group_spec_free(spec);
	if (!ret || ret == -ENOENT)
		return EXIT_OK;
	complain("cannot change how many members group '%s' takes: %s", group,
		 agentsys_error(work->h));
	return exit_status_of(ret);
}

/* In all groups of the manifest that are entered; @max tells for how many, of what there is. */
static int set_all(const struct work *work,
		   uint32_t (*max)(const struct member *member, const struct agentsys_group *group))
{
	int status = EXIT_OK;

	for (const struct member *member = work->plan->root; member; member = next_member(member)) {
		const struct agentsys_group *group;
		int ret;

		if (!member->is_group || !member->up || !is_entered(work->plan, member))
			continue;
		group = find_group(work->plan, member->name);
		if (!group || (group->members_max == AGENTSYS_MEMBERS_MAX &&
			       member->policy.members_max == AGENTSYS_MEMBERS_MAX))
			continue;
		ret = set_max(work, member->name, max(member, group));
		status = status ? status : ret;
	}
	return status;
}

static uint32_t all(const struct member *member, const struct agentsys_group *group)
{
	(void)member;
	(void)group;
	return AGENTSYS_MEMBERS_MAX;
}

static uint32_t wanted(const struct member *member, const struct agentsys_group *group)
{
	(void)group;
	return member->policy.members_max;
}

static uint32_t as_before(const struct member *member, const struct agentsys_group *group)
{
	(void)member;
	return group->members_max;
}

int make_more_room(const struct work *work)
{
	return set_all(work, all);
}

int take_room_back(const struct work *work)
{
	return set_all(work, wanted);
}

bool restore_room(const struct work *work)
{
	return !set_all(work, as_before);
}
