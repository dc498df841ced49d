/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of the user guide: columns and keys are contracts, scripts read
 * them. Only lines may be added.
 */
#ifndef ASMCTL_GUIDE_H
#define ASMCTL_GUIDE_H

#include "libasm.h"

void guide_status(const struct agentsys_system *system);
void guide_list(struct agentsys_info **list);
void guide_info(const struct agentsys_info *info);

#endif
