/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages below /proc/agentsys. */
#ifndef _AGENTSYS_PROCFS_H
#define _AGENTSYS_PROCFS_H

int agentsys_procfs_init(void);

/* Waits for readers in the middle of a page; files that stay open read nothing more. */
void agentsys_procfs_exit(void);

#endif /* _AGENTSYS_PROCFS_H */
