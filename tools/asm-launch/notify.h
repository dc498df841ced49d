/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket on which the helper daemon hears what agents say. It is kept here, so that
 * what is said while the helper is being started again waits in it.
 */
#ifndef ASM_LAUNCH_NOTIFY_H
#define ASM_LAUNCH_NOTIFY_H

/* Before the helper is borne: have the socket, unless somebody else has it. */
void notify_keep(void);

/* In the helper's child: it is to inherit it. */
void notify_give(void);

/* Likewise, and there will be no helper: nobody is to wait for one. */
void notify_give_up(void);

#endif
