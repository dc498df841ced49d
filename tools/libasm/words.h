/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Lists of strings that grow.
 */
#ifndef LIBASM_WORDS_H
#define LIBASM_WORDS_H

#include <stddef.h>

/* Begins as zeros. */
struct words {
	char **at;
	size_t n;
};

/* Append a copy of @s. Error: -ENOMEM. */
int words_add(struct words *words, const char *s);

/* Make it empty again. */
void words_clear(struct words *words);

#endif
