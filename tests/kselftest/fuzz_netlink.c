// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages to the family "agentsys" that are nearly right, by root and by a user at the
 * same time. Each is refused as the header says and with a text, or done; everything
 * that was accepted is answered, and who may change nothing changes nothing. See
 * lib/fuzz.h for how to repeat a failure.
 *
 * Programs that are started do nothing, and only children of this test are attached.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"
#include "lib/fuzz.h"
#include "lib/fuzz_answer.h"
#include "lib/fuzz_message.h"
#include "lib/groups.h"

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/prctl.h>

#define CALLS		600	/* of each thread */
#define THREADS		6
#define ROOTS_SOCKET	5	/* a user's thread whose socket was opened by root */
#define RECEIVE		(1 << 20)

/* What <linux/agentsys_netlink.h> says of each command, beside what it says of all. */
static const struct {
	const char *name;
	bool reads;
	bool waits;
	const int *errors;
} commands[AGENTSYS_CMD_MAX + 1] = {
#define ERRORS(...) (const int[]){ __VA_ARGS__, 0 }
	[AGENTSYS_CMD_GET] = { "get", true, false, ERRORS(ESRCH) },
	[AGENTSYS_CMD_SPAWN] = { "spawn", false, true,
		ERRORS(EEXIST, E2BIG, ENAMETOOLONG, ENOSPC, ESHUTDOWN, EBADF, ENOENT, EBUSY, ESRCH,
		       ELOOP, EOPNOTSUPP) },
	[AGENTSYS_CMD_ATTACH] = { "attach", false, true,
		ERRORS(ESRCH, EBUSY, EEXIST, ENAMETOOLONG, ENOSPC, ESHUTDOWN) },
	[AGENTSYS_CMD_START] = { "start", false, true,
		ERRORS(ESRCH, EALREADY, EBUSY, EOPNOTSUPP, ESHUTDOWN) },
	[AGENTSYS_CMD_STOP] = { "stop", false, true, ERRORS(ESRCH, EBUSY) },
	[AGENTSYS_CMD_KILL] = { "kill", false, true, ERRORS(ESRCH, EBUSY) },
	[AGENTSYS_CMD_RESTART] = { "restart", false, true,
		ERRORS(ESRCH, EBUSY, EOPNOTSUPP, ESHUTDOWN) },
	[AGENTSYS_CMD_PAUSE] = { "pause", false, false, ERRORS(ESRCH, EBUSY) },
	[AGENTSYS_CMD_RESUME] = { "resume", false, false, ERRORS(ESRCH, EBUSY) },
	[AGENTSYS_CMD_REMOVE] = { "remove", false, true, ERRORS(ESRCH, EBUSY) },
	[AGENTSYS_CMD_SET] = { "set", false, false,
		ERRORS(ESRCH, EOPNOTSUPP, ENOENT, EBUSY, ENOSPC) },
	[AGENTSYS_CMD_SYSTEM_GET] = { "system-get", true, false, ERRORS(0) },
	[AGENTSYS_CMD_EVENT_GET] = { "event-get", true, false, ERRORS(0) },
	[AGENTSYS_CMD_SHUTDOWN] = { "shutdown", false, true, ERRORS(EALREADY) },
	[AGENTSYS_CMD_GROUP_GET] = { "group-get", true, false, ERRORS(ENOENT) },
	[AGENTSYS_CMD_GROUP_NEW] = { "group-new", false, false,
		ERRORS(EEXIST, ENAMETOOLONG, ENOENT, ENOSPC, E2BIG) },
	[AGENTSYS_CMD_GROUP_SET] = { "group-set", false, false,
		ERRORS(ENOENT, EBUSY, ENOSPC, E2BIG) },
	[AGENTSYS_CMD_GROUP_DEL] = { "group-del", false, false, ERRORS(ENOENT, ENOTEMPTY) },
	[AGENTSYS_CMD_GROUP_START] = { "group-start", false, true,
		ERRORS(ENOENT, EBUSY, ESHUTDOWN) },
	[AGENTSYS_CMD_GROUP_STOP] = { "group-stop", false, true, ERRORS(ENOENT, EBUSY) },
	[AGENTSYS_CMD_GROUP_RESTART] = { "group-restart", false, true,
		ERRORS(ENOENT, EBUSY, ESHUTDOWN) },
	[AGENTSYS_CMD_HISTORY_GET] = { "history-get", true, false, ERRORS(ESRCH, ENOENT) },
	[AGENTSYS_CMD_RELATION_NEW] = { "relation-new", false, false,
		ERRORS(ESRCH, EEXIST, ELOOP, ENOSPC, EBUSY, ENOTCONN) },
	[AGENTSYS_CMD_RELATION_DEL] = { "relation-del", false, false, ERRORS(ESRCH, ENOENT) },
	[AGENTSYS_CMD_RELATION_GET] = { "relation-get", true, false, ERRORS(0) },
	[AGENTSYS_CMD_LIMITS_GET] = { "limits-get", true, false, ERRORS(ESRCH) },
	[AGENTSYS_CMD_LIMITS_SET] = { "limits-set", false, false, ERRORS(ESRCH, EOPNOTSUPP) },
	[AGENTSYS_CMD_FAULT_GET] = { "fault-get", true, false, ERRORS(ESRCH) },
	[AGENTSYS_CMD_RECOVERY_GET] = { "recovery-get", true, false, ERRORS(ESRCH) },
	[AGENTSYS_CMD_RECOVERY_SET] = { "recovery-set", false, false, ERRORS(ESRCH) },
	[AGENTSYS_CMD_REPORT] = { "report", false, false,
		ERRORS(ESRCH, ESTALE, ENOTCONN, ENOENT, EOVERFLOW) },
};

