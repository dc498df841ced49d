// SPDX-License-Identifier: LGPL-2.1-only
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void words_clear(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->at[i]);
	free(words->at);
	*words = (struct words){ NULL };
}

int words_add(struct words *words, const char *s)
{
	/* Doubles whenever the number is a power of two. */
	if (!(words->n & (words->n - 1))) {
		size_t room = words->n ? 2 * words->n : 1;
		char **at = realloc(words->at, room * sizeof(*at));

		if (!at)
			return -ENOMEM;
		words->at = at;
	}
	words->at[words->n] = strdup(s);
	if (!words->at[words->n])
		return -ENOMEM;
	words->n++;
	return 0;
}
