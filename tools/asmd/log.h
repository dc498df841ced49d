/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon says: to syslog, and to standard error.
 */
#ifndef ASMD_LOG_H
#define ASMD_LOG_H

#include <stdbool.h>
#include <syslog.h>

void log_init(bool verbose);

/* @priority is one of syslog(3). */
__attribute__((format(printf, 2, 3))) void say(int priority, const char *format, ...);

/* Say it, and exit: whoever has started the daemon starts it again. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/* @memory, which there was some of. */
void *need(void *memory);

#endif
