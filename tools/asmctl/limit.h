/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits as people write and read them.
 */
#ifndef ASMCTL_LIMIT_H
#define ASMCTL_LIMIT_H

#include "format.h"

/* A share of the CPU is two limits, a quota and its period. */
#define LIMIT_PARTS 2

/*
 * "memory_max=200M", "cpu=50%", "watchdog=30s", "messages=infinity". How many limits it
 * says something about; 0 if it cannot be read, and then @why is what to say behind the text.
 */
size_t parse_limit(const char *text, struct agentsys_limit_change parts[LIMIT_PARTS],
		   const char **why);

/* "200M", "30s" for a @limit that there is. */
bool parse_limit_value(uint32_t limit, const char *text, uint64_t *n);

/* "200M", "50%", "30s", "1000": @n of a limit of which the CPU's period is @period_us. */
const char *format_limit(uint32_t limit, uint64_t n, uint64_t period_us, char buf[FORMAT_MAX]);

/* Is it told with another one? */
bool is_part(uint32_t limit);

/* "cpu" for the quota, else the limit's own name. */
const char *limit_title(uint32_t limit);

/* "CPU", "Memory High": for a page. */
const char *limit_words(uint32_t limit);

/* A page's part "Limits": each that the agent has, with what is used of it. */
void print_limits(struct agentsys *h, uint32_t id);

#endif
