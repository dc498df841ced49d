/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What agents say of themselves by sd_notify(): agents that are made for systemd work
 * unchanged.
 */
#ifndef ASMD_NOTIFY_H
#define ASMD_NOTIFY_H

/* Have the socket, so that what is said waits in there; and hear it. */
void notify_init(void);
void notify_begin(void);

/* The daemon ends. */
void notify_end(void);

#endif
