// SPDX-License-Identifier: GPL-2.0-only
/*
 * What executes an agent of a manifest: the name of a backend, or an object with the options
 * of "asmctl run" for it.
 */
#include "manifest_backend.h"

#include <stdlib.h>

#include "manifest_text.h"

static const struct {
	const char *key;
	int option;
} keys[] = {
	{ "kind", OPT_BACKEND }, { "rootfs", OPT_ROOTFS },   { "bundle", OPT_BUNDLE },
	{ "image", OPT_IMAGE },	 { "network", OPT_NETWORK },
};

static const char *const known[] = { "kind",	"rootfs", "bundle",   "image",
				     "network", "mounts", "read_only" };

static void take_text(struct member *agent, struct backend_choice *choice, const struct at *at,
		      int option)
{
	const char *text = need_string(at);

	manifest_about(at);
	take_backend_option(agent->spec, choice, option, text);
}

static void take_mounts(struct member *agent, struct backend_choice *choice, const struct at *at)
{
	if (!at->value)
		return;
	need_array(at);
	for (size_t i = 0; i < json_object_array_length(at->value); i++) {
		struct at mount = at_index(at, i);

		take_text(agent, choice, &mount, OPT_MOUNT);
	}
}

static void take_object(struct member *agent, struct backend_choice *choice, const struct at *at)
{
	struct at mounts = at_key(at, "mounts"), read_only = at_key(at, "read_only");

	need_keys(at, known, ARRAY_SIZE(known));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct at below = at_key(at, keys[i].key);

		if (below.value)
			take_text(agent, choice, &below, keys[i].option);
	}
	take_mounts(agent, choice, &mounts);
	if (read_only.value)
		agentsys_spec_set_read_only(agent->spec, need_bool(&read_only));
}

void manifest_backend(struct member *agent, struct backend_choice *choice, const struct at *at)
{
	if (!at->value)
		return;
	if (json_object_is_type(at->value, json_type_string)) {
		take_text(agent, choice, at, OPT_BACKEND);
	} else {
		need_object(at);
		take_object(agent, choice, at);
	}
	manifest_about(at);
	check_backend(agent->spec, choice);
}
