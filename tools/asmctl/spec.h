/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options that make up a spec, shared by the commands that take some of them.
 */
#ifndef ASMCTL_SPEC_H
#define ASMCTL_SPEC_H

#include "asmctl.h"

enum spec_option {
	OPT_ID = OPT_FIRST,
	OPT_NAME,
	OPT_RESTART,
	OPT_MAX_RESTARTS,
	OPT_BACKOFF,
	OPT_BACKOFF_KIND,
	OPT_JITTER,
	OPT_STABLE,
	OPT_BREAKER,
	OPT_SUCCESS_STATUS,
	OPT_PREVENT_STATUS,
	OPT_TRAPS,
	OPT_STOP_SIGNAL,
	OPT_STOP_TIMEOUT,
	OPT_MEMORY_MAX,
	OPT_MEMORY_HIGH,
	OPT_CPU,
	OPT_PIDS_MAX,
	OPT_WATCHDOG,
	OPT_LIMIT,
	OPT_NICE,
	OPT_OOM_SCORE_ADJ,
	OPT_RLIMIT,
	OPT_BACKEND,
	OPT_ROOTFS, /* OPT_BUNDLE and OPT_IMAGE follow it */
	OPT_BUNDLE,
	OPT_IMAGE,
	OPT_MOUNT,
	OPT_NETWORK,
	OPT_READ_ONLY,
	OPT_SPEC_END, /* a command's own from here */
};

/* clang-format off */
#define OPTIONS_IDENTITY                                                               \
	{ OPT_ID, "id", "ID", "its id (default: the next free one from 1000)" },       \
	{ OPT_NAME, "name", "NAME", "its name" }

#define OPTIONS_RESTART                                                                \
	{ OPT_RESTART, "restart", "WHEN",                                              \
	  "never, on-failure, on-abnormal or always; also no,\n"                       \
	  "temporary; transient; permanent, which is always, unlike\n"                 \
	  "the strategy of a group that is called so" },                               \
	{ OPT_MAX_RESTARTS, "max-restarts", "N", "how often in its life, or infinity" }, \
	{ OPT_BACKOFF, "backoff", "MS[:MAX]",                                          \
	  "wait before the first restart, growing up to MAX;\n"                        \
	  "milliseconds, or durations as 100ms, 2s" },                                 \
	{ OPT_BACKOFF_KIND, "backoff-kind", "KIND",                                    \
	  "exponential (default), linear, constant, or adaptive:\n"                    \
	  "the longer, the sooner it fails" },                                         \
	{ OPT_JITTER, "jitter", "PERCENT", "make each wait longer at random, by up to this" }, \
	{ OPT_STABLE, "stable", "DURATION",                                            \
	  "the wait starts anew after a run of this length\n"                          \
	  "(default 60s)" },                                                           \
	{ OPT_BREAKER, "breaker", "N[:DURATION]",                                      \
	  "after N restarts in a row without a stable run wait for\n"                  \
	  "this long (default 60s) instead; 0 is never" },                             \
	{ OPT_SUCCESS_STATUS, "success-status", "LIST",                                \
	  "exit codes and signals that are no failure, as\n"                           \
	  "\"2 10-12 TEMPFAIL SIGHUP\"" },                                             \
	{ OPT_PREVENT_STATUS, "prevent-status", "LIST",                                \
	  "those after which it is never restarted; also oom, fault,\n"                 \
	  "link and launch" },                                                              \
	{ OPT_TRAPS, "traps", "yes|no",                                                \
	  "survive crashes of agents that it is linked to, and be\n"                   \
	  "told of them (default no)" }

#define OPTIONS_STOP                                                                   \
	{ OPT_STOP_SIGNAL, "stop-signal", "SIGNAL", "what asks it to end (default TERM)" }, \
	{ OPT_STOP_TIMEOUT, "stop-timeout", "DURATION",                                \
	  "until it is killed, as 500ms, 10s (default 10s); infinity\n"                \
	  "never kills it, kill or 0 does at once" }

#define OPTIONS_LIMITS                                                                 \
	{ OPT_MEMORY_MAX, "memory-max", "SIZE", "memory, as 100M; beyond it is killed" }, \
	{ OPT_MEMORY_HIGH, "memory-high", "SIZE", "memory beyond which it is slowed down" }, \
	{ OPT_CPU, "cpu", "SHARE", "CPU time: 50%, 200% (two CPUs), or QUOTA/PERIOD in us" }, \
	{ OPT_PIDS_MAX, "pids-max", "N", "processes and threads" },                    \
	{ OPT_WATCHDOG, "watchdog", "TIME", "without a sign of life, as 30s; longer is a fault" }

#define OPTION_LIMIT                                                                   \
	{ OPT_LIMIT, "limit", "NAME=VALUE",                                            \
	  "these and all other limits, as syscall_rate=1000, see\n"                    \
	  "asmctl limits; may be repeated" }
/* clang-format on */

/* Take @key with @arg into @spec if it is one of the above; exits if @arg is wrong. */
bool take_spec_option(struct agentsys_spec *spec, int key, const char *arg);

struct agentsys_spec *new_spec(void);

/* "yes" or "no"; exits if @arg is neither. */
bool take_yes_no(const char *arg);

/* What --backoff says; exits if @arg is wrong. */
void take_backoff(const char *arg, uint32_t *initial_ms, uint32_t *max_ms);

/* Would @name, that nobody chose, do as the name of an agent? */
bool name_fits(const char *name);

/* For the results of the library's builders, which fail for memory only. */
void need_memory(int ret);

/* Why a start did not succeed, with the exit status for that. */
int start_failed(struct agentsys *h, int error, const char *what);

#endif
