/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How groups are, and with root the system, from how their agents are.
 */
#ifndef ASMCTL_HEALTH_TOTAL_H
#define ASMCTL_HEALTH_TOTAL_H

#include <json-c/json.h>

#include "libasm.h"

/* For each group with an agent in @agents, in it or in a group below. */
struct json_object *health_totals(struct agentsys *h, struct json_object *agents);

#endif
