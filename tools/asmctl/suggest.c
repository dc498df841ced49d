// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "asmctl.h"

#define LENGTH_MAX 32 /* longer words are nothing that anybody mistyped */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
	size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > LENGTH_MAX || n > LENGTH_MAX)
		return LENGTH_MAX;
	for (size_t i = 0; i <= m; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= m; i++)
		for (size_t j = 1; j <= n; j++) {
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[m][n];
}

const char *nearest(const char *name, const char *const names[], size_t n)
{
	/* A third of it may be wrong, but at most three letters. */
	size_t best = least(strlen(name) / 3 + 1, 3) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t distance = edit_distance(name, names[i]);

		/* Or it was not typed to its end. */
		if (strlen(name) >= 2 && !strncmp(name, names[i], strlen(name)))
			distance = 0;
		if (distance < best) {
			best = distance;
			found = names[i];
		}
	}
	return found;
}
