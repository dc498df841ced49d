/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers that come back: the seed is fixed, printed, and may be given as argument. */
#ifndef AGENTSYS_TESTS_CORE_RANDOM_H
#define AGENTSYS_TESTS_CORE_RANDOM_H

#include <stdio.h>
#include <stdlib.h>

#define CORE_RANDOM_SEED	20251116ULL

static unsigned long long core_random_state = CORE_RANDOM_SEED;

static inline void core_random_init(int argc, char **argv)
{
	if (argc > 1)
		core_random_state = strtoull(argv[1], NULL, 0);
	printf("# random seed %llu\n", core_random_state);
	fflush(stdout);
}

/* splitmix64 */
static inline unsigned long long core_random(void)
{
	unsigned long long z = core_random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline unsigned int core_random_below(unsigned int n)
{
	return (unsigned int)(core_random() % n);
}

/* A number of random magnitude, so that small ones and the edges come up too. */
static inline unsigned int core_random_u32(void)
{
	return (unsigned int)core_random() >> core_random_below(32);
}

#endif /* AGENTSYS_TESTS_CORE_RANDOM_H */
