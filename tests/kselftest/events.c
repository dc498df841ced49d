// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events as a supervisor's user depends on them: what they say of a whole life,
 * without a gap, to every listener alike; and what is lost is counted exactly.
 *
 * vm: params="ring_size=64" timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <linux/agentsys_netlink.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/wait.h>

#define RING	64

AGENTS_FIXTURE(events);

static struct agentsys_spec *named(struct agentsys_spec *spec, const char *name)
{
	MUST(!agentsys_spec_set_name(spec, name));
	return spec;
}

/* An event each. */
static void make_events(struct agents *a, uint32_t id, int n)
{
	struct agentsys_spec *spec = agentsys_spec_new();

	for (int i = 0; i < n; i++) {
		agentsys_spec_set_max_restarts(spec, i);
		MUST(!agentsys_set(a->h, id, spec));
	}
}

/* ---- a life ---- */

static void expect_event(struct __test_metadata *_metadata, struct agents *a, uint32_t id,
			 const struct agentsys_event *want)
{
	static uint64_t last_time;
	uint64_t last_seq = a->seen;
	struct agentsys_event event = { 0 };

	ASSERT_TRUE(next_event(a, 0, &event));
	EXPECT_EQ(last_seq + 1, event.seq);
	EXPECT_LE(last_time, event.time_ns);
	last_time = event.time_ns;
	EXPECT_EQ(want->type, event.type)
		TH_LOG("%s instead of %s", agentsys_event_name(event.type),
		       agentsys_event_name(want->type));
	EXPECT_EQ(id, event.agent_id);
	EXPECT_EQ(want->pid, event.pid) TH_LOG("%s", agentsys_event_name(event.type));
	EXPECT_EQ(want->cause, event.cause) TH_LOG("%s", agentsys_event_name(event.type));
	EXPECT_EQ(want->code, event.code) TH_LOG("%s", agentsys_event_name(event.type));
	EXPECT_EQ(want->instance, event.instance) TH_LOG("%s", agentsys_event_name(event.type));
	EXPECT_EQ(0, event.action);
	EXPECT_EQ(0, event.limit);
	if (want->value)
		EXPECT_EQ(want->value, event.value);
	EXPECT_EQ(0, memcmp("sixteen bytes ar", event.name, sizeof(event.name)));
}

