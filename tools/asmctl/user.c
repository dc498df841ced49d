// SPDX-License-Identifier: GPL-2.0-only
#include "user.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "parse.h"
#include "spec.h"

#define ID_MAX (UINT32_MAX - 1) /* the last one means "do not change" */

static char *copy(const char *s)
{
	char *result = strdup(s);

	if (!result)
		out_of_memory();
	return result;
}

static void get_groups(struct user *user, const struct passwd *entry)
{
	int room = 32;

	do {
		user->ngroups = room;
		user->groups = reallocarray(user->groups, room, sizeof(*user->groups));
		if (!user->groups)
			out_of_memory();
		room *= 2;
	} while (getgrouplist(entry->pw_name, entry->pw_gid, user->groups, &user->ngroups) < 0);
}

static void resolve_user(struct user *user, const char *name)
{
	const struct passwd *entry = getpwnam(name);
	uint64_t n;

	user->given = true;
	if (!entry) {
		if (!parse_number(name, ID_MAX, &n))
			usage_error("there is no user '%s'", name);
		user->uid = n;
		entry = getpwuid(n);
		if (!entry)
			return;
	}
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->has_gid = true;
	user->name = copy(entry->pw_name);
	user->home = copy(entry->pw_dir);
	get_groups(user, entry);
}

static void resolve_group(struct user *user, const char *name)
{
	const struct group *entry = getgrnam(name);
	uint64_t n;

	if (entry)
		n = entry->gr_gid;
	else if (!parse_number(name, ID_MAX, &n))
		usage_error("there is no group '%s'", name);
	user->gid = n;
	user->has_gid = true;
}

void user_resolve(struct user *result, const char *user, const char *group)
{
	char *name = user ? copy(user) : NULL;
	char *colon = name ? strchr(name, ':') : NULL;

	memset(result, 0, sizeof(*result));
	if (colon) {
		*colon++ = '\0';
		if (!group)
			group = colon;
	}
	if (name)
		resolve_user(result, name);
	if (group)
		resolve_group(result, group);
	if (result->given && !result->has_gid)
		usage_error("the user %s has no entry: name a group too, as --user %s:GROUP", name,
			    name);
	free(name);
}

void user_alone(struct user *user)
{
	user->ngroups = 0;
}

void user_set(struct agentsys_spec *spec, const struct user *user)
{
	if (user->given) {
		agentsys_spec_set_uid(spec, user->uid);
		need_memory(agentsys_spec_set_groups(spec, user->ngroups, user->groups));
	}
	if (user->has_gid)
		agentsys_spec_set_gid(spec, user->gid);
}

void user_free(struct user *user)
{
	free(user->name);
	free(user->home);
	free(user->groups);
}
