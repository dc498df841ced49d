/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon knows outlives it, in a file below /run.
 */
#ifndef ASMD_STATE_H
#define ASMD_STATE_H

#define RUN_DIR "/run/agentsys"

/* Take up what the one before has left. */
void state_load(void);

/* There is something new to keep: soon, so that one who chatters costs little. */
void state_changed(void);

/* Now. */
void state_save(void);

#endif
