/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of limits share. Include it behind agents.h. */
#ifndef TESTS_LIB_LIMITS_H
#define TESTS_LIB_LIMITS_H

/* A limit of an agent, or of new ones with an @id of 0. */
static inline uint64_t limit_of(struct agents *a, uint32_t id, uint32_t limit)
{
	struct agentsys_limits_info *limits;
	uint64_t max;

	MUST(!agentsys_limits_get(a->h, id, &limits));
	max = limits->max[limit];
	agentsys_limits_free(limits);
	return max;
}

/* What is used of it; 0 where that is not known. */
static inline uint64_t use_of(struct agents *a, uint32_t id, uint32_t limit)
{
	struct agentsys_limits_info *limits;
	uint64_t used;

	MUST(!agentsys_limits_get(a->h, id, &limits));
	used = limits->known[limit] ? limits->used[limit] : 0;
	agentsys_limits_free(limits);
	return used;
}

static inline int set_limit(struct agents *a, uint32_t id, uint32_t limit, uint64_t max)
{
	struct agentsys_limit_change change = { limit, max };

	return agentsys_limits_set(a->h, id, &change, 1);
}

static inline int set_default(struct agents *a, uint32_t limit, uint64_t max)
{
	struct agentsys_limit_change change = { limit, max };

	return agentsys_limits_default(a->h, AGENTSYS_LIMITS_KEEP, &change, 1);
}

#define EXPECT_FILE(id, name, expected) do {			\
	char __text[64];					\
								\
	EXPECT_GT(read_cgroup(id, name, __text, sizeof(__text)), 0);	\
	EXPECT_STREQ(expected "\n", __text);			\
} while (0)

static inline bool is_file(uint32_t id, const char *name, const char *expected)
{
	size_t length = strlen(expected);
	char text[64];

	return read_cgroup(id, name, text, sizeof(text)) > 0 &&
	       !strncmp(text, expected, length) && text[length] == '\n';
}

#endif
