// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that the library would not send: raw messages of the netlink family.
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <linux/agentsys_netlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

FIXTURE(raw) {
	struct agents a;
	struct nl_sock *sock;
	int family;
};

FIXTURE_SETUP(raw)
{
	int one = 1;

	agents_open(_metadata, &self->a);
	self->sock = nl_socket_alloc();
	ASSERT_NE(NULL, self->sock);
	ASSERT_EQ(0, genl_connect(self->sock));
	self->family = genl_ctrl_resolve(self->sock, AGENTSYS_GENL_NAME);
	ASSERT_GT(self->family, 0);
	ASSERT_EQ(0, setsockopt(nl_socket_get_fd(self->sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
				sizeof(one)));
}

FIXTURE_TEARDOWN(raw)
{
	nl_socket_free(self->sock);
	agents_close(&self->a);
}

static struct nl_msg *message(int family, uint8_t cmd)
{
	struct nl_msg *msg = nlmsg_alloc_size(70000);

	MUST(msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				NLM_F_REQUEST | NLM_F_ACK, cmd, AGENTSYS_GENL_VERSION));
	return msg;
}

/* Send @len bytes as they are; the errno of the acknowledgement, and the text with it. */
static int send_bytes(struct nl_sock *sock, const void *bytes, size_t len, char *text, size_t size)
{
	static char buf[1 << 20];
	int fd = nl_socket_get_fd(sock);
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	struct nlmsgerr *error;
	size_t fixed;

	text[0] = '\0';
	MUST(send(fd, bytes, len, 0) == (ssize_t)len);
	do {
		ssize_t n;

		MUST(readable(fd));
		n = recv(fd, buf, sizeof(buf), 0);
		MUST(n >= (ssize_t)sizeof(*hdr));
		MUST(hdr->nlmsg_len <= n);
	} while (hdr->nlmsg_type != NLMSG_ERROR && hdr->nlmsg_type != NLMSG_DONE);
	if (hdr->nlmsg_type == NLMSG_DONE)
		return 0;
	error = nlmsg_data(hdr);
	fixed = sizeof(*error);
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		fixed += error->msg.nlmsg_len - sizeof(error->msg);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    !nlmsg_parse(hdr, fixed, attrs, NLMSGERR_ATTR_MAX, NULL) && attrs[NLMSGERR_ATTR_MSG])
		snprintf(text, size, "%s", nla_get_string(attrs[NLMSGERR_ATTR_MSG]));
	return error->error;
}

static int send_message(struct nl_sock *sock, struct nl_msg *msg, char *text, size_t size)
{
	int ret;

	nl_complete_msg(sock, msg);
	ret = send_bytes(sock, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, text, size);
	nlmsg_free(msg);
	return ret;
}

/* Refused with @want, and with a reason. */
#define EXPECT_REASON(want, msg) do {					\
	char __text[256];						\
									\
	EXPECT_EQ(-(want), send_message(self->sock, msg, __text, sizeof(__text)))	\
		TH_LOG("%s", __text);					\
	EXPECT_NE(0, strlen(__text));					\
} while (0)

#define MESSAGE(cmd, put) ({						\
	struct nl_msg *msg = message(self->family, AGENTSYS_CMD_##cmd);	\
									\
	put;								\
	msg;								\
})

/* The kernel itself knows no such command, and says no more. */
TEST_F(raw, unknown_commands)
{
	static const uint8_t commands[] = { 0, AGENTSYS_NTF_EVENT, AGENTSYS_CMD_MAX + 1, 255 };
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_EQ(-EOPNOTSUPP, send_message(self->sock,
						    message(self->family, commands[i]), text,
						    sizeof(text)));
}

TEST_F(raw, requests_without_what_they_need)
{
	for (int cmd = AGENTSYS_CMD_GET; cmd <= AGENTSYS_CMD_SET; cmd++)
		EXPECT_REASON(EINVAL, message(self->family, cmd));
}

/* Of each command, whatever it knows otherwise. */
TEST_F(raw, unknown_attributes)
{
	for (int cmd = AGENTSYS_CMD_GET; cmd <= AGENTSYS_CMD_SHUTDOWN; cmd++) {
		struct nl_msg *msg = message(self->family, cmd);

		if (cmd == AGENTSYS_CMD_EVENT_GET)	/* a dump */
			nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
		nla_put_u32(msg, AGENTSYS_A_MAX + 1, 1);
		EXPECT_REASON(EINVAL, msg);
		msg = message(self->family, cmd);
		if (cmd == AGENTSYS_CMD_EVENT_GET)
			nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
		nla_put_u32(msg, AGENTSYS_A_STATE, 1);	/* known, but not to be given */
		EXPECT_REASON(EINVAL, msg);
	}
}

