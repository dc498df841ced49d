// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's calls: sizes, pointers, flags, who may, and in which order the
 * errors are checked. The launcher's own calls are only looked at from outside.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libasm.h"
#include "kselftest_harness.h"

#define NOBODY		65534
#define UNKNOWN_ID	424242
#define KERNEL_ADDRESS	0xffff888000000000ULL

/* Every call that takes a sized struct: the size of its first version. */
static const struct call {
	unsigned int command;
	const char *name;
	unsigned int size;
	unsigned int flags;	/* offset of a field that is 0, or 0 for none */
} calls[] = {
	{ AGENTSYS_IOC_TELEMETRY, "telemetry", 24, 4 },
	{ AGENTSYS_IOC_POLICY, "policy", 24, 12 },
	{ AGENTSYS_IOC_INFO, "info", 24, 0 },
	{ AGENTSYS_IOC_WHOAMI, "whoami", 96, 0 },
	{ AGENTSYS_IOC_HEARTBEAT, "heartbeat", 8, 4 },
	{ AGENTSYS_IOC_LAUNCH_JOIN, "launch-join", 8, 4 },
	{ AGENTSYS_IOC_LAUNCH_NEXT, "launch-next", 24, 4 },
	{ AGENTSYS_IOC_LAUNCH_COMMIT, "launch-commit", 24, 20 },
	{ AGENTSYS_IOC_LAUNCH_FAIL, "launch-fail", 24, 20 },
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

static int device(void)
{
	int fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(AGENTSYS_DEVICE);
		exit(1);
	}
	return fd;
}

/* 0 or more, or a negative errno. */
static int call(int fd, unsigned int command, const void *arg)
{
	int ret = ioctl(fd, command, arg);

	return ret < 0 ? -errno : ret;
}

/* The same as somebody without any right. */
static int call_as_nobody(int fd, unsigned int command, const void *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(255);
		_exit(-call(fd, command, arg));
	}
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

/* A page with nothing mapped behind it. */
static char *last_page(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);

	munmap(map + page, page);
	return map;
}

static struct agentsys_text text_arg(unsigned int id, void *buf, size_t len)
{
	return (struct agentsys_text) {
		.size = sizeof(struct agentsys_text),
		.agent_id = id,
		.buf = (uintptr_t)buf,
		.len = len,
	};
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

TEST(device_is_for_everyone)
{
	struct stat st;

	ASSERT_EQ(0, stat(AGENTSYS_DEVICE, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0666, st.st_mode & 07777);
}

TEST(structs_are_what_they_were)
{
	EXPECT_EQ(24, sizeof(struct agentsys_text));
	EXPECT_EQ(24, sizeof(struct agentsys_policy));
	EXPECT_EQ(96, sizeof(struct agentsys_whoami));
	EXPECT_EQ(8, sizeof(struct agentsys_heartbeat));
	EXPECT_EQ(32, sizeof(struct agentsys_version));
	EXPECT_EQ(64, sizeof(struct agentsys_event));
}

TEST(version)
{
	static const unsigned int sizes[] = { 0, 4, 8, 12, 31, 32, 33, 4096, 4097, 0x7fffffff,
					      0xffffffff };
	int fd = device();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		union {
			struct agentsys_version v;
			char bytes[64];
		} u;
		unsigned int written = sizes[i] && sizes[i] < 32 ? sizes[i] : 32;

		memset(&u, 0x55, sizeof(u));
		u.v.size = sizes[i];
		ASSERT_EQ(0, call(fd, AGENTSYS_IOC_VERSION, &u));
		EXPECT_EQ(32, u.v.size);
		for (unsigned int b = written; b < sizeof(u); b++)
			ASSERT_EQ(0x55, u.bytes[b]);
		if (written >= 8)
			EXPECT_EQ(AGENTSYS_ABI_VERSION, u.v.abi);
		if (written == 32)
			EXPECT_STREQ("1.0.0", u.v.release);
	}
	EXPECT_EQ(0, call_as_nobody(fd, AGENTSYS_IOC_VERSION,
				    &(struct agentsys_version){ .size = 32 }));
}

TEST(version_with_a_bad_pointer)
{
	struct agentsys_version *readonly = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
						 -1, 0);
	int fd = device();

	EXPECT_EQ(-EFAULT, call(fd, AGENTSYS_IOC_VERSION, NULL));
	EXPECT_EQ(-EFAULT, call(fd, AGENTSYS_IOC_VERSION, (void *)KERNEL_ADDRESS));
	EXPECT_EQ(-EFAULT, call(fd, AGENTSYS_IOC_VERSION, readonly));
}

