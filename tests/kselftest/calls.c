// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls: an agent that waits for the answer of somebody who serves it is silent, and not
 * hung. How long "several times its watchdog" is, another agent tells that waits for nobody.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/limits.h"
#include "lib/patient.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <linux/agentsys_netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#define SOCKET	WORK "/gateway"

/* Of the agents; each round of the other one takes so long. */
#define SILENCE_MS	(400 * vm_scale())
#define ROUNDS		3

AGENTS_FIXTURE(calls);

/* ---- a gateway ---- */

/* @order: a byte has it answer; @told: it has been called. */
struct gateway {
	pid_t pid;
	int order;
	int told;
};

/* Who has called is the kernel's knowledge. */
static uint32_t caller_of(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	char path[64], text[512];
	const char *place;

	MUST(!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size));
	snprintf(path, sizeof(path), "/proc/%d/cgroup", peer.pid);
	MUST(read_whole(path, text, sizeof(text)) > 0);
	place = strstr(text, "/agentsys/");
	MUST(place);
	return atoi(place + strlen("/agentsys/"));
}

/* Serve one call after the other; report each, as one of @lease_ms, unless that is 0. */
static void serve(int listener, int order, int told, uint32_t lease_ms)
{
	struct agentsys_info *info;
	struct agentsys *h;
	char byte;
	int fd;

	MUST(!agentsys_open(&h));
	while ((fd = accept(listener, NULL, NULL)) >= 0 && read(fd, &byte, 1) == 1) {
		MUST(!agentsys_get(h, caller_of(fd), &info));
		if (lease_ms)
			MUST(!agentsys_report_call_begin(h, info->id, info->instance, lease_ms));
		MUST(write(told, "called\n", 7) == 7);
		if (read(order, &byte, 1) != 1)
			break;
		if (lease_ms)
			MUST(!agentsys_report_call_end(h, info->id, info->instance));
		MUST(write(fd, "!", 1) == 1);
		close(fd);
		agentsys_info_free(info);
	}
}

static struct gateway gateway(uint32_t lease_ms)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int order[2], told[2];
	struct gateway g;

	unlink(SOCKET);
	MUST(!bind(listener, (struct sockaddr *)&at, sizeof(at)) && !listen(listener, 8));
	MUST(!pipe2(order, O_CLOEXEC) && !pipe2(told, O_CLOEXEC));
	g.pid = fork();
	MUST(g.pid >= 0);
	if (!g.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, order[0], told[1], lease_ms);
		_exit(0);
	}
	close(listener);
	g.order = order[1];
	g.told = told[0];
	return g;
}

static void end_gateway(struct gateway *g)
{
	kill(g->pid, SIGKILL);
	MUST(waitpid(g->pid, NULL, 0) == g->pid);
}

/* ---- agents ---- */

/* Like PATIENT(), with one that knows the gateway, and of whose silence we are told alone. */
#define CALLER(a, mode, ms) ({							\
	struct agentsys_spec *__spec = SPEC(program("pulse"), "", SOCKET);	\
	struct patient __p;							\
										\
	MUST(!agentsys_spec_set_limit(__spec, AGENTSYS_LIMIT_WATCHDOG_MODE,	\
				      AGENTSYS_WATCHDOG_##mode));		\
	__p.in = piped(__spec, 0);						\
	__p.out = piped(__spec, 1);						\
	__p.id = SPAWN(a, watched(__spec, ms));					\
	rule(a, __p.id, AGENTSYS_RECOVER_ALERT);				\
	__p;									\
})

/* So long that a watchdog of SILENCE_MS is over several times. */
#define WAIT_ROUNDS(other) do {							\
	for (int __i = 0; __i < ROUNDS; __i++) {				\
		TELL(other, "h");						\
		NEXT_FAULT((other).id, SILENCE_MS);				\
	}									\
} while (0)

/*
 * It gives a sign of life and calls, and the gateway reports that, before it is missed; on a
 * busy machine it may take more than one try. What is told afterwards comes of the last one,
 * which began at @begun, and before which it had been missed @faults times.
 */
#define CALL(a, p, g, begun, faults) do {					\
	for (;;) {								\
		skip_events(a);							\
		faults = look(a, (p).id).faults;				\
		begun = now_ms();						\
		ASSERT_EQ(2, write((p).in, "ha", 2));				\
		ASSERT_LINE("ok", (p).out);					\
		ASSERT_LINE("called", (g).told);				\
		if (look(a, (p).id).faults == faults)				\
			break;							\
		ASSERT_EQ(1, write((g).order, ".", 1));				\
		ASSERT_LINE("ok", (p).out);					\
	}									\
} while (0)

