// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents that run as root and do to cgroups what root can: make cgroups in their
 * own, hand controllers on, leave. Those that fork without end, or take long to go.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* In shell: the agent's own cgroup. */
#define OWN "d=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); "

AGENTS_FIXTURE(nested);

TEST_F(nested, cgroups_in_the_agents_go_with_it)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec =
		SHELL(OWN "mkdir -p $d/a/b/c $d/a/e $d/.hidden/...x \"$d/with blank\";"
		      "sleep 1000 & echo $! >$d/a/b/c/cgroup.procs;"
		      "sleep 1000 & echo $! >\"$d/with blank/cgroup.procs\";"
		      "echo ready; wait");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);

	ASSERT_LINE("ready", out);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_OK(a->h, agentsys_remove(a->h, id));
}

TEST_F(nested, what_it_leaves_behind_in_them_is_killed)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec =
		SHELL(OWN "mkdir -p $d/left/over; trap '' TERM;"
		      "setsid sh -c \"trap '' TERM; echo \\$\\$ >$d/left/over/cgroup.procs; "
		      "echo ready; while :; do sleep 1000; done\" &"
		      "read line; exit 3");
	int out = piped(spec, 1);
	int in = piped(spec, 0);
	uint32_t id = SPAWN(a, spec);

	ASSERT_LINE("ready", out);
	ASSERT_EQ(1, write(in, "\n", 1));
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(3, look(a, id).code);
	EXPECT_OK(a->h, agentsys_remove(a->h, id));
}

/* A cgroup that hands controllers on can hold no process, the next instance's neither. */
#define HANDS_ON							\
	OWN "mkdir $d/sub; echo $$ >$d/sub/cgroup.procs; "		\
	    "echo +pids >$d/cgroup.subtree_control || exit 9; "		\
	    "sleep 1000 & echo $!; "

TEST_F(nested, an_agent_that_hands_controllers_on_is_restarted)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL(HANDS_ON "echo ready; wait");
	int out = piped(spec, 1);
	char line[32];
	uint32_t id;

	agentsys_spec_set_pids_max(spec, 77);
	id = SPAWN(a, spec);
	for (int i = 1; i <= 5; i++) {
		char text[32];

		ASSERT_TRUE(read_line(out, line, sizeof(line)));
		ASSERT_LINE("ready", out);
		EXPECT_EQ(i, look(a, id).instance);
		/* Its limits are those of the spec again. */
		EXPECT_GT(read_cgroup(id, "pids.max", text, sizeof(text)), 0);
		EXPECT_STREQ("77\n", text);
		ASSERT_OK(a->h, agentsys_restart(a->h, id, 1, AGENTSYS_WAIT));
		EXPECT_TRUE(kill(atoi(line), 0) || process_state(atoi(line)) == 'Z');
	}
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(id));
}

TEST_F(nested, an_agent_that_hands_controllers_on_and_crashes_is_restarted)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL(HANDS_ON "exit 1");
	struct agentsys_info info;
	int out = piped(spec, 1);
	char line[32];
	uint32_t id;

	id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, 4, 0, 0));
	for (int i = 0; i < 5; i++)
		ASSERT_TRUE(read_line(out, line, sizeof(line)));
	ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_FAILED)));
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, info.cause);
	EXPECT_EQ(1, info.code);
	EXPECT_EQ(5, info.spawns);
	EXPECT_EQ(5, info.exits);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
}

