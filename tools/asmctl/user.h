/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whom an agent runs as.
 */
#ifndef ASMCTL_USER_H
#define ASMCTL_USER_H

#include <sys/types.h>

#include "libasm.h"

/**
 * struct user - a user and its groups
 * @given: a user was asked for; if not, and no group either, nothing is changed
 * @has_gid: so was a group, or the user has one
 * @uid: its number
 * @gid: its group
 * @name: its name, or NULL
 * @home: its directory, or NULL
 * @groups: its supplementary groups
 * @ngroups: how many
 */
struct user {
	bool given;
	bool has_gid;
	uid_t uid;
	gid_t gid;
	char *name;
	char *home;
	gid_t *groups;
	int ngroups;
};

/* @user is USER[:GROUP], names or numbers; both may be NULL. Exits if there is no such one. */
void user_resolve(struct user *result, const char *user, const char *group);

/* Forget the groups that this machine's entry gives: they mean something else in a container. */
void user_alone(struct user *user);

void user_set(struct agentsys_spec *spec, const struct user *user);
void user_free(struct user *user);

#endif
