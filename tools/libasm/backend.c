// SPDX-License-Identifier: LGPL-2.1-only
#include "backend.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/lib/agentsys"
#endif
#define CONTAINER_PROGRAM LIBEXECDIR "/asm-container"
#define WASM_SCRIPT	  LIBEXECDIR "/asm-wasm.mjs"

/* Where runtimes are looked for, whatever the caller's PATH: it is root who runs them. */
static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
				       "/usr/bin",	  "/sbin",	    "/bin" };

/* ---- building ---- */

void agentsys_spec_set_backend(struct agentsys_spec *spec, enum agentsys_backend backend)
{
	spec_backend(spec)->kind = backend;
}

int agentsys_spec_set_container(struct agentsys_spec *spec, enum agentsys_container from,
				const char *what)
{
	struct backend *backend = spec_backend(spec);
	char *copy;

	if (from > AGENTSYS_CONTAINER_IMAGE || !*what)
		return -EINVAL;
	if (from != AGENTSYS_CONTAINER_IMAGE && *what != '/')
		return -EINVAL;
	copy = strdup(what);
	if (!copy)
		return -ENOMEM;
	free(backend->what);
	backend->what = copy;
	backend->from = from;
	backend->kind = AGENTSYS_BACKEND_CONTAINER;
	return 0;
}

/* SOURCE:TARGET, SOURCE:TARGET:ro or SOURCE:TARGET:rw, with absolute paths. */
static bool is_mount(const char *mount)
{
	const char *target = strchr(mount, ':'), *mode;

	if (*mount != '/' || !target || target[1] != '/')
		return false;
	mode = strchr(target + 1, ':');
	return !mode || !strcmp(mode, ":ro") || !strcmp(mode, ":rw");
}

int agentsys_spec_add_mount(struct agentsys_spec *spec, const char *mount)
{
	return is_mount(mount) ? words_add(&spec_backend(spec)->mounts, mount) : -EINVAL;
}

void agentsys_spec_set_network(struct agentsys_spec *spec, bool network)
{
	spec_backend(spec)->no_network = !network;
}

void agentsys_spec_set_read_only(struct agentsys_spec *spec, bool read_only)
{
	spec_backend(spec)->read_only = read_only;
}

void backend_clear(struct backend *backend)
{
	free(backend->what);
	words_clear(&backend->mounts);
}

/* ---- what is installed ---- */

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111;
}

/* The path of @program; whether there is one. */
static bool find_program(const char *program, char path[PATH_MAX])
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, PATH_MAX, "%s/%s", folders[i], program);
		if (is_program(path))
			return true;
	}
	return false;
}

__attribute__((format(printf, 4, 5))) static int say(int error, char *why, size_t size,
						     const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, size, format, ap);
	va_end(ap);
	return error;
}

/* @program is in the Debian package @package. */
static int need_program(enum agentsys_backend backend, const char *program, const char *package,
			char path[PATH_MAX], char *why, size_t size)
{
	if (find_program(program, path))
		return 0;
	return say(-EOPNOTSUPP, why, size,
		   "backend not available: %s: %s is not installed, it is in the Debian package %s",
		   agentsys_backend_name(backend), program, package);
}

static int need_podman(char path[PATH_MAX], char *why, size_t size)
{
	return need_program(AGENTSYS_BACKEND_CONTAINER, "podman", "podman", path, why, size);
}

static int need_node(char path[PATH_MAX], char *why, size_t size)
{
	return need_program(AGENTSYS_BACKEND_WASM, "node", "nodejs", path, why, size);
}

int agentsys_backend_check(enum agentsys_backend backend, char *why, size_t size)
{
	char path[PATH_MAX];

	if (size)
		why[0] = '\0';
	switch (backend) {
	case AGENTSYS_BACKEND_NATIVE:
		return 0;
	case AGENTSYS_BACKEND_CONTAINER:
		return need_program(backend, "crun", "crun", path, why, size);
	case AGENTSYS_BACKEND_WASM:
		return need_node(path, why, size);
	case AGENTSYS_BACKEND_TEE:
		return say(-EOPNOTSUPP, why, size,
			   "backend not available: tee: no enclave is supported");
	case AGENTSYS_BACKEND_REMOTE:
		return say(-EOPNOTSUPP, why, size,
			   "backend not available: remote: agents run on this machine only");
	default:
		return say(-EINVAL, why, size, "there is no such backend");
	}
}

/* ---- what is executed ---- */

static int add(struct words *args, const char *option, const char *value)
{
	int ret = words_add(args, option);

	return ret || !value ? ret : words_add(args, value);
}

