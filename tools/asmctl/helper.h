/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to the helper daemon, asmd.
 */
#ifndef ASMCTL_HELPER_H
#define ASMCTL_HELPER_H

#include <json-c/json.h>
#include <stdbool.h>

#include "asmctl.h"

/* Where the module looks for it, if it is not told otherwise. */
#define HELPER_PATH "/usr/sbin/asmd"

/* Its answer to @request, which is freed; NULL if it does not run, or does not answer. */
struct json_object *helper_ask(struct json_object *request);

/* {"do": @what}, and the id if it is not 0. */
struct json_object *helper_request(const char *what, uint32_t id);

/* Have it run, and hear what it is told: an exit status, and it was said why not. */
int helper_need(struct agentsys *h);

/* What it knows of the agent; NULL if that is nothing, or it does not run. */
struct json_object *helper_agent(uint32_t id);

#endif