TEST_F(raw, attributes_of_other_commands)
{
	EXPECT_REASON(EINVAL, MESSAGE(GET, nla_put_flag(msg, AGENTSYS_A_WAIT)));
	EXPECT_REASON(EINVAL, MESSAGE(START, nla_put_u32(msg, AGENTSYS_A_STOP_TIMEOUT, 1)));
	EXPECT_REASON(EINVAL, MESSAGE(STOP, nla_put_u32(msg, AGENTSYS_A_UID, 1)));
	EXPECT_REASON(EINVAL, MESSAGE(SET, nla_put_string(msg, AGENTSYS_A_NAME, "x")));
	EXPECT_REASON(EINVAL, MESSAGE(ATTACH, nla_put_string(msg, AGENTSYS_A_ARG, "x")));
	EXPECT_REASON(EINVAL, MESSAGE(SPAWN, nla_put_u32(msg, AGENTSYS_A_PID, 5)));
	EXPECT_REASON(EINVAL, MESSAGE(SHUTDOWN, nla_put_u32(msg, AGENTSYS_A_ID, 5)));
	EXPECT_EQ(0, look_system(self->a.h).agents);
}

TEST_F(raw, attributes_of_a_wrong_size)
{
	static const char bytes[16], codes[40];

	EXPECT_REASON(EINVAL, MESSAGE(GET, nla_put(msg, AGENTSYS_A_ID, 3, bytes)));
	EXPECT_REASON(EINVAL, MESSAGE(GET, nla_put(msg, AGENTSYS_A_ID, 8, bytes)));
	EXPECT_REASON(EINVAL, MESSAGE(GET, nla_put(msg, AGENTSYS_A_ID, 0, bytes)));
	EXPECT_REASON(ERANGE, MESSAGE(STOP, nla_put(msg, AGENTSYS_A_WAIT, 1, bytes)));
	EXPECT_REASON(EINVAL, MESSAGE(SPAWN, nla_put(msg, AGENTSYS_A_MEMORY_MAX, 4, bytes)));
	EXPECT_REASON(EINVAL, MESSAGE(SPAWN, nla_put_string(msg, AGENTSYS_A_ARG, "/bin/true");
				      nla_put(msg, AGENTSYS_A_RLIMITS, 23, bytes)));
	EXPECT_REASON(EINVAL, MESSAGE(SPAWN, nla_put_string(msg, AGENTSYS_A_ARG, "/bin/true");
				      nla_put(msg, AGENTSYS_A_GROUPS, 3, bytes)));
	EXPECT_REASON(ERANGE, MESSAGE(SET, nla_put(msg, AGENTSYS_A_SUCCESS_CODES, 31, codes)));
	EXPECT_REASON(ERANGE, MESSAGE(SET, nla_put(msg, AGENTSYS_A_SUCCESS_CODES, 33, codes)));
	EXPECT_REASON(ERANGE, MESSAGE(SET, nla_put(msg, AGENTSYS_A_NEVER_CODES, 0, codes)));
	EXPECT_REASON(ERANGE, MESSAGE(SET, nla_put(msg, AGENTSYS_A_NEVER_CODES, 40, codes)));
	EXPECT_REASON(EINVAL, MESSAGE(SET, nla_put(msg, AGENTSYS_A_NEVER_SIGNALS, 4, codes)));
	EXPECT_REASON(EINVAL, MESSAGE(SET, nla_put(msg, AGENTSYS_A_NEVER_CAUSES, 8, codes)));
	/* A string without its end. */
	EXPECT_REASON(EINVAL, MESSAGE(SPAWN, nla_put(msg, AGENTSYS_A_ARG, 4, "true")));
	EXPECT_REASON(EINVAL, MESSAGE(SPAWN, nla_put(msg, AGENTSYS_A_ARG, 0, "")));
	EXPECT_EQ(0, look_system(self->a.h).agents);
}

/*
 * A start that nobody waits for leaves its record when it fails, even if somebody
 * waits for a restart by then: how it came out is read there.
 */
TEST_F(raw, a_start_is_kept_for_who_did_not_wait)
{
	struct agents *a = &self->a;
	uint32_t other = SPAWN(a, SLEEP);
	pid_t launcher = look_system(a->h).launcher_pid;
	struct nl_msg *msg;
	char text[256];
	uint32_t id;

	kill(launcher, SIGSTOP);
	ASSERT_OK(a->h, agentsys_spawn(a->h, SPEC("/nowhere"), 0, &id));
	msg = MESSAGE(RESTART, nla_put_u32(msg, AGENTSYS_A_ID, id);
		      nla_put_flag(msg, AGENTSYS_A_WAIT));
	EXPECT_EQ(0, send_message(self->sock, msg, text, sizeof(text))) TH_LOG("%s", text);
	kill(launcher, SIGCONT);
	LATER(a, id, LAUNCH_FAILED);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(AGENTSYS_FAILED, look(a, id).state);
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	ASSERT_OK(a->h, agentsys_kill(a->h, other, AGENTSYS_WAIT));
}

