/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How things look, to people and to programs.
 */
#ifndef ASMCTL_FORMAT_H
#define ASMCTL_FORMAT_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "libasm.h"

/* Enough for everything that format_*() writes. */
#define FORMAT_MAX 48

/* "3d 4h", "2h 05m", "1m 09s", "12s", "0.4s". */
const char *format_duration(uint64_t ns, char buf[FORMAT_MAX]);

/* "100ms", "1.5s", "2m", "1m 30s": exact */
const char *format_ms(uint32_t ms, char buf[FORMAT_MAX]);

/* "12.5M" */
const char *format_bytes(uint64_t bytes, char buf[FORMAT_MAX]);

/* "1.25s" of CPU time */
const char *format_cpu(uint64_t us, char buf[FORMAT_MAX]);

/* "SIGTERM", or "signal 40" */
const char *format_signal(int signal, char buf[FORMAT_MAX]);

/* "2/3", or "2/inf": how many of the allowed restarts are used. */
const char *format_restarts(const struct agentsys_info *info, char buf[FORMAT_MAX]);

/* "3", or "unlimited": restarts that are allowed. */
const char *format_max_restarts(uint32_t n, char buf[FORMAT_MAX]);

/* "5 in 60s": the budget of a group. */
const char *format_budget(const struct agentsys_group *group, char buf[FORMAT_MAX]);

/* "100ms to 30000ms", "100ms to 30000ms, linear": the backoff of a group. */
const char *format_backoff(const struct agentsys_group *group, char buf[FORMAT_MAX]);

/* "60s", "500ms" */
const char *format_window(uint32_t ms, char buf[FORMAT_MAX]);

/* "exit 3", "SIGSEGV", "fault: ProcessLimit": how the last instance ended, "" if none has. */
const char *format_end(const struct agentsys_info *info, char buf[FORMAT_MAX]);

/* "exit 3", "SIGTERM": what wait() would tell of the last one, "-" if there was none. */
const char *format_status(const struct agentsys_info *info, char buf[FORMAT_MAX]);

/* "2026-11-20 18:22:11.608": CLOCK_BOOTTIME as time of day, if the clock was right all along. */
void format_time(uint64_t boot_ns, char *buf, size_t size);

/* CLOCK_BOOTTIME, in nanoseconds. */
uint64_t boot_time(void);

/* ---- colours, which are "" unless a terminal wants them ---- */

enum colour {
	PLAIN,
	BOLD,
	DIM,
	RED,
	GREEN,
	YELLOW,
	CYAN,
};

const char *colour(enum colour colour);
const char *colour_end(void);
enum colour colour_of_state(const struct agentsys_info *info);
enum colour colour_of_group(const struct agentsys_group *group);

/* "active", "active (paused)" */
const char *format_state(const struct agentsys_info *info, char buf[FORMAT_MAX]);

/* ---- tables ---- */

/**
 * struct cell - a place in a table
 * @text: what stands there; copied
 * @colour: and how
 */
struct cell {
	const char *text;
	enum colour colour;
};

/* A column's title; "-" in front of it puts the column to the right. */
struct table;
struct table *table_new(const char *const titles[], size_t columns);
void table_add(struct table *table, const struct cell *cells);
/* Prints and frees it. */
void table_print(struct table *table);

/* Columns that @text takes on a terminal. */
size_t display_width(const char *text);

/* Pad with blanks up to @width columns; does not cut. */
void print_padded(const char *text, size_t width);

/* ---- JSON ---- */

struct json_object *json_of_agent(const struct agentsys_info *info);
struct json_object *json_of_ended(const struct agentsys_info *info);
struct json_object *json_of_group(const struct agentsys_group *group);
struct json_object *json_of_past(const struct agentsys_past *past);
struct json_object *json_of_event(const struct agentsys_event *event);
struct json_object *json_of_system(const struct agentsys_system *system);

/* Prints @object, indented or in one line, and frees it. */
void print_json(struct json_object *object);
void print_json_line(struct json_object *object);

#endif
