/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How things are in the end: whatever was done, or when nothing was. Include it
 * behind agents.h.
 */
#ifndef TESTS_LIB_ENDING_H
#define TESTS_LIB_ENDING_H

#include <libasm.h>

/*
 * Shut down; then nothing lives, the totals add up, and every record is on the list,
 * has ended, adds up too, and can be removed.
 */
static inline void expect_all_ended(struct __test_metadata *_metadata, struct agents *a)
{
	struct agentsys_system system;
	struct agentsys_info **list;
	ssize_t n;

	ASSERT_EQ(0, agentsys_shutdown(a->h, 100, AGENTSYS_WAIT, NULL, NULL));
	system = look_system(a->h);
	EXPECT_EQ(0, system.active);
	EXPECT_EQ(system.spawns, system.exits);
	EXPECT_EQ(0, system.launcher_pid);
	EXPECT_EQ(0, count_cgroups());

	n = agentsys_list(a->h, &list);
	EXPECT_EQ(system.agents, n);
	for (ssize_t i = 0; i < n; i++) {
		EXPECT_TRUE(list[i]->state == AGENTSYS_EXITED || list[i]->state == AGENTSYS_FAILED);
		EXPECT_EQ(0, list[i]->pid);
		EXPECT_EQ(list[i]->spawns, list[i]->exits);
		EXPECT_LE(list[i]->crashes, list[i]->exits);
		EXPECT_OK(a->h, agentsys_remove(a->h, list[i]->id));
	}
	agentsys_list_free(list);
	EXPECT_EQ(0, look_system(a->h).agents);
	n = agentsys_list(a->h, &list);
	EXPECT_EQ(0, n);
	agentsys_list_free(list);
}

/* Nothing has come of anything since then, but for events. */
static inline bool as_before(struct agents *a, const struct agentsys_system *before)
{
	struct agentsys_system now = look_system(a->h);

	if (now.agents == before->agents && now.active == before->active &&
	    now.spawns == before->spawns && now.exits == before->exits &&
	    now.crashes == before->crashes && now.faults == before->faults &&
	    now.restarts == before->restarts && !count_cgroups())
		return true;
	fprintf(stderr, "# left: %d records, %d live, %d cgroups\n",
		(int)(now.agents - before->agents), (int)(now.active - before->active),
		count_cgroups());
	return false;
}

#endif
