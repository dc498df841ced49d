/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What agents say of themselves by sd_notify(): agents that are made for systemd work
 * unchanged.
 */
#ifndef ASMD_NOTIFY_H
#define ASMD_NOTIFY_H

void notify_init(void);

#endif
