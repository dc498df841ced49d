/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * While a shutdown takes long: who is still waited for, on a terminal.
 */
#ifndef ASMCTL_PROGRESS_H
#define ASMCTL_PROGRESS_H

struct progress;

/* NULL if standard error is no terminal. */
struct progress *progress_begin(void);

/* Leaves nothing on the terminal; takes NULL. */
void progress_end(struct progress *progress);

#endif
