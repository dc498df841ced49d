/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-only */
/*
 * Text for people. Programs read the numbers beside it.
 *
 * Names of what is unknown are "unknown", never NULL.
 */
#ifndef AGENTSYS_CORE_NAMES_H
#define AGENTSYS_CORE_NAMES_H

#include "env.h"

/* Enough for every sentence below, with its terminator. */
#define AGENTSYS_EVENT_TEXT_MAX 128

const char *agentsys_state_name(u32 state);
const char *agentsys_cause_name(u32 cause);
const char *agentsys_restart_name(u32 condition);
const char *agentsys_backoff_name(u32 kind);
const char *agentsys_circuit_name(u32 circuit);
const char *agentsys_backend_name(u32 backend);
const char *agentsys_auto_shutdown_name(u32 when);
const char *agentsys_decision_name(u32 decision);
const char *agentsys_strategy_name(u32 strategy);
const char *agentsys_relation_name(u32 kind);
const char *agentsys_event_name(u32 type);
const char *agentsys_fault_name(u32 fault); /* CpuQuota */
const char *agentsys_fault_text(u32 fault); /* "CPU quota exceeded" */
const char *agentsys_recover_name(u32 action);
const char *agentsys_preset_name(u32 preset);
const char *agentsys_limit_name(u32 limit);

/* Back again, in upper or lower case: what is unknown is the number behind the last one. */
u32 agentsys_fault_number(const char *name);
u32 agentsys_limit_number(const char *name);
u32 agentsys_recover_number(const char *name);
u32 agentsys_preset_number(const char *name);

/* A phrase for "<phrase>: <error>", as "cannot open standard output". */
const char *agentsys_step_text(u32 step);

/* What strerror() says, for the errors a launch can end with; else NULL. */
const char *agentsys_error_text(u32 error);

/* These return what snprintf would: "cannot execute the program: Permission denied", */
int agentsys_launch_text(u32 step, u32 error, char *buf, size_t len);

/* "signal 11", "code 3", "out of memory", */
int agentsys_end_text(u32 cause, s32 code, char *buf, size_t len);

/* and "Agent 103 exited (code 0)". */
int agentsys_event_text(const struct agentsys_event *event, char *buf, size_t len);

#endif /* AGENTSYS_CORE_NAMES_H */
