/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What executes an agent's program: options, and the same in a manifest.
 */
#ifndef ASMCTL_BACKEND_H
#define ASMCTL_BACKEND_H

#include <linux/agentsys.h>

#include "asmctl.h"
#include "spec.h"

/* clang-format off */
#define OPTIONS_BACKEND                                                                \
	{ OPT_BACKEND, "backend", "KIND",                                              \
	  "what executes the program: native (default), container\n"                   \
	  "or wasm; see also \"asmctl doctor\"" },                                     \
	{ OPT_ROOTFS, "rootfs", "DIR", "in a container with this folder as its root" },  \
	{ OPT_BUNDLE, "bundle", "DIR",                                                 \
	  "in a container made from this OCI bundle; PROGRAM is what\n"                \
	  "the bundle says unless given" },                                            \
	{ OPT_IMAGE, "image", "NAME", "likewise from an image that podman knows or can pull" }, \
	{ OPT_MOUNT, "mount", "SOURCE:TARGET[:ro]",                                    \
	  "show it this folder or file of the machine; may be\n"                       \
	  "repeated; a wasm module sees no other files" },                             \
	{ OPT_NETWORK, "network", "WHICH", "of a container: host (default) or none" }, \
	{ OPT_READ_ONLY, "read-only", NULL, "a container cannot change its root" }
/* clang-format on */

/* Do a container's users and variables have nothing to do with this machine's? */
#define is_contained(choice) ((choice)->source != 0)

/**
 * struct backend_choice - what was chosen
 * @kind: enum agentsys_backend
 * @given: @kind was said by name
 * @source: OPT_ROOTFS, OPT_BUNDLE or OPT_IMAGE: what the container is made from; or 0
 */
struct backend_choice {
	uint32_t kind;
	bool given;
	int source;
};

/* Take @key with @arg if it is one of the above; exits if @arg is wrong. */
bool take_backend_option(struct agentsys_spec *spec, struct backend_choice *choice, int key,
			 const char *arg);

/* When all are taken: exits if they do not go together. */
void check_backend(struct agentsys_spec *spec, const struct backend_choice *choice);

/* May the program be left out? */
bool backend_has_program(const struct backend_choice *choice);

/*
 * The program's path as the backend takes it: in a container it is a matter of the
 * container. NULL if it cannot be found; free() frees it.
 */
char *backend_program(const struct backend_choice *choice, const char *name);

#endif
