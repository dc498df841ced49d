// SPDX-License-Identifier: GPL-2.0-only
#include "backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"

static void take_kind(struct backend_choice *choice, const char *arg)
{
	uint32_t kind = 0;

	while (kind < __AGENTSYS_BACKENDS && strcmp(arg, agentsys_backend_name(kind)))
		kind++;
	if (kind == __AGENTSYS_BACKENDS)
		usage_error("'%s' is not one of native, container, wasm, tee, remote", arg);
	choice->kind = kind;
	choice->given = true;
}

static void take_source(struct agentsys_spec *spec, struct backend_choice *choice, int key,
			const char *arg)
{
	static const enum agentsys_container sources[] = {
		[OPT_ROOTFS - OPT_ROOTFS] = AGENTSYS_CONTAINER_ROOTFS,
		[OPT_BUNDLE - OPT_ROOTFS] = AGENTSYS_CONTAINER_BUNDLE,
		[OPT_IMAGE - OPT_ROOTFS] = AGENTSYS_CONTAINER_IMAGE,
	};
	char *what;

	if (!*arg)
		usage_error("a container is made from something, not from ''");
	if (choice->source)
		usage_error("only one of rootfs, bundle and image can be given");
	choice->source = key;
	what = key == OPT_IMAGE ? strdup(arg) : path_absolute(arg);
	need_memory(what ? 0 : -ENOMEM);
	need_memory(agentsys_spec_set_container(spec, sources[key - OPT_ROOTFS], what));
	free(what);
}

static void take_mount(struct agentsys_spec *spec, const char *arg)
{
	char *source = path_absolute(arg);
	int ret = agentsys_spec_add_mount(spec, source);

	free(source);
	if (ret == -EINVAL)
		usage_error("'%s' is not SOURCE:TARGET[:ro] with an absolute TARGET", arg);
	need_memory(ret);
}

bool take_backend_option(struct agentsys_spec *spec, struct backend_choice *choice, int key,
			 const char *arg)
{
	switch (key) {
	case OPT_BACKEND:
		take_kind(choice, arg);
		return true;
	case OPT_ROOTFS:
	case OPT_BUNDLE:
	case OPT_IMAGE:
		take_source(spec, choice, key, arg);
		return true;
	case OPT_MOUNT:
		take_mount(spec, arg);
		return true;
	case OPT_NETWORK:
		if (strcmp(arg, "host") && strcmp(arg, "none"))
			usage_error("'%s' is not one of host, none", arg);
		agentsys_spec_set_network(spec, !strcmp(arg, "host"));
		return true;
	case OPT_READ_ONLY:
		agentsys_spec_set_read_only(spec, true);
		return true;
	}
	return false;
}

void check_backend(struct agentsys_spec *spec, const struct backend_choice *choice)
{
	if (choice->source && choice->given && choice->kind != AGENTSYS_BACKEND_CONTAINER)
		usage_error("rootfs, bundle and image are for containers, not for %s",
			    agentsys_backend_name(choice->kind));
	if (choice->kind == AGENTSYS_BACKEND_CONTAINER && !choice->source)
		usage_error("a container is made from one of rootfs, bundle and image");
	if (choice->given)
		agentsys_spec_set_backend(spec, choice->kind);
}

bool backend_has_program(const struct backend_choice *choice)
{
	return choice->source == OPT_BUNDLE || choice->source == OPT_IMAGE;
}

char *backend_program(const struct backend_choice *choice, const char *name)
{
	char *program;

	if (!choice->source && choice->kind != AGENTSYS_BACKEND_WASM)
		return path_of_program(name);
	program = choice->source ? strdup(name) : path_absolute(name);
	need_memory(program ? 0 : -ENOMEM);
	return program;
}
