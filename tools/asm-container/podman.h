/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASM_CONTAINER_PODMAN_H
#define ASM_CONTAINER_PODMAN_H

#include "settings.h"

/* Have podman run the image of @settings. Returns with an errno if it cannot be executed. */
void podman_execute(const struct settings *settings);

#endif