/* What the library would not send. */
TEST_F(raw, contents)
{
	static const char zeros[AGENTSYS_GROUPS_MAX * 4 + 4];
	const struct agentsys_job_rlimit unknown = { .resource = 16 };
	const struct agentsys_job_rlimit reserved = { .reserved = 1 };

#define SPAWN_WITH(put) MESSAGE(SPAWN, nla_put_string(msg, AGENTSYS_A_ARG, "/bin/true"); put)
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put_string(msg, AGENTSYS_A_ENV, "NO_VALUE")));
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put_string(msg, AGENTSYS_A_ENV, "=value")));
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put_string(msg, AGENTSYS_A_ENV, "")));
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put_string(msg, AGENTSYS_A_STDOUT, "/tmp/x");
					 nla_put_s32(msg, AGENTSYS_A_STDOUT_FD, 1)));
	EXPECT_REASON(EBADF, SPAWN_WITH(nla_put_s32(msg, AGENTSYS_A_STDOUT_FD, -1)));
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put(msg, AGENTSYS_A_RLIMITS, sizeof(unknown),
						 &unknown)));
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put(msg, AGENTSYS_A_RLIMITS, sizeof(reserved),
						 &reserved)));
	EXPECT_REASON(E2BIG, SPAWN_WITH(nla_put(msg, AGENTSYS_A_GROUPS, sizeof(zeros), zeros)));
	EXPECT_REASON(E2BIG, SPAWN_WITH(nla_put(msg, AGENTSYS_A_RLIMITS, 17 * sizeof(unknown),
						zeros)));
	EXPECT_EQ(0, look_system(self->a.h).agents);
	EXPECT_EQ(0, count_cgroups());
}

TEST_F(raw, backends)
{
	char text[256];

	EXPECT_REASON(ERANGE, SPAWN_WITH(nla_put_u32(msg, AGENTSYS_A_BACKEND,
						     __AGENTSYS_BACKENDS)));
	EXPECT_REASON(EINVAL, SPAWN_WITH(nla_put_u64(msg, AGENTSYS_A_BACKEND, 0)));
	EXPECT_EQ(-EOPNOTSUPP, send_message(self->sock,
					    SPAWN_WITH(nla_put_u32(msg, AGENTSYS_A_BACKEND,
								   AGENTSYS_BACKEND_TEE)),
					    text, sizeof(text)));
	EXPECT_EQ(0, strncmp("backend not available: tee: ", text, 28)) TH_LOG("%s", text);
	/* Whatever else is wrong with it. */
	EXPECT_EQ(-EOPNOTSUPP, send_message(self->sock,
					    MESSAGE(SPAWN, nla_put_u32(msg, AGENTSYS_A_BACKEND,
								       AGENTSYS_BACKEND_REMOTE)),
					    text, sizeof(text)));
	EXPECT_EQ(0, strncmp("backend not available: remote: ", text, 31)) TH_LOG("%s", text);
	EXPECT_REASON(EINVAL, MESSAGE(ATTACH, nla_put_u32(msg, AGENTSYS_A_PID, getpid());
				      nla_put_u32(msg, AGENTSYS_A_BACKEND, 0)));
	EXPECT_EQ(0, look_system(self->a.h).agents);
}

/* Sizes and offsets that do not fit together. */
TEST_F(raw, garbage)
{
	struct {
		struct nlmsghdr hdr;
		struct genlmsghdr genl;
		struct nlattr attr;
		uint32_t value;
	} m = {
		.hdr = { sizeof(m), self->family, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.genl = { AGENTSYS_CMD_GET, AGENTSYS_GENL_VERSION, 0 },
		.attr = { 8, AGENTSYS_A_ID },
		.value = 4711,
	};
	char text[256];

	EXPECT_EQ(-ESRCH, send_bytes(self->sock, &m, sizeof(m), text, sizeof(text)));

	/* An attribute that ends behind the message, one that is shorter than its head. */
	m.attr.nla_len = 12;
	EXPECT_EQ(-EINVAL, send_bytes(self->sock, &m, sizeof(m), text, sizeof(text)));
	EXPECT_NE(0, strlen(text));
	m.attr.nla_len = 2;
	EXPECT_EQ(-EINVAL, send_bytes(self->sock, &m, sizeof(m), text, sizeof(text)));
	EXPECT_NE(0, strlen(text));
	m.attr.nla_len = 8;

	m.genl.reserved = 1;
	EXPECT_EQ(-EINVAL, send_bytes(self->sock, &m, sizeof(m), text, sizeof(text)));
	m.genl.reserved = 0;

	/* Too short for a command. */
	m.hdr.nlmsg_len = sizeof(m.hdr) + 2;
	EXPECT_EQ(-EINVAL, send_bytes(self->sock, &m, sizeof(m.hdr) + 4, text, sizeof(text)));
	m.hdr.nlmsg_len = sizeof(m);

	/* It is all the same to the next request. */
	EXPECT_EQ(-ESRCH, send_bytes(self->sock, &m, sizeof(m), text, sizeof(text)));
	EXPECT_STREQ("no such agent", text);
}

TEST_HARNESS_MAIN