/* Nobody else is there, so each event of the system is the next one. */
TEST_F(events, whole_life)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SHELL("echo $$; read code; exit $code"),
						AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0);
	int in = piped(spec, 0), out = piped(spec, 1);
	struct agentsys_event want[] = {
		{ .type = AGENTSYS_EVENT_SPAWN, .instance = 1 },
		{ .type = AGENTSYS_EVENT_POLICY, .instance = 1,
		  .code = AGENTSYS_RESTART_ON_FAILURE, .value = 2 },
		{ .type = AGENTSYS_EVENT_PAUSE, .instance = 1 },
		{ .type = AGENTSYS_EVENT_RESUME, .instance = 1 },
		{ .type = AGENTSYS_EVENT_CRASH, .cause = AGENTSYS_CAUSE_EXIT, .code = 9,
		  .instance = 1 },
		{ .type = AGENTSYS_EVENT_RESTART_SCHEDULED, .cause = AGENTSYS_CAUSE_EXIT, .code = 1,
		  .instance = 1 },
		{ .type = AGENTSYS_EVENT_RESTART, .code = 1, .instance = 2 },
		{ .type = AGENTSYS_EVENT_STOP, .code = SIGTERM, .instance = 2, .value = 5000 },
		{ .type = AGENTSYS_EVENT_EXIT, .cause = AGENTSYS_CAUSE_STOP, .code = SIGTERM,
		  .instance = 2 },
		{ .type = AGENTSYS_EVENT_SPAWN, .instance = 3 },
		{ .type = AGENTSYS_EVENT_KILL, .instance = 3 },
		{ .type = AGENTSYS_EVENT_EXIT, .cause = AGENTSYS_CAUSE_KILL, .code = SIGKILL,
		  .instance = 3 },
		{ .type = AGENTSYS_EVENT_REMOVE, .instance = 3 },
	};
	char line[32];
	uint32_t id;
	pid_t pid;

	agentsys_spec_set_stop_timeout(spec, 5000);
	id = SPAWN(a, named(spec, "sixteen bytes are told of a name"));
	ASSERT_TRUE(read_line(out, line, sizeof(line)));
	pid = atoi(line);
	make_events(a, id, 1);
	spec = agentsys_spec_new();
	agentsys_spec_set_max_restarts(spec, 2);
	ASSERT_OK(a->h, agentsys_set(a->h, id, spec));
	ASSERT_OK(a->h, agentsys_pause(a->h, id));
	ASSERT_OK(a->h, agentsys_resume(a->h, id));
	want[0].pid = want[1].pid = want[2].pid = want[3].pid = want[4].pid = pid;
	ASSERT_EQ(2, write(in, "9\n", 2));

	ASSERT_TRUE(read_line(out, line, sizeof(line)));
	pid = atoi(line);
	want[6].pid = want[7].pid = want[8].pid = pid;
	ASSERT_OK(a->h, agentsys_stop(a->h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT));

	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	pid = look(a, id).pid;
	want[9].pid = want[10].pid = want[11].pid = pid;
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));

	expect_event(_metadata, a, id, &want[0]);
	/* That of make_events(). */
	expect_event(_metadata, a, id, &(struct agentsys_event){
		.type = AGENTSYS_EVENT_POLICY, .instance = 1, .pid = want[0].pid,
		.code = AGENTSYS_RESTART_ON_FAILURE });
	for (size_t i = 1; i < ARRAY_SIZE(want); i++)
		expect_event(_metadata, a, id, &want[i]);
	EXPECT_EQ(a->seen, look_system(a->h).events);
}

/* ---- listeners ---- */

TEST_F(events, two_listeners_hear_the_same)
{
	struct agents *a = &self->a;
	struct agentsys_events *other;
	struct agentsys_event one, two;
	uint32_t id;

	ASSERT_EQ(0, agentsys_events_open(&other, a->seen));
	id = SPAWN(a, SHELL("exit 3"));
	do {
		uint64_t lost = 99;

		ASSERT_TRUE(next_event(a, 0, &one));
		ASSERT_EQ(1, agentsys_events_next(other, &two, &lost, PATIENCE_MS));
		EXPECT_EQ(0, memcmp(&one, &two, sizeof(one)));
		EXPECT_EQ(0, lost);
	} while (one.type != AGENTSYS_EVENT_CRASH);
	EXPECT_EQ(id, one.agent_id);
	agentsys_events_close(other);
}

/* A user without any right, before and after the fact. */
TEST_F(events, anyone_may_listen)
{
	struct agents *a = &self->a;
	int ready[2], status;
	uint32_t id;
	pid_t pid;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		struct agentsys_events *events;
		struct agentsys_event event;

		if (setgid(65534) || setuid(65534) ||
		    agentsys_events_open(&events, AGENTSYS_EVENTS_NEW) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		if (agentsys_events_next(events, &event, NULL, PATIENCE_MS) != 1 ||
		    event.type != AGENTSYS_EVENT_SPAWN)
			_exit(2);
		agentsys_events_close(events);
		if (agentsys_events_open(&events, event.seq - 1) ||
		    agentsys_events_next(events, &event, NULL, 0) != 1 ||
		    event.type != AGENTSYS_EVENT_SPAWN)
			_exit(3);
		_exit(0);
	}
	ASSERT_TRUE(readable(ready[0]));
	id = SPAWN(a, SLEEP);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
}

/* ---- replay ---- */

