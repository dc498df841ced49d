/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the container of an agent is to be like, from the command line.
 */
#ifndef ASM_CONTAINER_SETTINGS_H
#define ASM_CONTAINER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUPS_MAX 65536 /* NGROUPS_MAX */

/* The exit status when there is no container because of us or of the machine. */
#define EXIT_NO_CONTAINER 125

/**
 * struct settings - what is asked for; strings are those of the command line
 * @rootfs: folder, or NULL
 * @bundle: folder, or NULL
 * @image: name, or NULL; one of the three is there
 * @cwd: inside, or NULL
 * @user: "UID:GID:GROUP,..." as it was given, or NULL
 * @uid: of @user
 * @gid: likewise
 * @groups: likewise, supplementary ones
 * @ngroups: how many
 * @has_caps: @caps is given
 * @caps: the capabilities of its bounding set, a bit each
 * @new_privs: programs may gain privileges
 * @no_network: a network of its own, without anything in it
 * @read_only: its root cannot be changed
 * @mounts: "SOURCE:TARGET[:ro]"
 * @nmounts: how many
 * @args: program and arguments, ended by NULL; empty for what bundle or image say
 * @env: its environment, ended by NULL
 * @name: what it is called
 */
struct settings {
	const char *rootfs;
	const char *bundle;
	const char *image;
	const char *cwd;
	const char *user;
	uint32_t uid;
	uint32_t gid;
	uint32_t *groups;
	size_t ngroups;
	bool has_caps;
	uint64_t caps;
	bool new_privs;
	bool no_network;
	bool read_only;
	const char **mounts;
	size_t nmounts;
	char **args;
	char **env;
	char name[32];
};

/* Exits with a message if the command line is wrong. */
void settings_read(struct settings *settings, int argc, char **argv);

/* "CAP_CHOWN" for 0; NULL beyond the last one. */
const char *capability_name(unsigned int cap);

/* A message on standard error; exits with EXIT_NO_CONTAINER. */
__attribute__((format(printf, 1, 2), noreturn)) void give_up(const char *format, ...);

/* For results of what fails for want of memory only. */
void need_memory(const void *result);

#endif
