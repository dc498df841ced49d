// SPDX-License-Identifier: GPL-2.0-only
/*
 * The word that was meant: the distance of two words, against the definition of
 * it, and that the nearest one is no farther than any other.
 *
 * fuzz: -max_len=64 -runs=60000
 */
#include "fuzz.h"

#include "../../tools/asmctl/suggest.c"

#define SHORT	4
#define WORDS	4

/* As it is defined, which takes for ever with longer words. */
static size_t naive_distance(const char *a, size_t m, const char *b, size_t n)
{
	size_t distance;

	if (!m || !n)
		return m + n;
	distance = naive_distance(a, m - 1, b, n - 1) + (a[m - 1] != b[n - 1]);
	distance = least(distance, naive_distance(a, m - 1, b, n) + 1);
	distance = least(distance, naive_distance(a, m, b, n - 1) + 1);
	if (m > 1 && n > 1 && a[m - 1] == b[n - 2] && a[m - 2] == b[n - 1])
		distance = least(distance, naive_distance(a, m - 2, b, n - 2) + 1);
	return distance;
}

static void check_distance(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b), distance = edit_distance(a, b);

	CHECK(distance == edit_distance(b, a));
	CHECK(distance <= (m > n ? m : n) || m > LENGTH_MAX || n > LENGTH_MAX);
	if (m <= LENGTH_MAX && n <= LENGTH_MAX) {
		CHECK(distance >= (m > n ? m - n : n - m));
		CHECK(!distance == !strcmp(a, b));
	}
	if (m <= SHORT && n <= SHORT)
		CHECK(distance == naive_distance(a, m, b, n));
}

static void check_nearest(const char *name, const char *const words[])
{
	const char *found = nearest(name, words, WORDS);
	size_t len = strlen(name);

	for (int i = 0; i < WORDS; i++) {
		bool begun = len >= 2 && !strncmp(name, words[i], len);

		CHECK(found || (!begun && strcmp(name, words[i])));
		if (found && strncmp(name, found, len < 2 ? 2 : len))
			CHECK(!begun && edit_distance(name, found) <=
					edit_distance(name, words[i]));
	}
	if (found && strncmp(name, found, len))
		CHECK(edit_distance(name, found) <= len / 3 + 1 && edit_distance(name, found) <= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	char *words[WORDS], *name;

	name = fuzz_string(&in, fuzz_u8(&in) % 40);
	for (int i = 0; i < WORDS; i++) {
		words[i] = fuzz_string(&in, fuzz_u8(&in) % (i ? 8 : 40));
		check_distance(name, words[i]);
	}
	check_nearest(name, (const char *const *)words);
	for (int i = 0; i < WORDS; i++)
		free(words[i]);
	free(name);
	return 0;
}
