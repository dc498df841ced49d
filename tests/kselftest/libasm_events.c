// SPDX-License-Identifier: GPL-2.0-only
/* vm: params="ring_size=256" timeout=120 */
/* libasm: events come once each and in order, and what is lost is counted. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include <libasm.h>

#define RING 256

static int make_agent(struct agentsys *h, uint32_t id)
{
	const char *args[] = { "/bin/sleep", "1000", NULL };
	struct agentsys_spec *spec = agentsys_spec_new();
	int ret;

	agentsys_spec_set_args(spec, args);
	agentsys_spec_set_id(spec, id);
	agentsys_spec_set_name(spec, "a name that is longer");
	ret = agentsys_spawn(h, spec, AGENTSYS_WAIT, NULL);
	agentsys_spec_free(spec);
	return ret;
}

/* Two events each. */
static void make_events(struct agentsys *h, uint32_t id, int rounds)
{
	while (rounds--) {
		agentsys_pause(h, id);
		agentsys_resume(h, id);
	}
}

static uint64_t last_seq(struct agentsys *h)
{
	struct agentsys_system *system;
	uint64_t seq;

	if (agentsys_system(h, &system))
		return 0;
	seq = system->events;
	agentsys_system_free(system);
	return seq;
}

FIXTURE(events)
{
	struct agentsys *h;
	struct agentsys_events *sub;
	struct agentsys_event event;
	uint64_t lost;
};

FIXTURE_SETUP(events)
{
	ASSERT_EQ(0, agentsys_open(&self->h));
	ASSERT_EQ(0, make_agent(self->h, 100));
	self->sub = NULL;
}

FIXTURE_TEARDOWN(events)
{
	agentsys_events_close(self->sub);
	agentsys_kill(self->h, 100, AGENTSYS_WAIT);
	agentsys_remove(self->h, 100);
	agentsys_close(self->h);
}

#define NEXT(timeout) agentsys_events_next(self->sub, &self->event, &self->lost, timeout)

TEST_F(events, only_new_ones)
{
	uint64_t before = last_seq(self->h);

	ASSERT_EQ(0, agentsys_events_open(&self->sub, AGENTSYS_EVENTS_NEW));
	EXPECT_EQ(0, NEXT(0));
	EXPECT_EQ(0, NEXT(50));
	make_events(self->h, 100, 1);
	ASSERT_EQ(1, NEXT(5000));
	EXPECT_EQ(before + 1, self->event.seq);
	EXPECT_EQ(AGENTSYS_EVENT_PAUSE, self->event.type);
	EXPECT_EQ(100, self->event.agent_id);
	EXPECT_EQ(0, memcmp(self->event.name, "a name that is l", 16));
	EXPECT_NE(0, self->event.pid);
	EXPECT_EQ(0, self->lost);
	ASSERT_EQ(1, NEXT(5000));
	EXPECT_EQ(AGENTSYS_EVENT_RESUME, self->event.type);
	EXPECT_EQ(0, NEXT(0));
}

TEST_F(events, replay_and_then_new_ones)
{
	uint64_t seq, before;

	make_events(self->h, 100, 5);
	before = last_seq(self->h);
	ASSERT_EQ(0, agentsys_events_open(&self->sub, before - 4));
	make_events(self->h, 100, 5);
	for (seq = before - 3; seq <= before + 10; seq++) {
		ASSERT_EQ(1, NEXT(5000));
		EXPECT_EQ(seq, self->event.seq);
		EXPECT_EQ(0, self->lost);
	}
	EXPECT_EQ(0, NEXT(100));
}

TEST_F(events, replay_of_all)
{
	make_events(self->h, 100, RING);
	ASSERT_EQ(0, agentsys_events_open(&self->sub, 0));
	ASSERT_EQ(1, NEXT(0));
	/* What was overwritten before anybody asked is not lost to him. */
	EXPECT_EQ(0, self->lost);
	EXPECT_EQ(last_seq(self->h) - RING + 1, self->event.seq);
	for (int i = 1; i < RING; i++) {
		ASSERT_EQ(1, NEXT(0));
		EXPECT_EQ(0, self->lost);
	}
	EXPECT_EQ(0, NEXT(0));
}

