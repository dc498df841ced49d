// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "limit.h"

/* Each with what is used of it, and how much that is. */
static void print_limit(const struct agentsys_limits_info *limits, uint32_t limit)
{
	uint64_t period_us = limits->max[AGENTSYS_LIMIT_CPU_PERIOD];
	char max[FORMAT_MAX], used[FORMAT_MAX], title[FORMAT_MAX];

	snprintf(title, sizeof(title), "%s:", limit_words(limit));
	printf("  %-14s %s", title, format_limit(limit, limits->max[limit], period_us, max));
	if (limit == AGENTSYS_LIMIT_CPU_QUOTA)
		printf(" (%" PRIu64 "/%" PRIu64 " μs)", limits->max[limit], period_us);
	if (limits->known[limit])
		printf(", used %s, %.0f%%",
		       format_limit(limit, limits->used[limit], period_us, used),
		       100.0 * limits->used[limit] / limits->max[limit]);
	putchar('\n');
}

void print_limits(struct agentsys *h, uint32_t id)
{
	struct agentsys_limits_info *limits;
	bool any = false;

	/* It may have gone meanwhile. */
	if (agentsys_limits_get(h, id, &limits))
		return;
	for (uint32_t i = 0; i < limits->limits; i++) {
		if (!limits->max[i] || is_part(i))
			continue;
		if (!any)
			printf("\nLimits:\n");
		any = true;
		print_limit(limits, i);
	}
	agentsys_limits_free(limits);
}