static int begin(struct agents *a, uint32_t id, uint32_t ms)
{
	return agentsys_report_call_begin(a->h, id, 0, ms);
}

static int end(struct agents *a, uint32_t id)
{
	return agentsys_report_call_end(a->h, id, 0);
}

/* ---- tests ---- */

/* It waits for its answer as long as that takes, and is missed when it is silent afterwards. */
TEST_F(calls, waiting_for_an_answer_is_no_silence)
{
	struct agents *a = &self->a;
	struct gateway g = gateway(NEVER_MS);
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS), other = CALLER(a, TIMEOUT, SILENCE_MS);
	struct agentsys_info info;
	uint64_t begun, faults;

	EXPECT_EQ(0, look(a, p.id).calls);
	CALL(a, p, g, begun, faults);
	WAIT_ROUNDS(other);
	info = look(a, p.id);
	EXPECT_EQ(faults, info.faults);
	EXPECT_EQ(1, info.calls);
	EXPECT_GT(info.calls_left_ms, 0);
	EXPECT_LE(info.calls_left_ms, NEVER_MS - ROUNDS * SILENCE_MS);
	EXPECT_EQ(0, use_of(a, p.id, AGENTSYS_LIMIT_WATCHDOG));
	ASSERT_EQ(1, write(g.order, ".", 1));
	ASSERT_LINE("ok", p.out);
	EXPECT_EQ(0, look(a, p.id).calls);
	/* All of its time is there again, and it does not use it. */
	EXPECT_LE(NEXT_FAULT(p.id, SILENCE_MS).value + ROUNDS * SILENCE_MS, now_ms() - begun);
	EXPECT_EQ(faults + 1, look(a, p.id).faults);
	end_gateway(&g);
}

/* One that waits for somebody who does not say so hangs. */
TEST_F(calls, a_call_that_nobody_reports_is_a_silence)
{
	struct agents *a = &self->a;
	struct gateway g = gateway(0);
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS);

	TELL(p, "h");
	ASSERT_EQ(1, write(p.in, "a", 1));
	ASSERT_LINE("called", g.told);
	NEXT_FAULT(p.id, SILENCE_MS);
	end_gateway(&g);
	ASSERT_LINE("-104", p.out); /* ECONNRESET */
}

/* A gateway that dies switches no watchdog off: the time that it asked for is over some day. */
TEST_F(calls, a_call_ends_by_itself)
{
	const uint32_t lease_ms = ROUNDS * SILENCE_MS;
	struct agents *a = &self->a;
	struct gateway g = gateway(lease_ms);
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS);
	struct agentsys_event event;
	uint64_t begun, faults, passed;

	CALL(a, p, g, begun, faults);
	end_gateway(&g);
	event = NEXT_FAULT(p.id, SILENCE_MS);
	passed = now_ms() - begun;
	/* The silence that is told began with the end of that time. */
	EXPECT_GE(passed, lease_ms + SILENCE_MS);
	EXPECT_LE(event.value, passed - lease_ms);
	EXPECT_EQ(0, look(a, p.id).calls);
	EXPECT_REFUSED(a->h, ENOENT, "in no call", end(a, p.id));
}

/* The last end counts, be it reported or not. */
TEST_F(calls, calls_overlap)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS), other = CALLER(a, TIMEOUT, SILENCE_MS);

	ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
	TELL(p, "h");
	ASSERT_OK(a->h, begin(a, p.id, 1));
	ASSERT_OK(a->h, begin(a, p.id, 2 * NEVER_MS));
	EXPECT_EQ(3, look(a, p.id).calls);
	EXPECT_GT(look(a, p.id).calls_left_ms, NEVER_MS);
	ASSERT_OK(a->h, end(a, p.id));
	ASSERT_OK(a->h, end(a, p.id));
	WAIT_ROUNDS(other);
	EXPECT_EQ(0, look(a, p.id).faults);
	EXPECT_EQ(1, look(a, p.id).calls);
	ASSERT_OK(a->h, end(a, p.id));
	NEXT_FAULT(p.id, SILENCE_MS);
	EXPECT_REFUSED(a->h, ENOENT, "in no call", end(a, p.id));
	/* What was over does not count for what comes then. */
	TELL(p, "h");
	ASSERT_OK(a->h, begin(a, p.id, 1));
	NEXT_FAULT(p.id, SILENCE_MS);
	EXPECT_EQ(2, look(a, p.id).faults);
}