TEST_F(events, replay_after_a_loss)
{
	uint64_t before = last_seq(self->h);

	make_events(self->h, 100, RING);
	ASSERT_EQ(0, agentsys_events_open(&self->sub, before));
	ASSERT_EQ(1, NEXT(0));
	EXPECT_EQ(RING, self->lost);
	EXPECT_EQ(before + RING + 1, self->event.seq);
}

TEST_F(events, number_of_another_life)
{
	ASSERT_EQ(0, agentsys_events_open(&self->sub, 1000000000));
	EXPECT_EQ(1, NEXT(0));
	make_events(self->h, 100, 1);
	EXPECT_EQ(1, NEXT(5000));
}

TEST_F(events, poll)
{
	struct pollfd fd;

	ASSERT_EQ(0, agentsys_events_open(&self->sub, AGENTSYS_EVENTS_NEW));
	fd.fd = agentsys_events_fd(self->sub);
	fd.events = POLLIN;
	EXPECT_EQ(0, NEXT(0));
	make_events(self->h, 100, 1);
	/* News of what was there before may come late, and is none. */
	do {
		ASSERT_EQ(1, poll(&fd, 1, 5000));
	} while (NEXT(0) != 1);
}

/* A socket that holds a handful only: what it drops is in the ring still. */
TEST_F(events, slow_reader)
{
	uint64_t before = last_seq(self->h);
	int size = 1;

	ASSERT_EQ(0, agentsys_events_open(&self->sub, AGENTSYS_EVENTS_NEW));
	ASSERT_EQ(0, setsockopt(agentsys_events_fd(self->sub), SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	make_events(self->h, 100, RING / 4);
	usleep(500000 * vm_scale());
	for (int i = 1; i <= RING / 2; i++) {
		ASSERT_EQ(1, NEXT(5000));
		EXPECT_EQ(before + i, self->event.seq);
		EXPECT_EQ(0, self->lost);
	}
	EXPECT_EQ(0, NEXT(0));

	/* Twice the ring: the first half of it is gone for good, and counted. */
	before = last_seq(self->h);
	make_events(self->h, 100, RING);
	usleep(500000 * vm_scale());
	{
		uint64_t got = 0, lost = 0, at = before;

		while (at < before + 2 * RING && NEXT(5000) == 1) {
			got++;
			lost += self->lost;
			EXPECT_EQ(at + self->lost + 1, self->event.seq);
			at = self->event.seq;
		}
		EXPECT_EQ(0, NEXT(0));
		EXPECT_EQ(2 * RING, got + lost);
		EXPECT_EQ(before + 2 * RING, at);
		EXPECT_LE(RING, got);
		EXPECT_LT(0, lost);
	}
	make_events(self->h, 100, 1);
	EXPECT_EQ(1, NEXT(5000));
	EXPECT_EQ(0, self->lost);
}

static void on_alarm(int signal)
{
}

TEST_F(events, interrupted)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	/* Again and again: on a busy machine the first one may come before the wait. */
	struct itimerval soon = { .it_value.tv_usec = 200000, .it_interval.tv_usec = 200000 };
	struct itimerval never = { 0 };

	ASSERT_EQ(0, agentsys_events_open(&self->sub, AGENTSYS_EVENTS_NEW));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	EXPECT_EQ(-EINTR, NEXT(-1));
	setitimer(ITIMER_REAL, &never, NULL);
	make_events(self->h, 100, 1);
	EXPECT_EQ(1, NEXT(5000));
}

TEST_F(events, text)
{
	char text[128];

	ASSERT_EQ(0, agentsys_events_open(&self->sub, AGENTSYS_EVENTS_NEW));
	agentsys_kill(self->h, 100, AGENTSYS_WAIT);
	ASSERT_EQ(1, NEXT(5000));
	agentsys_event_text(&self->event, text, sizeof(text));
	EXPECT_STREQ("Agent 100 killed", text);
	ASSERT_EQ(1, NEXT(5000));
	EXPECT_STREQ("exit", agentsys_event_name(self->event.type));
	EXPECT_STREQ("kill", agentsys_cause_name(self->event.cause));
}

TEST_HARNESS_MAIN