/* What any command may be refused with. */
static const int common[] = { EPERM, ERANGE, EINVAL, ENOMEM, 0 };

/**
 * struct asked - a message on its way
 * @cmd: its command
 * @flags: of its head
 * @answered: an answer of its own is due when it is accepted
 * @error: what it was refused with
 */
struct asked {
	uint8_t cmd;
	uint16_t flags;
	bool answered;
	int error;
};

/**
 * struct own - what a thread has of its own
 * @sock: where everything that is accepted is answered
 * @scrap: of one call, -1 without
 * @seq: of the last message
 * @first: of the first one of this call
 * @asked: the messages of this call
 * @n: how many they are
 * @due: answers that are still to come on @sock
 * @lost: there was no room for some of them
 * @pages: messages that end where the memory does
 */
struct own {
	int sock;
	int scrap;
	uint32_t seq, first;
	struct asked asked[MESSAGES];
	unsigned int n;
	int due;
	bool lost;
	struct pages pages;
	struct message m;
	struct target target;
	char *received;
};

static int family;
static uint32_t group;

/* Refusals come without the messages that they are for, some of which are large. */
static int open_socket(void)
{
	static const int one = 1, room = 4 << 20;
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	MUST(fd >= 0 && !bind(fd, (struct sockaddr *)&local, sizeof(local)));
	MUST(!setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)));
	MUST(!setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		MUST(!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		MUST(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)));
	return fd;
}

static void begin(struct fuzzer *f)
{
	struct own *own = f->own;

	own->scrap = -1;
	own->sock = f->user && f->number != ROOTS_SOCKET ? -1 : open_socket();
	own->received = malloc(RECEIVE);
	own->m.bytes = malloc(MESSAGE_MAX);
	MUST(own->received && own->m.bytes);
	pages_make(&own->pages, MESSAGE_MAX);
}

/* ---- what comes back ---- */

static struct asked *request_of(struct own *own, uint32_t seq)
{
	uint32_t i = seq - own->first;

	return i < own->n ? &own->asked[i] : NULL;
}

