/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How what there is differs from what a manifest says.
 */
#ifndef ASMCTL_MANIFEST_CHANGES_H
#define ASMCTL_MANIFEST_CHANGES_H

#include "manifest.h"

enum difference {
	SAME,
	IN_PLACE, /* the module can change it */
	ANEW,	  /* it has to be made anew */
};

/*
 * @noted: what state_of_agent() tells, or NULL. @changes: an array of objects with key,
 * from and to, which are absent where there is nothing, or not to be shown; or NULL.
 */
enum difference agent_difference(const struct member *member, const struct agentsys_info *info,
				 struct json_object *noted, struct json_object **changes);

/* Likewise; NULL if nothing differs. */
struct json_object *group_changes(const struct member *member, const struct agentsys_group *group);

/* Add one to an array of them. Both values are given away; either may be NULL. */
void add_change(struct json_object **changes, const char *key, struct json_object *from,
		struct json_object *to);

/* Add that something is in another group: @key tells of which kind that is. */
void add_group_change(struct json_object **changes, const char *key, const char *from,
		      const char *to);

/* What a group is like that there is. */
struct group_policy policy_of_group(const struct agentsys_group *group);

#endif
