// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's calls: sizes, pointers, flags, who may, and in which order the
 * errors are checked. The launcher's own calls are only looked at from outside.
 */
#include "kselftest_harness.h"
#include "lib/device.h"

#include <sys/stat.h>
#include <sys/syscall.h>

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
	EXPECT_EQ(72, sizeof(struct agentsys_event));
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

TEST_HARNESS_MAIN
