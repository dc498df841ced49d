// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's calls that are about agents: what they answer, to whom, into which
 * memory, and in which order errors are checked.
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/device.h"

#define UNKNOWN_ID	424242

/* Two agents: 100, which sleeps, and 101, a device_probe as user nobody. */
FIXTURE(agents)
{
	struct agentsys *h;
	int fd;
};

static int spawn(struct agentsys *h, unsigned int id, const char *name, uid_t uid,
		 struct agentsys_spec *spec)
{
	agentsys_spec_set_id(spec, id);
	MUST(!agentsys_spec_set_name(spec, name));
	agentsys_spec_set_uid(spec, uid);
	agentsys_spec_set_gid(spec, uid);
	return agentsys_spawn(h, spec, AGENTSYS_WAIT, NULL);
}

FIXTURE_SETUP(agents)
{
	self->fd = device();
	ASSERT_EQ(0, agentsys_open(&self->h));
	ASSERT_OK(self->h, spawn(self->h, 100, "a \"sleeper\"", 0, SLEEP));
}

FIXTURE_TEARDOWN(agents)
{
	EXPECT_EQ(0, agentsys_recovery_set(self->h, 0, AGENTSYS_PRESET_DEFAULT, NULL, 0));
	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, NULL, NULL));
	/* The next test uses the same ids. */
	agentsys_remove(self->h, 100);
	agentsys_remove(self->h, 101);
	agentsys_close(self->h);
	close(self->fd);
}

/* Read a file. Is it there to the end, which it says? */
static bool is_complete(const char *path, char *text, size_t size)
{
	ssize_t n = read_whole(path, text, size);

	return n >= 5 && !strcmp(text + n - 5, "\nend\n");
}

TEST_F(agents, an_agent_about_itself)
{
	const char *out = WORK "/probe/out";
	char report[16384];

	/* It asks for what it has no right to. */
	ASSERT_OK(self->h, agentsys_recovery_set(self->h, 0, AGENTSYS_PRESET_PERMISSIVE, NULL, 0));
	ASSERT_EQ(0, mkdir(WORK "/probe", 0777));
	ASSERT_EQ(0, chmod(WORK "/probe", 0777));
	ASSERT_OK(self->h, spawn(self->h, 101, "probe", NOBODY,
				 SPEC(program("device_probe"), out, "100")));
	ASSERT_TRUE(AWAIT(is_complete(out, report, sizeof(report))));
	TH_LOG("%s", report);

	EXPECT_NE(NULL, strstr(report, "whoami: 0 id=101 pid=mine instance=1 restarts=0/0 "
			       "heartbeats=0 name=probe\n"
			       "heartbeat: 0\nheartbeat: 0\nheartbeat: 0\n"
			       "whoami: 0 id=101 pid=mine instance=1 restarts=0/0 "
			       "heartbeats=3 name=probe\n"));
	EXPECT_NE(NULL, strstr(report, "info-self: 0 {\"agent_id\":101,"));
	EXPECT_NE(NULL, strstr(report, "info-own: 0 {\"agent_id\":101,"));
	EXPECT_NE(NULL, strstr(report, "\"heartbeat_count\":3,"));
	EXPECT_NE(NULL, strstr(report, "info-other: -1 \n"));
	EXPECT_NE(NULL, strstr(report, "info-none: -3 \n"));
	EXPECT_NE(NULL, strstr(report, "policy: -1\n"));
	/* Its child is the agent, but not the main process. */
	EXPECT_NE(NULL, strstr(report, "heartbeat: 0\nwhoami: 0 id=101 pid=other instance=1 "
			       "restarts=0/0 heartbeats=4 name=probe\n"));
	if (strstr(report, "namespaces: 0\n")) {
		EXPECT_NE(NULL, strstr(report, "namespaces: 0\nwhoami: 0 id=101 pid=none "));
		EXPECT_NE(NULL, strstr(report, "info-other-ns: -1 \n"));
		EXPECT_NE(NULL, strstr(report, "info-self-ns: 0 {\"agent_id\":101,"));
		EXPECT_NE(NULL, strstr(report, "}\npolicy: -1\nend\n"));
	} else {
		TH_LOG("no user namespaces here");
	}
}