/* One that does nothing but execute programs is told of, and does not fill the ring. */
TEST_F(events, executions_are_told_of_now_and_then)
{
	/* The last one comes late enough to be told of. */
	static const char line[] = "[ $1 = 0 ] && sleep 0.3; [ $1 = -1 ] && exit 0; "
				   "exec /bin/sh -c \"$0\" \"$0\" $(($1 - 1))";
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/sh", "-c", line, line, "100");
	uint64_t count = 0, before_ns = 0;
	struct agentsys_event event;
	uint32_t id;

	id = SPAWN(a, spec);
	NEXT(a, id, SPAWN);
	while (next_event(a, id, &event) && event.type == AGENTSYS_EVENT_EXEC) {
		/* Those that are not told of are counted in the next one that is. */
		EXPECT_LT(count, event.value);
		count = event.value;
		/* A tick may be 10 ms. */
		EXPECT_LE(before_ns + 80000000, event.time_ns);
		before_ns = event.time_ns;
	}
	EXPECT_EQ(AGENTSYS_EVENT_EXIT, event.type);
	EXPECT_EQ(101, count);
}

TEST_F(events, replay_begins_where_it_is_told)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_events *events;
	struct agentsys_event event;
	uint64_t first, last, lost = 0;

	NEXT(a, id, SPAWN);
	first = a->seen;
	make_events(a, id, 20);
	last = first + 20;
	ASSERT_EQ(last, look_system(a->h).events);
	ASSERT_EQ(0, agentsys_events_open(&events, first + 5));
	for (uint64_t seq = first + 6; seq <= last; seq++) {
		ASSERT_EQ(1, agentsys_events_next(events, &event, &lost, 0));
		EXPECT_EQ(seq, event.seq);
		EXPECT_EQ(seq - first - 1, event.value);
		EXPECT_EQ(0, lost);
	}
	EXPECT_EQ(0, agentsys_events_next(events, &event, &lost, 0));
	/* And what comes then follows. */
	make_events(a, id, 1);
	ASSERT_EQ(1, agentsys_events_next(events, &event, &lost, PATIENCE_MS));
	EXPECT_EQ(last + 1, event.seq);
	agentsys_events_close(events);
}

/* The ring has been written over: the last ones are there, the others are counted. */
TEST_F(events, what_was_overwritten_is_counted)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_events *events;
	struct agentsys_event event;
	uint64_t first, last, lost;

	ASSERT_EQ(RING, look_system(a->h).ring_size);
	NEXT(a, id, SPAWN);
	first = a->seen;
	make_events(a, id, 3 * RING + 7);
	last = first + 3 * RING + 7;

	ASSERT_EQ(0, agentsys_events_open(&events, first));
	ASSERT_EQ(1, agentsys_events_next(events, &event, &lost, 0));
	EXPECT_EQ(last - RING + 1, event.seq);
	EXPECT_EQ(2 * RING + 7, lost);
	for (uint64_t seq = event.seq + 1; seq <= last; seq++) {
		ASSERT_EQ(1, agentsys_events_next(events, &event, &lost, 0));
		EXPECT_EQ(seq, event.seq);
		EXPECT_EQ(0, lost);
	}
	EXPECT_EQ(0, agentsys_events_next(events, &event, &lost, 0));
	agentsys_events_close(events);

	/* All that there is: as many as fit. */
	ASSERT_EQ(0, agentsys_events_open(&events, 0));
	for (int i = 0; i < RING; i++)
		ASSERT_EQ(1, agentsys_events_next(events, &event, NULL, 0));
	EXPECT_EQ(last, event.seq);
	EXPECT_EQ(0, agentsys_events_next(events, &event, NULL, 0));
	agentsys_events_close(events);
}

/*
 * A listener whose socket holds a few only, and who does not read meanwhile: nobody
 * waits for it. It gets those that the ring still has, and is told of the rest.
 */
