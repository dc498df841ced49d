/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What root asks for: a JSON object on a line, answered by one, on a stream socket.
 *
 *	{"do": "ping"}
 *	{"do": "list"}			also with "id": that agent alone, if it is known
 *	{"do": "notify", "id": 100}	it is one that notifies: not healthy before it is ready
 *	{"do": "check", "id": 100, "checks": [...]}	none at all if it is empty
 *
 * An answer has "error" if it could not be done, a line for a person, and "errno".
 */
#ifndef ASMD_CONTROL_H
#define ASMD_CONTROL_H

#define CONTROL_SOCKET "/run/agentsys/asmd.socket"

void control_init(void);

#endif
