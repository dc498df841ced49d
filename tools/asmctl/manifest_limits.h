/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits in a manifest: unlike the rest of what an agent is made of they are changed
 * while it runs.
 */
#ifndef ASMCTL_MANIFEST_LIMITS_H
#define ASMCTL_MANIFEST_LIMITS_H

#include "manifest.h"

struct at;

/* The section "limits", if there is one. */
void manifest_limits(struct member *agent, const struct at *at);

#endif