TEST_F(agents, info)
{
	char buf[4096];
	struct agentsys_text text = text_arg(100, buf, sizeof(buf));
	int ret = call(self->fd, AGENTSYS_IOC_INFO, &text);

	ASSERT_GT(ret, 0);
	EXPECT_EQ(strlen(buf), ret);
	EXPECT_EQ(text.len, ret + 1);
	EXPECT_NE(NULL, strstr(buf, "\"name\":\"a \\\"sleeper\\\"\""));
	EXPECT_NE(NULL, strstr(buf, "\"state\":\"active\""));

	text = text_arg(UNKNOWN_ID, buf, sizeof(buf));
	EXPECT_EQ(-ESRCH, call(self->fd, AGENTSYS_IOC_INFO, &text));
	EXPECT_EQ(-ESRCH, call_as_nobody(self->fd, AGENTSYS_IOC_INFO, &text));
	text = text_arg(100, buf, sizeof(buf));
	EXPECT_EQ(-EPERM, call_as_nobody(self->fd, AGENTSYS_IOC_INFO, &text));
	/* Who may not know is not told the size either. */
	text = text_arg(100, NULL, 0);
	EXPECT_EQ(-EPERM, call_as_nobody(self->fd, AGENTSYS_IOC_INFO, &text));
}

/* Both calls that give a text, from no buffer to one that is larger than needed. */
static void check_lengths(struct __test_metadata *_metadata, int fd, unsigned int command,
			  unsigned int id)
{
	static char buf[65536];
	struct agentsys_text text = text_arg(id, NULL, 0);
	uint64_t needed;
	int ret;

	ASSERT_EQ(-EMSGSIZE, call(fd, command, &text));
	needed = text.len;
	ASSERT_GT(needed, 100);
	ASSERT_LT(needed, 4096);

	for (uint64_t len = 1; len < needed + 40; len++) {
		memset(buf, 0x55, sizeof(buf));
		text = text_arg(id, buf, len);
		ret = call(fd, command, &text);
		/* CPU time may have grown by a digit. */
		if (len + 4 < needed)
			ASSERT_EQ(-EMSGSIZE, ret);
		if (len > needed + 4)
			ASSERT_GT(ret, 0);
		if (ret > 0) {
			ASSERT_EQ(text.len, (uint64_t)ret + 1);
			ASSERT_LE(text.len, len);
			ASSERT_EQ(strlen(buf), (size_t)ret);
			ASSERT_EQ('{', buf[0]);
			ASSERT_EQ('}', buf[ret - 1]);
		} else {
			ASSERT_EQ(-EMSGSIZE, ret);
			ASSERT_GT(text.len, len);
		}
		for (uint64_t b = len; b < len + 4096; b++)
			ASSERT_EQ(0x55, buf[b]);
	}

	/* A length beyond everything is no longer than the buffer really is. */
	text = text_arg(id, buf, sizeof(buf));
	EXPECT_GT(call(fd, command, &text), 0);
	text = text_arg(id, buf, SIZE_MAX);
	EXPECT_GT(call(fd, command, &text), 0);
}

TEST_F(agents, info_lengths)
{
	check_lengths(_metadata, self->fd, AGENTSYS_IOC_INFO, 100);
}

TEST_F(agents, telemetry_lengths)
{
	check_lengths(_metadata, self->fd, AGENTSYS_IOC_TELEMETRY, 0);
}

TEST_F(agents, telemetry_drops_events_oldest_first)
{
	static char buf[65536];
	struct agentsys_text text = text_arg(0, NULL, 0);
	unsigned int with = 0;
	uint64_t needed;

	ASSERT_EQ(-EMSGSIZE, call(self->fd, AGENTSYS_IOC_TELEMETRY, &text));
	needed = text.len;
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, agentsys_pause(self->h, 100));
		ASSERT_EQ(0, agentsys_resume(self->h, 100));
	}
	for (uint64_t len = needed + 8; len < needed + 4096; len += 53) {
		const char *at, *newest;
		unsigned int events = 0;

		text = text_arg(0, buf, len);
		ASSERT_GT(call(self->fd, AGENTSYS_IOC_TELEMETRY, &text), 0);
		for (at = buf; (at = strstr(at, "{\"seq\":")); at++) {
			events++;
			newest = at;
		}
		ASSERT_GE(events, with);
		with = events;
		if (!events)
			continue;
		/* The last one is always there, and the others lead up to it. */
		ASSERT_NE(NULL, strstr(newest, "Agent 100 resumed"));
		ASSERT_STREQ("}]}", buf + strlen(buf) - 3);
	}
	EXPECT_GE(with, 11);
	EXPECT_EQ(0, call_as_nobody(self->fd, AGENTSYS_IOC_VERSION, buf));
}