/* Other agents are served while a forest is cut down. */
TEST_F(nested, thousands_of_cgroups_go_too)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec =
		SHELL(OWN "mkdir $d/wide && cd $d/wide && for i in $(seq 1500); do echo $i; done | "
		      "xargs mkdir && cd $d && i=0 && while [ $i -lt 300 ]; do mkdir d && cd d || exit 9; "
		      "i=$((i+1)); done; echo ready; sleep 1000");
	int out = piped(spec, 1);
	uint32_t id = SPAWN(a, spec);
	uint64_t began, slowest = 0;
	int others = 0;

	ASSERT_LINE("ready", out);
	began = now_ms();
	ASSERT_OK(a->h, agentsys_kill(a->h, id, 0));
	while (cgroup_exists(id) && now_ms() - began < 60000 * vm_scale()) {
		uint64_t asked = now_ms();
		uint32_t other = SPAWN(a, SLEEP);

		ASSERT_OK(a->h, agentsys_kill(a->h, other, AGENTSYS_WAIT));
		ASSERT_OK(a->h, agentsys_remove(a->h, other));
		if (now_ms() - asked > slowest)
			slowest = now_ms() - asked;
		others++;
	}
	TH_LOG("1800 cgroups in %lu ms, %d other agents meanwhile, each within %lu ms",
	       now_ms() - began, others, slowest);
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_GT(others, 0);
	EXPECT_OK(a->h, agentsys_remove(a->h, id));
}

/* ---- leaving ---- */

#define LEAVE "echo $$ >/sys/fs/cgroup/cgroup.procs; "

/* It would be killed for it otherwise. */
static void let_leave(struct __test_metadata *_metadata, struct agents *a)
{
	const struct agentsys_recovery_rule rule = {
		AGENTSYS_FAULT_POLICY_VIOLATION, AGENTSYS_RECOVER_ALERT,
	};

	ASSERT_OK(a->h, agentsys_recovery_set(a->h, 0, AGENTSYS_PRESET_CUSTOM, &rule, 1));
}

TEST_F(nested, the_end_of_one_that_left_its_cgroup_is_seen)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL(LEAVE "echo ready; read line; exit 4");
	int out = piped(spec, 1);
	int in = piped(spec, 0);
	uint32_t id;

	let_leave(_metadata, a);
	id = SPAWN(a, spec);
	ASSERT_LINE("ready", out);
	EXPECT_FALSE(in_agent(look(a, id).pid, id));
	ASSERT_EQ(1, write(in, "\n", 1));
	EXPECT_EQ(4, LATER(a, id, CRASH).code);
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
}

TEST_F(nested, one_that_left_its_cgroup_is_restarted_in_it)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("echo ready; read line; " LEAVE "echo left; "
					   "while :; do sleep 1000; done");
	int out = piped(spec, 1);
	int in = piped(spec, 0);
	uint32_t id;

	let_leave(_metadata, a);
	id = SPAWN(a, spec);
	for (int i = 0; i < 3; i++) {
		ASSERT_LINE("ready", out);
		EXPECT_TRUE(in_agent(look(a, id).pid, id));
		ASSERT_EQ(1, write(in, "\n", 1));
		ASSERT_LINE("left", out);
		ASSERT_OK(a->h, agentsys_restart(a->h, id, 1, AGENTSYS_WAIT));
	}
}

TEST_F(nested, one_that_left_its_cgroup_can_be_killed)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SHELL("trap '' TERM; " LEAVE "echo ready; "
					   "while :; do sleep 1000; done");
	int out = piped(spec, 1);
	uint32_t first, second;
	pid_t pid;

	let_leave(_metadata, a);
	first = SPAWN(a, spec);
	pid = look(a, first).pid;
	ASSERT_LINE("ready", out);
	second = SPAWN(a, spec);
	ASSERT_LINE("ready", out);
	EXPECT_OK(a->h, agentsys_kill(a->h, first, AGENTSYS_WAIT));
	EXPECT_EQ(-1, kill(pid, 0));
	pid = look(a, second).pid;
	EXPECT_OK(a->h, agentsys_stop(a->h, second, 50, AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, second).cause);
	EXPECT_EQ(-1, kill(pid, 0));
}

/* ---- fork bombs ---- */

TEST_F(nested, a_fork_bomb_is_killed_at_once)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("bomb"), WORK "/held");
	int held = make_fifo(WORK "/held");
	int out = piped(spec, 1);
	char text[64];
	uint32_t id;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, 100);
	id = SPAWN(a, spec);
	ASSERT_LINE("ready", out);
	ASSERT_TRUE(AWAIT(read_cgroup(id, "pids.current", text, sizeof(text)) > 0 &&
			  atoi(text) == 100));
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	EXPECT_FALSE(cgroup_exists(id));
	EXPECT_TRUE(end_of_file(held));
}

