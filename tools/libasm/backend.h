/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What has to be executed so that a backend executes an agent's program.
 */
#ifndef LIBASM_BACKEND_H
#define LIBASM_BACKEND_H

#include "conn.h"
#include "words.h"

/**
 * struct backend - what executes the program of an agent, and in which surroundings
 * @kind: which backend
 * @from: of a container: what it is made from
 * @what: of a container: the folder's path, or the image's name; or NULL
 * @mounts: what is to be seen of this machine, "SOURCE:TARGET[:ro]"
 * @no_network: of a container: it has a network of its own, where nobody is
 * @read_only: of a container: it cannot change its root file system
 */
struct backend {
	enum agentsys_backend kind;
	enum agentsys_container from;
	char *what;
	struct words mounts;
	bool no_network;
	bool read_only;
};

/**
 * struct program - what a spec says about the program
 * @args: its arguments
 * @cwd: its working directory, or NULL
 * @has_uid: @uid is to be its user
 * @uid: see there
 * @has_gid: @gid is to be its group
 * @gid: see there
 * @groups: its supplementary groups
 * @ngroups: how many
 * @has_bounding: @bounding says what it may do
 * @bounding: capabilities, a bit each
 * @new_privs: it may gain privileges
 */
struct program {
	const struct words *args;
	const char *cwd;
	bool has_uid;
	uint32_t uid;
	bool has_gid;
	uint32_t gid;
	const uint32_t *groups;
	size_t ngroups;
	bool has_bounding;
	uint64_t bounding;
	bool new_privs;
};

/* Of a spec. */
struct backend *spec_backend(struct agentsys_spec *spec);

/*
 * Does a program of its own set up the user, the working directory and so on of the
 * agent's program? It is root then, and these are not for the module.
 */
static inline bool backend_sets_up(const struct backend *backend)
{
	return backend->kind == AGENTSYS_BACKEND_CONTAINER;
}

/*
 * The arguments of what is to be executed: those of @program where the kernel executes it.
 * Errors: -EOPNOTSUPP what is needed is not installed, and @why says so; -EINVAL something
 * is missing or does not go together, likewise; -ENOMEM.
 */
int backend_args(const struct backend *backend, const struct program *program, struct words *args,
		 char *why, size_t size);

void backend_clear(struct backend *backend);

#endif