static bool is_dump(uint16_t flags)
{
	return (flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* The kernel itself knows no such command, or does not know it as a dump, or only so. */
static bool is_unknown(uint8_t cmd, uint16_t flags)
{
	bool dumps = cmd == AGENTSYS_CMD_EVENT_GET || cmd == AGENTSYS_CMD_RELATION_GET;
	bool can_dump = dumps || cmd == AGENTSYS_CMD_GET || cmd == AGENTSYS_CMD_GROUP_GET;

	if (cmd > AGENTSYS_CMD_MAX || !commands[cmd].name)
		return true;
	return is_dump(flags) ? !can_dump : dumps;
}

static void check_refusal(struct fuzzer *f, const struct asked *asked, int error,
			  const char *text)
{
	bool unknown = is_unknown(asked->cmd, asked->flags);
	bool fine;

	if (unknown)
		fine = error == EOPNOTSUPP || error == EINVAL || error == EPERM;
	else
		fine = is_among(error, common) || is_among(error, commands[asked->cmd].errors) ||
		       (error == EBUSY && is_dump(asked->flags));	/* one is under way */
	if (!fine)
		wrong(f, "%s of command %u is not documented (%s)", strerrorname_np(error),
		      asked->cmd, text ?: "");
	if (error == EPERM && !f->user)
		wrong(f, "root may not");
	if (!unknown && !text && error != ENOMEM && error != EBUSY)
		wrong(f, "%s of command %u is not explained", strerrorname_np(error), asked->cmd);
}

static void check_error(struct fuzzer *f, const struct nlmsghdr *head)
{
	const struct nlmsgerr *error = NLMSG_DATA(head);
	struct asked *asked = request_of(f->own, head->nlmsg_seq);
	size_t fixed = sizeof(*error);
	const char *text = NULL;
	const struct nlattr *attr;
	int rest;

	if (!(head->nlmsg_flags & NLM_F_CAPPED) && error->error)
		fixed += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	if (head->nlmsg_flags & NLM_F_ACK_TLVS) {
		nlmsg_for_each_attr(attr, (struct nlmsghdr *)head, fixed, rest) {
			if (nla_type(attr) != NLMSGERR_ATTR_MSG)
				continue;
			text = nla_data(attr);
			if (!is_text(attr) || !*text)
				wrong(f, "the text of the refusal is none");
		}
	}
	if (!error->error || !asked)
		return;
	asked->error = -error->error;
	check_refusal(f, asked, asked->error, text);
}

/* An agent's, the system's, an event's or a group's. */
static void check_attributes(struct fuzzer *f, const struct nlmsghdr *head, uint8_t cmd)
{
	const struct nlattr *attr;
	int rest;

	nlmsg_for_each_attr(attr, (struct nlmsghdr *)head, GENL_HDRLEN, rest) {
		const char *fault = attribute_fault(cmd, attr);

		if (fault)
			wrong(f, "attribute %d of an answer to %s %s", nla_type(attr),
			      commands[cmd].name ?: "an event", fault);
	}
	if (rest)
		wrong(f, "%d bytes behind the attributes", rest);
}

static void check_answer(struct fuzzer *f, const struct nlmsghdr *head, bool is_scrap)
{
	const struct genlmsghdr *genl = NLMSG_DATA(head);
	struct own *own = f->own;

	if (head->nlmsg_type != family || genl->cmd > AGENTSYS_CMD_MAX) {
		wrong(f, "message type %u, command %u", head->nlmsg_type, genl->cmd);
		return;
	}
	check_attributes(f, head, genl->cmd);
	if (commands[genl->cmd].waits && f->user)
		wrong(f, "a user is answered to %s", commands[genl->cmd].name);
	if (commands[genl->cmd].waits && !is_scrap)
		own->due--;
}

/* Everything that has come on a socket; at most @most datagrams. */
static void drain(struct fuzzer *f, int fd, unsigned int most)
{
	struct own *own = f->own;
	struct nlmsghdr *head;
	ssize_t n;

	while (most--) {
		n = recv(fd, own->received, RECEIVE, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == ENOBUFS) {
			own->lost |= fd == own->sock;
			continue;
		}
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				wrong(f, "recv: %s", strerrorname_np(errno));
			return;
		}
		if (n > RECEIVE)
			wrong(f, "a datagram of %zd bytes", n);
		for (head = (struct nlmsghdr *)own->received; NLMSG_OK(head, n);
		     head = NLMSG_NEXT(head, n)) {
			if (head->nlmsg_type == NLMSG_ERROR)
				check_error(f, head);
			else if (head->nlmsg_type >= NLMSG_MIN_TYPE)
				check_answer(f, head, fd != own->sock);
		}
	}
}

/* ---- calls ---- */

static bool of_group(uint8_t cmd)
{
	return cmd >= AGENTSYS_CMD_GROUP_GET && cmd <= AGENTSYS_CMD_GROUP_RESTART;
}

/* One more message of a random command, with something wrong in its attributes perhaps. */
static void add_request(struct fuzzer *f)
{
	struct own *own = f->own;
	struct asked *asked = &own->asked[own->n++];
	uint16_t flags = NLM_F_REQUEST | NLM_F_ACK;
	uint8_t cmd = some_command(f);
	size_t at;

	if (cmd == AGENTSYS_CMD_EVENT_GET || cmd == AGENTSYS_CMD_RELATION_GET ||
	    ((cmd == AGENTSYS_CMD_GET || cmd == AGENTSYS_CMD_GROUP_GET) && one_in(f, 8)))
		flags |= NLM_F_DUMP;
	if (one_in(f, 10))
		flags &= ~NLM_F_ACK;
	at = message_begin(&own->m, family, flags, ++own->seq, cmd);
	put_attributes(f, &own->m, &own->target, cmd);
	message_end(&own->m, at);
	*asked = (struct asked) { .cmd = cmd, .flags = flags };
	asked->answered = commands[cmd].waits &&
			  (cmd == AGENTSYS_CMD_SPAWN || cmd == AGENTSYS_CMD_ATTACH ||
			   message_has(&own->m, at, of_group(cmd) ? AGENTSYS_G_WAIT :
								    AGENTSYS_A_WAIT));
}

static void new_call(struct own *own)
{
	own->m.len = own->m.n = 0;
	own->n = 0;
	own->first = own->seq + 1;
}

/* Where the memory ends, or not. */
static bool send_message(struct fuzzer *f, int fd)
{
	struct own *own = f->own;
	char *at = own->m.bytes;

	scrub(&own->m, &own->target);
	if (one_in(f, 4)) {
		at = own->pages.rw + own->pages.size - own->m.len;
		memcpy(at, own->m.bytes, own->m.len);
	}
	if (send(fd, at, own->m.len, 0) == (ssize_t)own->m.len)
		return true;
	/* More than a socket takes. */
	if (errno != EMSGSIZE && errno != ENOBUFS)
		wrong(f, "send: %s", strerrorname_np(errno));
	return false;
}

/* One message, or many at once; the synchronous answers are there when send() returns. */
static void call_valid_frames(struct fuzzer *f, unsigned int n)
{
	struct own *own = f->own;

	new_call(own);
	while (own->n < n && own->m.len < MESSAGE_MAX / 2)
		add_request(f);
	doing(f, "%u messages, the first is %s, %u bytes", own->n,
	      commands[own->asked[0].cmd].name, (unsigned int)own->m.len);
	if (!send_message(f, own->sock))
		return;
	drain(f, own->sock, UINT32_MAX);
	for (unsigned int i = 0; i < own->n && !own->lost; i++) {
		const struct asked *asked = &own->asked[i];

		if (asked->error)
			continue;
		own->due += asked->answered;
		if (f->user && !commands[asked->cmd].reads)
			wrong(f, "a user may %s", commands[asked->cmd].name);
	}
}

/* Frames that are not what they should be, or answers that nobody waits for. */
static void call_scrap(struct fuzzer *f)
{
	struct own *own = f->own;
	bool garbage = one_in(f, 2);
	unsigned int n = 1 + pick(f, 4);

	own->scrap = open_socket();
	if (one_in(f, 4))
		MUST(!setsockopt(own->scrap, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				 sizeof(group)));
	for (unsigned int i = 0; i < n; i++) {
		new_call(own);
		add_request(f);
		if (garbage) {
			mutate_frame(f, &own->m);
			own->n = 0;	/* who knows what it is */
		}
		doing(f, "scrap, %s, garbage %d", commands[own->asked[0].cmd].name, garbage);
		send_message(f, own->scrap);
		/* A dump is left where it is. */
		drain(f, own->scrap, pick(f, 4));
	}
	close(own->scrap);
	own->scrap = -1;
}

/* Messages and buffers in memory that is not there. */
static void call_bad_memory(struct fuzzer *f)
{
	struct own *own = f->own;
	struct iovec pieces[2];
	struct msghdr msg = { .msg_iov = pieces, .msg_iovlen = 2 };
	size_t cut;
	ssize_t n;

	own->scrap = open_socket();
	new_call(own);
	add_request(f);
	scrub(&own->m, &own->target);
	cut = pick(f, own->m.len + 1);
	pieces[0] = (struct iovec) { own->m.bytes, cut };
	pieces[1] = (struct iovec) { own->m.bytes + cut, own->m.len - cut };
	if (one_in(f, 2))
		pieces[1].iov_base = bad_address(f);
	doing(f, "bad memory, %s, cut at %zu", commands[own->asked[0].cmd].name, cut);
	n = sendmsg(own->scrap, &msg, 0);
	if (n < 0 && errno != EFAULT && errno != EMSGSIZE && errno != ENOBUFS)
		wrong(f, "sendmsg: %s", strerrorname_np(errno));
	n = recv(own->scrap, one_in(f, 2) ? bad_address(f) : own->pages.ro, pick(f, 5000),
		 MSG_DONTWAIT);
	if (n < 0 && errno != EFAULT && errno != EAGAIN)
		wrong(f, "recv: %s", strerrorname_np(errno));
	drain(f, own->scrap, pick(f, 3));
	close(own->scrap);
	own->scrap = -1;
}

static void call_one(struct fuzzer *f)
{
	struct own *own = f->own;

	if (own->sock < 0)
		own->sock = open_socket();
	target_renew(&own->target, one_in(f, 16));
	switch (pick(f, 10)) {
	case 0:
		call_valid_frames(f, 2 + pick(f, MESSAGES - 1));
		break;
	case 1:
	case 2:
		call_scrap(f);
		break;
	case 3:
		call_bad_memory(f);
		break;
	default:
		call_valid_frames(f, 1);
	}
}

/* ---- tests ---- */

FIXTURE(fuzz) {
	struct agents a;
	struct fuzzer fuzzers[THREADS];
	struct own *own;
};

FIXTURE_SETUP(fuzz)
{
	struct nl_sock *sock = nl_socket_alloc();

	fuzz_ask(CALLS);
	agents_open(_metadata, &self->a);
	ASSERT_EQ(0, genl_connect(sock));
	family = genl_ctrl_resolve(sock, AGENTSYS_GENL_NAME);
	group = genl_ctrl_resolve_grp(sock, AGENTSYS_GENL_NAME, AGENTSYS_MCGRP_EVENTS);
	ASSERT_GT(family, 0);
	nl_socket_free(sock);
	self->own = calloc(THREADS, sizeof(*self->own));
	for (unsigned int i = 0; i < THREADS; i++)
		self->fuzzers[i] = (struct fuzzer) {
			.number = i,
			.user = i % 2,
			.call_fn = call_one,
			.begin_fn = begin,
			.own = &self->own[i],
		};
	GROUP(&self->a, FUZZ_GROUP, NULL, AGENTSYS_ONE_FOR_ALL);
	for (unsigned int i = 0; i < FUZZ_IDS; i += 2) {
		struct agentsys_spec *spec = SPEC(program("nothing"), "stay");

		agentsys_spec_set_id(spec, FUZZ_ID + i);
		if (i < FUZZ_IDS / 2)
			ASSERT_EQ(0, agentsys_spec_set_group(spec, FUZZ_GROUP));
		SPAWN(&self->a, spec);
	}
}

/* Whatever groups have become of it, they end, and can be removed. */
static void expect_no_group(struct __test_metadata *_metadata, struct agents *a)
{
	struct agentsys_group **list;
	ssize_t n = agentsys_group_list(a->h, &list);

	ASSERT_LE(1, n);
	EXPECT_GE(AGENTSYS_TREE_GROUPS, n);
	for (ssize_t i = n - 1; i > 0; i--) {
		EXPECT_FALSE(list[i]->state == AGENTSYS_STARTING ||
			     list[i]->state == AGENTSYS_STOPPING ||
			     list[i]->state == AGENTSYS_BACKOFF)
			TH_LOG("%s is %s", list[i]->name, agentsys_state_name(list[i]->state));
		EXPECT_OK(a->h, agentsys_group_del(a->h, list[i]->name));
	}
	agentsys_group_list_free(list);
	EXPECT_EQ(0, look_group(a, AGENTSYS_ROOT_GROUP).members);
}

FIXTURE_TEARDOWN(fuzz)
{
	EXPECT_EQ(0, agentsys_limits_default(self->a.h, AGENTSYS_LIMITS_NONE, NULL, 0));
	expect_all_ended(_metadata, &self->a);
	expect_no_group(_metadata, &self->a);
	agents_close(&self->a);
	free(self->own);
}

static unsigned int run(struct fuzzer *fuzzers, unsigned int first, unsigned int step)
{
	unsigned int sum = 0;

	for (unsigned int i = first; i < THREADS; i += step)
		fuzz_start(&fuzzers[i]);
	if (!fuzz_watch(fuzzers, THREADS))
		return UINT32_MAX;
	for (unsigned int i = first; i < THREADS; i += step) {
		fuzz_join(&fuzzers[i]);
		sum += fuzzers[i].wrong;
	}
	return sum;
}

TEST_F_TIMEOUT(fuzz, root_and_a_user, 240)
{
	struct agents *a = &self->a;
	unsigned int sum = run(self->fuzzers, 0, 1);

	ASSERT_NE(UINT32_MAX, sum);
	EXPECT_EQ(0, sum);
	TH_LOG("%lu spawns, %lu crashes, %u records, %u members of root", look_system(a->h).spawns,
	       look_system(a->h).crashes, look_system(a->h).agents,
	       look_group(a, AGENTSYS_ROOT_GROUP).members);
	/* When all have ended, all who asked have been answered. */
	agents_clear(a->h);
	ASSERT_TRUE(AWAIT(agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL) != -EALREADY));
	for (unsigned int i = 0; i < THREADS; i++) {
		if (!fuzz_wanted(&self->fuzzers[i]))
			continue;
		drain(&self->fuzzers[i], self->own[i].sock, UINT32_MAX);
		if (self->own[i].lost)
			TH_LOG("thread %u has lost answers", i);
		else
			EXPECT_EQ(0, self->own[i].due) TH_LOG("of thread %u", i);
	}
}

TEST_F_TIMEOUT(fuzz, a_user_changes_nothing, 240)
{
	struct agentsys_group root = look_group(&self->a, AGENTSYS_ROOT_GROUP);
	struct agentsys_group own = look_group(&self->a, FUZZ_GROUP), now;
	struct fuzz_state before;

	fuzz_remember(&self->a, &before);
	ASSERT_EQ(0, run(self->fuzzers, 1, 2));
	EXPECT_TRUE(fuzz_unchanged(&self->a, &before));
	now = look_group(&self->a, AGENTSYS_ROOT_GROUP);
	EXPECT_EQ(0, memcmp(&root, &now, sizeof(now)));
	now = look_group(&self->a, FUZZ_GROUP);
	EXPECT_EQ(0, memcmp(&own, &now, sizeof(now)));
}

TEST_HARNESS_MAIN
