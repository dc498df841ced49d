/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of ends, as people write them: "2-5 TEMPFAIL SIGHUP oom".
 */
#ifndef ASMCTL_ENDINGS_H
#define ASMCTL_ENDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "libasm.h"

/* Enough for every set. */
#define ENDINGS_MAX 2048

/**
 * struct endings - ways in which an instance may end
 * @codes: exit codes, n is bit n % 64 of word n / 64
 * @signals: n is bit n - 1
 * @causes: enum agentsys_cause n is bit n
 */
struct endings {
	uint64_t codes[AGENTSYS_CODE_WORDS];
	uint64_t signals;
	uint32_t causes;
};

/*
 * With blanks or commas between: exit codes, ranges of them, those of sysexits.h by their
 * names, and signals by theirs; with @causes also oom, fault, link and launch. "" is none.
 */
bool parse_endings(const char *text, bool causes, struct endings *endings);

bool endings_none(const struct endings *endings);

/* "2-5, 75, SIGHUP, oom" */
const char *format_endings(const struct endings *endings, char buf[ENDINGS_MAX]);

#endif
