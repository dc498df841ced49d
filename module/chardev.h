/* SPDX-License-Identifier: GPL-2.0-only */
/* The character device /dev/agentsys. */
#ifndef _AGENTSYS_CHARDEV_H
#define _AGENTSYS_CHARDEV_H

int agentsys_chardev_init(void);
void agentsys_chardev_exit(void);

#endif /* _AGENTSYS_CHARDEV_H */
