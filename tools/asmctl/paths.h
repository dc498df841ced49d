/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module takes absolute paths only: these make them, and exit if they
 * cannot. The results are the caller's.
 */
#ifndef ASMCTL_PATHS_H
#define ASMCTL_PATHS_H

/* Below the working directory, if it is relative. */
char *path_absolute(const char *path);

/*
 * Without links: they are followed now, by whoever asks, and not later, when
 * the agent could have put others there. What does not exist yet keeps its name.
 */
char *path_resolved(const char *path);

/* A program as the shell finds it; NULL if PATH does not lead to it. */
char *path_of_program(const char *name);

#endif
