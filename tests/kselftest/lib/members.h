/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups of three members, and the order in which these are stopped and started.
 * Include it behind groups.h.
 */
#ifndef TESTS_LIB_MEMBERS_H
#define TESTS_LIB_MEMBERS_H

#define MEMBERS 3

/* MEMBERS members of @group, the first one with id @first. */
static inline void spawn_members(struct __test_metadata *_metadata, struct agents *a,
				 const char *group, uint32_t first)
{
	for (uint32_t i = 0; i < MEMBERS; i++)
		SPAWN(a, member(group, first + i));
}

static inline int stop_member(struct agents *a, uint32_t id)
{
	return agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);
}

/* Members are stopped last to first, and started first to last. */
static inline void check_order(struct __test_metadata *_metadata, struct agents *a, uint64_t from,
			       uint64_t to)
{
	uint32_t stopped = UINT32_MAX, started = 0;
	struct agentsys_events *ring;
	struct agentsys_event event;

	ASSERT_EQ(0, agentsys_events_open(&ring, from));
	while (agentsys_events_next(ring, &event, NULL, 0) == 1 && event.seq <= to) {
		if (event.type == AGENTSYS_EVENT_STOP) {
			EXPECT_LT(event.agent_id, stopped);
			EXPECT_EQ(0, started);
			stopped = event.agent_id;
		} else if (event.type == AGENTSYS_EVENT_RESTART) {
			EXPECT_GT(event.agent_id, started);
			started = event.agent_id;
		}
	}
	agentsys_events_close(ring);
}

#endif