/* Nor is it missed for a pause, or for a watchdog that it is given, in the midst of a call. */
TEST_F(calls, other_things_in_a_call)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, TIMEOUT, 0), other = CALLER(a, TIMEOUT, SILENCE_MS);

	ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
	TELL(p, "h");
	WAIT_ROUNDS(other);
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG, SILENCE_MS));
	WAIT_ROUNDS(other);
	EXPECT_EQ(0, look(a, p.id).faults);
	ASSERT_OK(a->h, agentsys_pause(a->h, p.id));
	ASSERT_OK(a->h, agentsys_resume(a->h, p.id));
	WAIT_ROUNDS(other);
	EXPECT_EQ(0, look(a, p.id).faults);
	/* A heartbeat does not end it. */
	TELL(p, "hms");
	WAIT_ROUNDS(other);
	EXPECT_EQ(0, look(a, p.id).faults);
	EXPECT_EQ(1, look(a, p.id).calls);
	ASSERT_OK(a->h, end(a, p.id));
	NEXT_FAULT(p.id, SILENCE_MS);
	EXPECT_EQ(3, look(a, p.id).heartbeats);
}

/* Calls are those of an instance: the next one is in none. */
TEST_F(calls, a_restart_ends_them)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS);

	ASSERT_OK(a->h, agentsys_report_call_begin(a->h, p.id, 1, NEVER_MS));
	EXPECT_EQ(1, look(a, p.id).calls);
	ASSERT_OK(a->h, agentsys_restart(a->h, p.id, NEVER_MS, AGENTSYS_WAIT));
	EXPECT_EQ(0, look(a, p.id).calls);
	EXPECT_REFUSED(a->h, ESTALE, "started again",
		       agentsys_report_call_begin(a->h, p.id, 1, NEVER_MS));
	EXPECT_REFUSED(a->h, ESTALE, "started again", agentsys_report_call_end(a->h, p.id, 1));
	EXPECT_REFUSED(a->h, ENOENT, "in no call", end(a, p.id));
	TELL(p, "h");
	EXPECT_EQ(2, NEXT_FAULT(p.id, SILENCE_MS).instance);
	ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
	ASSERT_OK(a->h, agentsys_kill(a->h, p.id, AGENTSYS_WAIT));
	EXPECT_EQ(0, look(a, p.id).calls);
	EXPECT_REFUSED(a->h, ENOTCONN, "not active", begin(a, p.id, NEVER_MS));
	EXPECT_REFUSED(a->h, ENOTCONN, "not active", end(a, p.id));
}

/* It is missed after five times SILENCE_MS / 2, if it beats fast and its intervals are known. */
static void judge_by_phi(struct agents *a, uint32_t id)
{
	MUST(!set_limit(a, id, AGENTSYS_LIMIT_WATCHDOG_PAUSE, 1));
	MUST(!set_limit(a, id, AGENTSYS_LIMIT_WATCHDOG_DEVIATION, SILENCE_MS / 2));
}

/* To phi the time between two signs is no interval if a call began, went on or ended in it. */
TEST_F(calls, phi)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, PHI, NEVER_MS), once = CALLER(a, PHI, NEVER_MS);
	struct patient other = CALLER(a, TIMEOUT, SILENCE_MS);
	struct agentsys_faults *faults;
	uint64_t waited, quick;

	judge_by_phi(a, p.id);
	judge_by_phi(a, once.id);
	TELL(once, "h");
	ASSERT_OK(a->h, begin(a, once.id, NEVER_MS));
	ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
	TELL(p, "h");
	waited = now_ms();
	WAIT_ROUNDS(other);
	WAIT_ROUNDS(other);
	waited = now_ms() - waited;
	TELL(p, "h");
	EXPECT_EQ(0, use_of(a, p.id, AGENTSYS_LIMIT_WATCHDOG_PHI));
	ASSERT_OK(a->h, end(a, p.id));
	ASSERT_OK(a->h, end(a, once.id));
	TELL(once, "h");
	/* One interval, a moment, is what it takes to know. */
	quick = now_ms();
	TELL(p, "hhh");
	quick = now_ms() - quick;
	NEXT_FAULT(p.id, 5 * SILENCE_MS / 2);
	ASSERT_OK(a->h, agentsys_faults(a->h, p.id, &faults));
	EXPECT_EQ(1, faults->n);
	/* With that wait for one of them it would be longer; a mean and five deviations of them. */
	EXPECT_LT(faults->entry[faults->n - 1].limit, waited + 6 * quick);
	agentsys_faults_free(faults);
	/* Of the other one nothing is known yet. */
	WAIT_ROUNDS(other);
	EXPECT_EQ(0, look(a, once.id).faults);
	TELL(once, "h");
	NEXT_FAULT(once.id, 5 * SILENCE_MS / 2);
}

