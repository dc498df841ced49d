/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sub-commands of "asmctl group" share.
 */
#ifndef ASMCTL_GROUP_H
#define ASMCTL_GROUP_H

#include "asmctl.h"

/*
 * Says that and why the library could not do to the group @name what @infinitive
 * says; @missing is the group that is not there, if that is why. The exit status.
 */
int group_failed(struct agentsys *h, int error, const char *infinitive, const char *name,
		 const char *missing);

extern const struct command group_show;
extern const struct command group_list;

#endif
