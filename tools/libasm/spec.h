/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef LIBASM_SPEC_H
#define LIBASM_SPEC_H

#include "conn.h"

/* Which parts of a spec a request takes. */
enum spec_parts {
	SPEC_ALL,
	SPEC_ATTACH, /* id, name, stop settings, limits */
	SPEC_POLICY, /* restart policy */
};

/* Room that the attributes of @spec need. @spec may be NULL. */
size_t spec_size(const struct agentsys_spec *spec);

/* Put them into @msg, which has that room. */
int spec_put(struct nl_msg *msg, const struct agentsys_spec *spec, enum spec_parts parts);

#endif