static int add_all(struct words *args, const char *option, const struct words *values)
{
	int ret = 0;

	for (size_t i = 0; i < values->n && !ret; i++)
		ret = option ? add(args, option, values->at[i]) : words_add(args, values->at[i]);
	return ret;
}

/* UID:GID[:GROUP,...] */
static int add_user(struct words *args, const struct program *program)
{
	size_t room = 32 + 11 * program->ngroups;
	char *text, *at;
	int ret;

	if (!program->has_uid && !program->has_gid && !program->ngroups)
		return 0;
	text = malloc(room);
	if (!text)
		return -ENOMEM;
	at = text + sprintf(text, "%" PRIu32 ":%" PRIu32, program->uid, program->gid);
	for (size_t i = 0; i < program->ngroups; i++)
		at += sprintf(at, "%c%" PRIu32, i ? ',' : ':', program->groups[i]);
	ret = add(args, "--user", text);
	free(text);
	return ret;
}

static int add_settings(struct words *args, const struct backend *backend,
			const struct program *program)
{
	char caps[20];
	int ret = 0;

	if (program->cwd)
		ret = add(args, "--cwd", program->cwd);
	if (!ret)
		ret = add_user(args, program);
	if (!ret && program->has_bounding) {
		snprintf(caps, sizeof(caps), "%" PRIx64, program->bounding);
		ret = add(args, "--caps", caps);
	}
	if (!ret && program->new_privs)
		ret = add(args, "--new-privs", NULL);
	if (!ret && backend->no_network)
		ret = add(args, "--no-network", NULL);
	if (!ret && backend->read_only)
		ret = add(args, "--read-only", NULL);
	return ret ? ret : add_all(args, "--mount", &backend->mounts);
}

static int container_args(const struct backend *backend, const struct program *program,
			  struct words *args, char *why, size_t size)
{
	static const char *const options[] = {
		[AGENTSYS_CONTAINER_ROOTFS] = "--rootfs",
		[AGENTSYS_CONTAINER_BUNDLE] = "--bundle",
		[AGENTSYS_CONTAINER_IMAGE] = "--image",
	};
	char path[PATH_MAX];
	int ret;

	if (!backend->what)
		return say(-EINVAL, why, size,
			   "a container needs a root file system, a bundle or an image");
	if (!program->args->n && backend->from == AGENTSYS_CONTAINER_ROOTFS)
		return say(-EINVAL, why, size, "no program to run");
	ret = backend->from == AGENTSYS_CONTAINER_IMAGE ?
		      need_podman(path, why, size) :
		      agentsys_backend_check(AGENTSYS_BACKEND_CONTAINER, why, size);
	if (!ret)
		ret = words_add(args, CONTAINER_PROGRAM);
	if (!ret)
		ret = add(args, options[backend->from], backend->what);
	if (!ret)
		ret = add_settings(args, backend, program);
	if (!ret)
		ret = words_add(args, "--");
	return ret ? ret : add_all(args, NULL, program->args);
}

static int wasm_args(const struct backend *backend, const struct program *program,
		     struct words *args, char *why, size_t size)
{
	char node[PATH_MAX];
	int ret;

	if (!program->args->n)
		return say(-EINVAL, why, size, "no module to run");
	ret = need_node(node, why, size);
	if (!ret)
		ret = add(args, node, "--no-warnings");
	if (!ret)
		ret = words_add(args, WASM_SCRIPT);
	if (!ret)
		ret = add_all(args, "--mount", &backend->mounts);
	if (!ret)
		ret = words_add(args, "--");
	return ret ? ret : add_all(args, NULL, program->args);
}

static bool has_surroundings(const struct backend *backend)
{
	return backend->mounts.n || backend->no_network || backend->read_only;
}

int backend_args(const struct backend *backend, const struct program *program, struct words *args,
		 char *why, size_t size)
{
	switch (backend->kind) {
	case AGENTSYS_BACKEND_CONTAINER:
		return container_args(backend, program, args, why, size);
	case AGENTSYS_BACKEND_WASM:
		if (backend->no_network || backend->read_only)
			return say(-EINVAL, why, size,
				   "a network and a read-only root are for containers");
		return wasm_args(backend, program, args, why, size);
	default:
		if (has_surroundings(backend))
			return say(-EINVAL, why, size,
				   "mounts, network and read-only root are not for the backend %s",
				   agentsys_backend_name(backend->kind));
		return add_all(args, NULL, program->args);
	}
}