TEST_F(nested, a_fork_bomb_whose_first_process_dies_leaves_nothing)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("bomb"), WORK "/held");
	int held = make_fifo(WORK "/held");
	int out = piped(spec, 1);
	uint32_t id;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, 100);
	id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, 3, 0, 0));
	for (int i = 1; i <= 4; i++) {
		struct agentsys_info info;

		ASSERT_LINE("ready", out);
		ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_ACTIVE)));
		info = look(a, id);
		EXPECT_EQ(i, info.instance);
		ASSERT_LT(1, info.pid);
		ASSERT_EQ(0, kill(info.pid, SIGKILL));
	}
	EXPECT_TRUE(end_of_file(held));
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_EQ(AGENTSYS_FAILED, look(a, id).state);
}

/* The one that has just ended still counts against the limit. */
TEST_F_TIMEOUT(nested, an_agent_that_may_be_one_process_is_restarted, 90)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC("/bin/false");
	uint32_t restarts = 200 / vm_scale();
	uint32_t id;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, 1);
	id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, restarts, 0, 0));
	LATER(a, id, FAILED);
	EXPECT_EQ(AGENTSYS_CAUSE_EXIT, look(a, id).cause);
	EXPECT_EQ(restarts + 1, look(a, id).spawns);
	EXPECT_EQ(restarts + 1, look(a, id).exits);
}

/* ---- slow ends ---- */

/* What the one before has open is closed when the next one starts. */
TEST_F_TIMEOUT(nested, the_next_instance_waits_for_the_files_of_the_last, 90)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("mark"), WORK "/log", "hoarder", "hoard");
	/* There, each of them takes longer too. */
	uint32_t files = 100000 / vm_scale() / vm_scale();
	char log[4096];
	uint32_t id;
	int n = 0;

	agentsys_spec_set_rlimit(spec, RLIMIT_NOFILE, files, files);
	id = SPAWN(a, restarting(spec, AGENTSYS_RESTART_ALWAYS, 9, 0, 0));
	LATER(a, id, FAILED);
	EXPECT_EQ(10, look(a, id).spawns);
	ASSERT_GT(read_whole(WORK "/log", log, sizeof(log)), 0);
	for (char *at = log; (at = strchr(at, '\n')); at++)
		n++;
	EXPECT_EQ(10, n);
	EXPECT_EQ(NULL, strstr(log, "double")) TH_LOG("%s", log);
}

/* ---- rights ---- */

/* Become a user with one capability. */
static void keep_only(int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	data[CAP_TO_INDEX(cap)].effective = CAP_TO_MASK(cap);
	data[CAP_TO_INDEX(cap)].permitted = CAP_TO_MASK(cap);
	MUST(!prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	MUST(!setresgid(1000, 1000, 1000) && !setresuid(1000, 1000, 1000));
	MUST(!syscall(SYS_capset, &head, data));
}

/* Only the right to ask counts: what is done then is done by the kernel. */
TEST_F(nested, an_asker_needs_no_right_to_the_cgroups)
{
	struct agents *a = &self->a;
	uint32_t id = SPAWN(a, SHELL(OWN "mkdir -p $d/a/b; chmod 700 $d/a; sleep 1000; :"));
	char text[16];
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct agentsys *h;

		keep_only(CAP_SYS_ADMIN);
		MUST(!agentsys_open(&h));
		MUST(!agentsys_pause(h, id));
		MUST(read_cgroup(id, "cgroup.freeze", text, sizeof(text)) > 0);
		MUST(!strcmp(text, "1\n"));
		MUST(!agentsys_resume(h, id));
		MUST(!agentsys_kill(h, id, AGENTSYS_WAIT));
		MUST(!cgroup_exists(id));
		MUST(!agentsys_remove(h, id));
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
