/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Health checks as people write them: "http=URL interval=10s".
 */
#ifndef ASMCTL_HEALTH_H
#define ASMCTL_HEALTH_H

#include <json-c/json.h>

#include "libasm.h"

/*
 * What the helper is to be asked for; exits if one of @words cannot be read. It is
 * for an array, ended by NULL.
 */
struct json_object *health_checks(char *const words[]);

/* Have the agent checked like that, and not as before: an exit status. @checks is freed. */
int health_set(struct agentsys *h, uint32_t id, struct json_object *checks);

#endif
