/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASMCTL_MANIFEST_BACKEND_H
#define ASMCTL_MANIFEST_BACKEND_H

#include "backend.h"
#include "manifest.h"

/* Take the backend of @agent, which may not be there, into its spec and @choice. */
void manifest_backend(struct member *agent, struct backend_choice *choice, const struct at *at);

#endif
