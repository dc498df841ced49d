// SPDX-License-Identifier: GPL-2.0-only
/*
 * The standard descriptors of an agent: files, those of the caller, or none.
 *
 * vm: timeout=120
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/process.h"

#define USER	1000

AGENTS_FIXTURE(stdio);

TEST_F(stdio, descriptors_are_three_and_lead_nowhere)
{
	pid_t pid = PID(&self->a, SLEEP);

	EXPECT_STREQ("0 1 2", descriptors_of(pid));
	EXPECT_STREQ("/dev/null", link_of(pid, "fd/0"));
	EXPECT_STREQ("/dev/null", link_of(pid, "fd/1"));
	EXPECT_STREQ("/dev/null", link_of(pid, "fd/2"));
}

TEST_F(stdio, files)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("cat; echo out; echo err >&2; echo out2");
	char text[128];
	struct stat st;
	uint32_t id;

	make_file(WORK "/in", "from in\n", 0644);
	make_file(WORK "/out", "there before\n", 0644);
	ASSERT_EQ(0, agentsys_spec_set_stdio_path(spec, 0, WORK "/in"));
	ASSERT_EQ(0, agentsys_spec_set_stdio_path(spec, 1, WORK "/out"));
	ASSERT_EQ(0, agentsys_spec_set_stdio_path(spec, 2, WORK "/err"));
	agentsys_spec_set_uid(spec, USER);
	agentsys_spec_set_gid(spec, USER);
	id = SPAWN(a, spec);
	LATER(a, id, EXIT);
	EXPECT_GT(read_whole(WORK "/out", text, sizeof(text)), 0);
	EXPECT_STREQ("there before\nfrom in\nout\nout2\n", text);
	EXPECT_GT(read_whole(WORK "/err", text, sizeof(text)), 0);
	EXPECT_STREQ("err\n", text);

	/* What was made is the agent's, and nobody else's. */
	ASSERT_EQ(0, stat(WORK "/err", &st));
	EXPECT_EQ(USER, st.st_uid);
	EXPECT_EQ(USER, st.st_gid);
	EXPECT_EQ(0600, st.st_mode & 07777);

	/* The next instance goes on behind. */
	ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
	LATER(a, id, EXIT);
	EXPECT_GT(read_whole(WORK "/err", text, sizeof(text)), 0);
	EXPECT_STREQ("err\nerr\n", text);
}

/* Both write to one open file, so nothing is written over. */
TEST_F(stdio, stderr_is_stdout_unless_it_is_given)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("echo 1; echo 2 >&2; echo 3; echo 4 >&2");
	char text[128];
	int out;

	ASSERT_EQ(0, agentsys_spec_set_stdio_path(spec, 1, WORK "/both"));
	LATER(a, SPAWN(a, spec), EXIT);
	EXPECT_GT(read_whole(WORK "/both", text, sizeof(text)), 0);
	EXPECT_STREQ("1\n2\n3\n4\n", text);

	spec = SHELL("echo 1; echo 2 >&2");
	out = piped(spec, 1);
	SPAWN(a, spec);
	EXPECT_LINE("1", out);
	EXPECT_LINE("2", out);

	/* Given as something else, and the other way round. */
	spec = SLEEP;
	ASSERT_EQ(0, agentsys_spec_set_stdio_path(spec, 2, WORK "/err"));
	EXPECT_STREQ("/dev/null", link_of(PID(a, spec), "fd/1"));
}

TEST_F(stdio, descriptors_of_the_caller)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("read line; echo out $line; echo err $line >&2; read line");
	int in = piped(spec, 0), out = piped(spec, 1), err = piped(spec, 2);
	pid_t pid, launcher;
	char before[64];

	SPAWN(a, SLEEP);
	launcher = look_system(a->h).launcher_pid;
	ASSERT_TRUE(AWAIT(process_state(launcher) == 'S'));	/* waits for the next one */
	strcpy(before, descriptors_of(launcher));
	pid = PID(a, spec);
	ASSERT_EQ(3, write(in, "hi\n", 3));
	EXPECT_LINE("out hi", out);
	EXPECT_LINE("err hi", err);
	/* The shell had a copy of its own of one for a moment. */
	EXPECT_TRUE(AWAIT(!strcmp("0 1 2", descriptors_of(pid))));
	/* And the launcher keeps none of them. */
	ASSERT_TRUE(AWAIT(process_state(launcher) == 'S'));
	EXPECT_STREQ(before, descriptors_of(launcher));
}

/* The same open file each time, also when the caller has closed its own. */
TEST_F(stdio, restarts_use_the_same_open_file)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SHELL("echo line; exit 1"),
						AGENTSYS_RESTART_ALWAYS, 2, 0, 0);
	int fd = open(WORK "/file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char text[64];
	uint32_t id;

	ASSERT_EQ(0, agentsys_spec_set_stdio_fd(spec, 1, fd));
	id = SPAWN(a, spec);
	close(fd);
	LATER(a, id, FAILED);
	EXPECT_GT(read_whole(WORK "/file", text, sizeof(text)), 0);
	EXPECT_STREQ("line\nline\nline\n", text);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	/* It is let go with the record. */
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
}

/* A pipe of a caller ends when the record that has it goes, not before. */
TEST_F(stdio, open_files_go_with_the_record)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/true");
	struct pollfd poll_fd = { .events = POLLIN };
	int ends[2];
	uint32_t id;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(0, agentsys_spec_set_stdio_fd(spec, 1, ends[1]));
	id = SPAWN(a, spec);
	close(ends[1]);
	LATER(a, id, EXIT);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	poll_fd.fd = ends[0];
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	EXPECT_TRUE(end_of_file(ends[0]));
}

TEST_HARNESS_MAIN
