/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where systemd has started us, it is told how we are. Nothing of this does anything
 * where it has not.
 */
#ifndef ASMD_SYSTEMD_H
#define ASMD_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>

/* Keep a copy of this socket, which a daemon after us inherits; and is it that which will? */
void systemd_keep(int fd);
bool systemd_keeps(void);

/* We hear and do what we are there for; from now on it gets signs of life, if it wants them. */
void systemd_ready(void);

/* So many agents are known. */
void systemd_status(size_t agents);

/* We are about to end. */
void systemd_stopping(void);

#endif
