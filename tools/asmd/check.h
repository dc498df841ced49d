/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Health checks: when they are made, and what follows from how they end. How each kind
 * is made is in check_*.c.
 */
#ifndef ASMD_CHECK_H
#define ASMD_CHECK_H

#include <json-c/json.h>

#include "agents.h"
#include "loop.h"

/* Bounds of what is asked for. */
#define CHECKS_MAX	  8 /* of one agent */
#define CHECK_TARGET_MAX  1024
#define CHECK_TIME_MAX_MS (24 * 60 * 60 * 1000)
#define CHECK_RETRIES_MAX 1000

/* Bytes of why something cannot be checked. */
#define CHECK_WHY_MAX 256

/* Bytes of how a check went. */
#define CHECK_RESULT_MAX 128

enum health {
	HEALTH_STARTING, /* it has not been found healthy yet */
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY, /* it has failed so often in a row that this was reported */
};

struct check;

/**
 * struct check_kind - a kind of check
 * @name: what it is called
 * @needs_target: there is something to say beside the kind
 * @prepare: is what is asked for possible? 0, or -1 and why not; or NULL
 * @begin: begin one; it ends with check_done(), at once perhaps
 * @cancel: let one that has begun come to nothing; or NULL
 */
struct check_kind {
	const char *name;
	bool needs_target;
	int (*prepare)(const char *target, char why[CHECK_WHY_MAX]);
	void (*begin)(struct check *check);
	void (*cancel)(struct check *check);
};

extern const struct check_kind check_process;
extern const struct check_kind check_tcp;
extern const struct check_kind check_http;
extern const struct check_kind check_command;

/**
 * struct check - something that is looked at
 * @next: the agent's next one
 * @agent: whose
 * @kind: what kind
 * @target: of what, see the kind
 * @interval_ms: from the begin of one check to that of the next
 * @timeout_ms: how long one may take
 * @retries: failures in a row that make it unhealthy
 * @start_period_ms: how long failures do not count after a start, until one succeeds
 * @timer: of the next one, or of the end of one that is under way
 * @running: one is under way
 * @began: when the last one began
 * @since: when this instance was first looked at
 * @good: when it was last found well, or @since
 * @health: how it is
 * @failures: in a row
 * @result: how the last one went, "" before the first
 * @work: the kind's own
 */
struct check {
	struct check *next;
	struct agent *agent;
	const struct check_kind *kind;
	char *target;
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint32_t retries;
	uint32_t start_period_ms;
	struct timer timer;
	bool running;
	uint64_t began;
	uint64_t since;
	uint64_t good;
	enum health health;
	uint32_t failures;
	char result[CHECK_RESULT_MAX];
	void *work;
};

/* This is how it went; the kind has cleaned up after itself. */
__attribute__((format(printf, 3, 4))) void check_done(struct check *check, bool good,
						      const char *format, ...);

/* Have an agent checked as @array says, and not as before; -1 and why that cannot be. */
int checks_set(struct agent *agent, struct json_object *array, char why[CHECK_WHY_MAX]);

/* What is checked; with how it went if @all. */
struct json_object *checks_json(const struct agent *agent, bool all);

/* The agent has changed, or has been started @again: go on, or leave off, or begin anew. */
void checks_follow(struct agent *agent, bool again);

/* It is not checked any more. */
void checks_drop(struct agent *agent);

/* "healthy", "unhealthy", "starting"; "down" if it does not run, "none" if nothing tells. */
const char *agent_health(const struct agent *agent);

#endif