TEST(unknown_commands)
{
	static const unsigned int numbers[] = { 0x04, 0x07, 0x3f, 0x44, 0x7f, 0xff };
	int fd = device();

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		EXPECT_EQ(-ENOTTY, call(fd, _IO(AGENTSYS_IOC_MAGIC, numbers[i]), NULL));
		EXPECT_EQ(-ENOTTY, call(fd, _IO('x', numbers[i]), NULL));
	}
	/* The same number with a size in it is another command. */
	EXPECT_EQ(-ENOTTY, call(fd, _IOWR(AGENTSYS_IOC_MAGIC, 0, struct agentsys_version), NULL));
	EXPECT_EQ(-ENOTTY, call(fd, _IO('A', 0), NULL));
}

TEST(no_read_no_write)
{
	char byte = 0;
	int fd = device();

	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

TEST(bad_pointers)
{
	char *page = last_page();
	int fd = device();

	for (size_t i = 0; i < N_CALLS; i++) {
		const struct call *c = &calls[i];
		unsigned int *size;

		TH_LOG("%s", c->name);
		EXPECT_EQ(-EFAULT, call(fd, c->command, NULL));
		EXPECT_EQ(-EFAULT, call(fd, c->command, (void *)KERNEL_ADDRESS));
		/* The size can be read, but not all that it promises. */
		size = (unsigned int *)(page + 4096 - 4);
		*size = c->size;
		EXPECT_EQ(-EFAULT, call(fd, c->command, size));
		size = (unsigned int *)(page + 4096 - c->size);
		*size = c->size + 8;
		EXPECT_EQ(-EFAULT, call(fd, c->command, size));
	}
}

/* A call with @size, zeros, and @last as the last byte of it. */
static int call_sized(int fd, const struct call *c, unsigned int size, char last)
{
	static char arg[8192];

	memset(arg, 0, sizeof(arg));
	if (size && size <= sizeof(arg))
		arg[size - 1] = last;
	memcpy(arg, &size, sizeof(size));
	return call(fd, c->command, arg);
}

TEST(sizes)
{
	int fd = device();

	for (size_t i = 0; i < N_CALLS; i++) {
		const struct call *c = &calls[i];
		int plain = call_sized(fd, c, c->size, 0);

		TH_LOG("%s", c->name);
		EXPECT_NE(-E2BIG, plain);
		for (unsigned int size = 0; size < c->size; size++)
			ASSERT_EQ(-EINVAL, call_sized(fd, c, size, 0));

		/* Longer, with nothing in it: the same. */
		for (unsigned int size = c->size + 1; size <= 4096; size += 509)
			EXPECT_EQ(plain, call_sized(fd, c, size, 0));
		EXPECT_EQ(plain, call_sized(fd, c, 4096, 0));
		EXPECT_EQ(-E2BIG, call_sized(fd, c, 4097, 0));
		EXPECT_EQ(-E2BIG, call_sized(fd, c, 0xffffffff, 0));

		/* Longer, with something in it. */
		EXPECT_EQ(-E2BIG, call_sized(fd, c, c->size + 1, 1));
		EXPECT_EQ(-E2BIG, call_sized(fd, c, c->size + 8, 1));
		EXPECT_EQ(-E2BIG, call_sized(fd, c, 4096, 1));
	}
}

TEST(flags_come_after_sizes_and_before_permission)
{
	char arg[256];
	int fd = device();

	for (size_t i = 0; i < N_CALLS; i++) {
		const struct call *c = &calls[i];

		if (!c->flags)
			continue;
		TH_LOG("%s", c->name);
		memset(arg, 0, sizeof(arg));
		*(unsigned int *)arg = c->size;
		*(unsigned int *)(arg + c->flags) = 0x80000000;
		EXPECT_EQ(-EINVAL, call(fd, c->command, arg));
		EXPECT_EQ(-EINVAL, call_as_nobody(fd, c->command, arg));
		*(unsigned int *)arg = c->size + 8;
		arg[c->size] = 1;
		EXPECT_EQ(-E2BIG, call(fd, c->command, arg));
	}
}

TEST(who_is_in_no_agent)
{
	struct agentsys_whoami who = { .size = sizeof(who) };
	struct agentsys_heartbeat beat = { .size = sizeof(beat) };
	struct agentsys_text text = text_arg(0, NULL, 0);
	int fd = device();

	EXPECT_EQ(-ESRCH, call(fd, AGENTSYS_IOC_WHOAMI, &who));
	EXPECT_EQ(-ESRCH, call(fd, AGENTSYS_IOC_HEARTBEAT, &beat));
	EXPECT_EQ(-ESRCH, call(fd, AGENTSYS_IOC_INFO, &text));
	EXPECT_EQ(-ESRCH, call_as_nobody(fd, AGENTSYS_IOC_WHOAMI, &who));
	EXPECT_EQ(-ESRCH, call_as_nobody(fd, AGENTSYS_IOC_HEARTBEAT, &beat));
}

TEST(launcher_calls_are_not_for_others)
{
	static char buf[AGENTSYS_SPEC_MAX];
	struct agentsys_launch_join join = { .size = sizeof(join) };
	struct agentsys_launch_next next = {
		.size = sizeof(next), .buf = (uintptr_t)buf, .len = sizeof(buf),
	};
	struct agentsys_launch_result result = { .size = sizeof(result), .token = 1 };
	int fd = device();

	EXPECT_EQ(-EPERM, call(fd, AGENTSYS_IOC_LAUNCH_JOIN, &join));
	EXPECT_EQ(-EPERM, call(fd, AGENTSYS_IOC_LAUNCH_NEXT, &next));
	EXPECT_EQ(-EPERM, call(fd, AGENTSYS_IOC_LAUNCH_COMMIT, &result));
	result.step = AGENTSYS_STEP_EXEC;
	result.error = ENOENT;
	EXPECT_EQ(-EPERM, call(fd, AGENTSYS_IOC_LAUNCH_FAIL, &result));
}

TEST(an_open_file_holds_the_module)
{
	int fd = device();

	EXPECT_EQ(-1, syscall(SYS_delete_module, "agentsys", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	close(fd);
}

/* Two agents: 100, which sleeps, and 101, a device_probe as user nobody. */
FIXTURE(agents)
{
	struct agentsys *h;
	int fd;
	char out[PATH_MAX];
};

static int spawn(struct agentsys *h, unsigned int id, const char *name, uid_t uid,
		 const char *const args[])
{
	struct agentsys_spec *spec = agentsys_spec_new();
	int ret;

	agentsys_spec_set_id(spec, id);
	ret = agentsys_spec_set_name(spec, name);
	if (!ret)
		ret = agentsys_spec_set_args(spec, args);
	agentsys_spec_set_uid(spec, uid);
	agentsys_spec_set_gid(spec, uid);
	if (!ret)
		ret = agentsys_spawn(h, spec, AGENTSYS_WAIT, NULL);
	if (ret)
		fprintf(stderr, "spawn %s: %s\n", name, agentsys_error(h));
	agentsys_spec_free(spec);
	return ret;
}

FIXTURE_SETUP(agents)
{
	const char *const sleeper[] = { "/bin/sleep", "1000", NULL };

	self->fd = device();
	ASSERT_EQ(0, agentsys_open(&self->h));
	ASSERT_EQ(0, spawn(self->h, 100, "a \"sleeper\"", 0, sleeper));
}

FIXTURE_TEARDOWN(agents)
{
	EXPECT_EQ(0, agentsys_shutdown(self->h, 0, AGENTSYS_WAIT, NULL, NULL));
	/* The next test uses the same ids. */
	agentsys_remove(self->h, 100);
	agentsys_remove(self->h, 101);
	agentsys_close(self->h);
	close(self->fd);
}

/* Wait until the file ends with "end". */
static char *read_report(const char *path)
{
	static char text[16384];

	for (int i = 0; i < 1000; i++) {
		FILE *file = fopen(path, "r");
		size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

		if (file)
			fclose(file);
		text[n] = '\0';
		if (n >= 5 && !strcmp(text + n - 5, "\nend\n"))
			return text;
		usleep(20000);
	}
	return NULL;
}

TEST_F(agents, an_agent_about_itself)
{
	const char *folder = getenv("AGENTS");
	char program[PATH_MAX], out[] = "/tmp/test/probe/out", *report;
	const char *const args[] = { program, out, "100", NULL };

	ASSERT_EQ(0, mkdir("/tmp/test/probe", 0777));
	ASSERT_EQ(0, chmod("/tmp/test/probe", 0777));
	snprintf(program, sizeof(program), "%s/device_probe", folder ? folder : ".");
	ASSERT_EQ(0, spawn(self->h, 101, "probe", NOBODY, args));
	report = read_report(out);
	ASSERT_NE(NULL, report);
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