TEST_F(agents, text_into_bad_memory)
{
	static const unsigned int commands[] = { AGENTSYS_IOC_INFO, AGENTSYS_IOC_TELEMETRY };
	char *page = last_page();
	char *readonly = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 2; i++) {
		unsigned int id = commands[i] == AGENTSYS_IOC_INFO ? 100 : 0;
		struct agentsys_text text;

		text = text_arg(id, NULL, 8192);
		EXPECT_EQ(-EFAULT, call(self->fd, commands[i], &text));
		text = text_arg(id, readonly, 65536);
		EXPECT_EQ(-EFAULT, call(self->fd, commands[i], &text));
		text = text_arg(id, page + 4096 - 20, 8192);
		EXPECT_EQ(-EFAULT, call(self->fd, commands[i], &text));
		EXPECT_EQ(8192, text.len);
		text = text_arg(id, (void *)KERNEL_ADDRESS, 8192);
		EXPECT_EQ(-EFAULT, call(self->fd, commands[i], &text));
		/* The struct itself cannot be written back to. */
		text = text_arg(id, page, 4096);
		memcpy(page, &text, sizeof(text));
		ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
		EXPECT_EQ(-EFAULT, call(self->fd, commands[i], page));
		ASSERT_EQ(0, mprotect(page, 4096, PROT_READ | PROT_WRITE));
	}
	/* A kernel address is refused before anything is looked up. */
	EXPECT_EQ(-EFAULT, call(self->fd, AGENTSYS_IOC_INFO,
				&(struct agentsys_text){ 24, UNKNOWN_ID, KERNEL_ADDRESS, 10 }));
}

static struct agentsys_policy policy_arg(unsigned int id, unsigned int patch, uint64_t value)
{
	return (struct agentsys_policy) {
		.size = sizeof(struct agentsys_policy),
		.agent_id = id,
		.patch = patch,
		.value = value,
	};
}

TEST_F(agents, policy_errors_in_order)
{
	struct agentsys_policy p;

	/* permission, then the patch and its value, then the agent, then what is not there */
	p = policy_arg(UNKNOWN_ID, 99, UINT64_MAX);
	EXPECT_EQ(-EPERM, call_as_nobody(self->fd, AGENTSYS_IOC_POLICY, &p));
	EXPECT_EQ(-EINVAL, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	p = policy_arg(100, 0, 0);
	EXPECT_EQ(-EINVAL, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	p = policy_arg(UNKNOWN_ID, AGENTSYS_PATCH_AUTO_RESTART, 0x80000000);
	EXPECT_EQ(-EINVAL, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	p = policy_arg(100, AGENTSYS_PATCH_AUTO_RESTART, UINT64_MAX);
	EXPECT_EQ(-EINVAL, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	p = policy_arg(UNKNOWN_ID, AGENTSYS_PATCH_AUTO_RESTART, 1);
	EXPECT_EQ(-ESRCH, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	p = policy_arg(0, AGENTSYS_PATCH_AUTO_RESTART, 1);
	EXPECT_EQ(-ESRCH, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	for (unsigned int patch = 1; patch <= 3; patch++) {
		p = policy_arg(UNKNOWN_ID, patch, 2);
		EXPECT_EQ(-ESRCH, call(self->fd, AGENTSYS_IOC_POLICY, &p));
		p = policy_arg(100, patch, 2);
		EXPECT_EQ(-EOPNOTSUPP, call(self->fd, AGENTSYS_IOC_POLICY, &p));
	}
}

TEST_F(agents, policy_sets_auto_restart)
{
	static const struct {
		uint64_t value;
		const char *text;
	} steps[] = {
		{ 5, "\"auto_restart\":true,\"restart\":\"on-failure\",\"max_restarts\":5," },
		{ 0, "\"auto_restart\":false,\"restart\":\"never\",\"max_restarts\":0," },
		{ 0x7fffffff, "\"restart\":\"on-failure\",\"max_restarts\":2147483647," },
	};
	char buf[4096];

	for (size_t i = 0; i < 3; i++) {
		struct agentsys_policy p = policy_arg(100, AGENTSYS_PATCH_AUTO_RESTART,
						      steps[i].value);
		struct agentsys_text text = text_arg(100, buf, sizeof(buf));

		EXPECT_EQ(0, call(self->fd, AGENTSYS_IOC_POLICY, &p));
		ASSERT_GT(call(self->fd, AGENTSYS_IOC_INFO, &text), 0);
		TH_LOG("%s", buf);
		EXPECT_NE(NULL, strstr(buf, steps[i].text));
	}
}

TEST_HARNESS_MAIN