TEST_F(events, slow_listener_loses_and_is_told_how_many)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct agentsys_events *events;
	struct agentsys_event event;
	uint64_t first, last, lost, read = 0, all_lost = 0;
	int small = 2048;

	NEXT(a, id, SPAWN);
	first = a->seen;
	ASSERT_EQ(0, agentsys_events_open(&events, first));
	ASSERT_EQ(0, setsockopt(agentsys_events_fd(events), SOL_SOCKET, SO_RCVBUF, &small,
				sizeof(small)));
	make_events(a, id, 10 * RING);
	/* A life goes on as well: it is no reader's business. */
	ASSERT_OK(a->h, agentsys_restart(a->h, id, NEVER_MS, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	last = look_system(a->h).events;

	while (first + read + all_lost < last) {
		ASSERT_EQ(1, agentsys_events_next(events, &event, &lost, PATIENCE_MS));
		all_lost += lost;
		read++;
		/* Every one is either handed out or counted, in order. */
		ASSERT_EQ(first + read + all_lost, event.seq);
	}
	EXPECT_EQ(last, event.seq);
	EXPECT_GT(all_lost, 0);
	EXPECT_GE(read, RING);
	EXPECT_EQ(0, agentsys_events_next(events, &event, &lost, 0));
	agentsys_events_close(events);
}

/* Who has a socket and no library sees an error where it lost, and the gap in the numbers. */
TEST_F(events, raw_listener_sees_the_gap)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SLEEP);
	struct nl_sock *sock = nl_socket_alloc();
	struct nlattr *attrs[AGENTSYS_E_MAX + 1];
	static char buf[65536];
	int family, group, fd, small = 4096;
	bool overrun = false;
	uint64_t seq, last = 0, gaps = 0;

	ASSERT_EQ(0, genl_connect(sock));
	family = genl_ctrl_resolve(sock, AGENTSYS_GENL_NAME);
	group = genl_ctrl_resolve_grp(sock, AGENTSYS_GENL_NAME, AGENTSYS_MCGRP_EVENTS);
	ASSERT_GT(group, 0);
	ASSERT_EQ(0, nl_socket_add_membership(sock, group));
	fd = nl_socket_get_fd(sock);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	skip_events(a);
	make_events(a, id, RING);
	skip_events(a);	/* all of them were sent to all */

	while (last < a->seen) {
		struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno == ENOBUFS) {
			overrun = true;
			continue;
		}
		if (n < 0 && errno == EAGAIN && overrun) {
			make_events(a, id, 1);	/* it hears again */
			skip_events(a);
			continue;
		}
		ASSERT_GT(n, 0);
		ASSERT_EQ(family, hdr->nlmsg_type);
		ASSERT_EQ(AGENTSYS_NTF_EVENT, ((struct genlmsghdr *)nlmsg_data(hdr))->cmd);
		ASSERT_EQ(0, nlmsg_parse(hdr, GENL_HDRLEN, attrs, AGENTSYS_E_MAX, NULL));
		seq = nla_get_u64(attrs[AGENTSYS_E_SEQ]);
		if (last)
			gaps += seq - last - 1;
		last = seq;
		EXPECT_EQ(id, nla_get_u32(attrs[AGENTSYS_E_AGENT_ID]));
	}
	EXPECT_TRUE(overrun);
	EXPECT_GT(gaps, 0);
	nl_socket_free(sock);
}

/* Both at once, while a reader reads: no event comes twice, none is missing uncounted. */
TEST_F_TIMEOUT(events, reader_and_writers_at_once, 60)
{
	struct agents *a = &self->a;
	uint32_t ids[2] = { SPAWN(a, SLEEP), SPAWN(a, SLEEP) };
	struct agentsys_events *events;
	struct agentsys_event event;
	uint64_t lost, count = 0, first;
	pid_t pids[2];

	skip_events(a);
	first = a->seen;
	ASSERT_EQ(0, agentsys_events_open(&events, first));
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct agents own;

			MUST(!agentsys_open(&own.h));
			make_events(&own, ids[i], 1000);
			_exit(0);
		}
	}
	while (count < 2000) {
		ASSERT_EQ(1, agentsys_events_next(events, &event, &lost, PATIENCE_MS));
		count += 1 + lost;
		ASSERT_EQ(first + count, event.seq);
		EXPECT_EQ(AGENTSYS_EVENT_POLICY, event.type);
	}
	for (int i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
	EXPECT_EQ(first + 2000, look_system(a->h).events);
	agentsys_events_close(events);
}

TEST_HARNESS_MAIN
