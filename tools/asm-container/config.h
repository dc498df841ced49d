/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of a container, as OCI runtimes read it.
 */
#ifndef ASM_CONTAINER_CONFIG_H
#define ASM_CONTAINER_CONFIG_H

#include <json-c/json.h>

#include "settings.h"

/*
 * That of a container with the root file system or the bundle of @settings. Of a bundle it
 * keeps what is not set, but for what the agent's cgroup is for. Exits if there is none.
 */
struct json_object *config_make(const struct settings *settings);

#endif