/* One thread hangs while another one waits for an answer: that is seen afterwards. */
TEST_F(calls, passive)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, PASSIVE, SILENCE_MS), other = CALLER(a, TIMEOUT, SILENCE_MS);

	ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
	ASSERT_EQ(1, write(p.in, "l", 1));
	ASSERT_LINE("ok", p.out);
	WAIT_ROUNDS(other);
	EXPECT_EQ(0, look(a, p.id).faults);
	ASSERT_OK(a->h, end(a, p.id));
	NEXT_FAULT(p.id, SILENCE_MS);
}

TEST_F(calls, as_many_as_can_be_counted)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS);

	for (int i = 0; i < AGENTSYS_CALLS_MAX; i++)
		ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
	EXPECT_REFUSED(a->h, EOVERFLOW, "too many calls", begin(a, p.id, NEVER_MS));
	EXPECT_EQ(AGENTSYS_CALLS_MAX, look(a, p.id).calls);
	ASSERT_OK(a->h, end(a, p.id));
	ASSERT_OK(a->h, begin(a, p.id, NEVER_MS));
}

static int begin_as_nobody(uint32_t id)
{
	struct agentsys *h;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534) || agentsys_open(&h))
			_exit(255);
		_exit(-agentsys_report_call_begin(h, id, 0, 1000));
	}
	MUST(waitpid(pid, &status, 0) == pid);
	return -WEXITSTATUS(status);
}

/* A report with @limit or without, with what a call does not have or without. */
static int report(uint32_t id, uint32_t what, uint64_t limit, int more)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *msg = nlmsg_alloc();
	uint64_t number = 1;
	int ret;

	MUST(sock && msg && !genl_connect(sock));
	nl_socket_disable_auto_ack(sock);
	MUST(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ,
			 genl_ctrl_resolve(sock, AGENTSYS_GENL_NAME), 0, NLM_F_REQUEST | NLM_F_ACK,
			 AGENTSYS_CMD_REPORT, AGENTSYS_GENL_VERSION));
	nla_put_u32(msg, AGENTSYS_F_AGENT_ID, id);
	nla_put_u32(msg, AGENTSYS_F_REPORT, what);
	if (limit)
		nla_put_u64(msg, AGENTSYS_F_LIMIT, limit);
	if (more)
		nla_put(msg, more, more == AGENTSYS_F_TYPE ? 4 : 8, &number);
	MUST(nl_send_auto(sock, msg) > 0);
	ret = nl_wait_for_ack(sock);
	nlmsg_free(msg);
	nl_socket_free(sock);
	return ret;
}

/* What is wrong is refused, and changes nothing. */
TEST_F(calls, bad_reports_are_refused)
{
	struct agents *a = &self->a;
	struct patient p = CALLER(a, TIMEOUT, SILENCE_MS);
	uint32_t id = p.id;

	EXPECT_REFUSED(a->h, ERANGE, "24 h", begin(a, id, 0));
	EXPECT_REFUSED(a->h, ERANGE, "24 h", begin(a, id, AGENTSYS_CALL_MAX_MS + 1));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", begin(a, 4711, 1000));
	EXPECT_REFUSED(a->h, ESRCH, "no such agent", end(a, 4711));
	EXPECT_EQ(-EPERM, begin_as_nobody(id));
	EXPECT_EQ(-NLE_INVAL, report(id, AGENTSYS_REPORT_CALL_BEGIN, 0, 0));
	EXPECT_EQ(-NLE_RANGE, report(id, AGENTSYS_REPORT_CALL_BEGIN, UINT64_MAX, 0));
	EXPECT_EQ(-NLE_RANGE, report(id, AGENTSYS_REPORT_CALL_BEGIN, (1ULL << 32) + 5, 0));
	EXPECT_EQ(-NLE_INVAL, report(id, AGENTSYS_REPORT_CALL_BEGIN, 5, AGENTSYS_F_TYPE));
	EXPECT_EQ(-NLE_INVAL, report(id, AGENTSYS_REPORT_CALL_BEGIN, 5, AGENTSYS_F_MEASURED));
	EXPECT_EQ(0, look(a, id).calls);
	ASSERT_OK(a->h, begin(a, id, AGENTSYS_CALL_MAX_MS));
	EXPECT_EQ(-NLE_INVAL, report(id, AGENTSYS_REPORT_CALL_END, 5, 0));
	EXPECT_EQ(-NLE_INVAL, report(id, AGENTSYS_REPORT_CALL_END, 0, AGENTSYS_F_TYPE));
	EXPECT_EQ(1, look(a, id).calls);
	EXPECT_EQ(0, report(id, AGENTSYS_REPORT_CALL_END, 0, 0));
	EXPECT_EQ(0, look(a, id).calls);
}

TEST_HARNESS_MAIN
