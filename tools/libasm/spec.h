/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef LIBASM_SPEC_H
#define LIBASM_SPEC_H

#include "conn.h"
#include "words.h"

/* Which parts of a spec a request takes. */
enum spec_parts {
	SPEC_ALL,
	SPEC_ATTACH, /* id, name, stop settings, limits */
	SPEC_POLICY, /* restart policy */
};

/*
 * The arguments of what is to be executed, as the backend of @spec has it. An error, and a text
 * in @why unless it is -ENOMEM. @spec may be NULL.
 */
int spec_args(const struct agentsys_spec *spec, struct words *args, char *why, size_t size);

/* As a watchdog: the one that new agents have. */
#define WATCHDOG_DEFAULT UINT64_MAX

/* Is it to be told how often it has to give a sign of life, and how often is that? */
bool spec_tells_watchdog(const struct agentsys_spec *spec, uint64_t *ms);

/* Room that the attributes of @spec need, with these arguments. Both may be NULL. */
size_t spec_size(const struct agentsys_spec *spec, const struct words *args);

/* Put them into @msg, which has that room. @args is for SPEC_ALL. */
int spec_put(struct nl_msg *msg, const struct agentsys_spec *spec, enum spec_parts parts,
	     const struct words *args);

#endif
