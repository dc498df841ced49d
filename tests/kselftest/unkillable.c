// SPDX-License-Identifier: GPL-2.0-only
/*
 * What cannot be killed: whoever waits for it to end can give up waiting, is not
 * told anything that is not so, and nobody else is held up.
 *
 * A kernel thread that was moved into an agent's cgroup stands for it: no signal
 * ends it, and it leaves when the test moves it back.
 *
 * vm: timeout=180
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"

#include <pthread.h>
#include <stdatomic.h>

static pid_t find_process(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], comm[64];
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (read_whole(path, comm, sizeof(comm)) <= 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		if (!strcmp(comm, name))
			found = atoi(entry->d_name);
	}
	closedir(proc);
	return found;
}

static void move_to(const char *cgroup, pid_t pid)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	file = fopen(path, "we");
	MUST(file && fprintf(file, "%d\n", pid) > 0 && !fclose(file));
}

FIXTURE(unkillable) {
	struct agents a;
	pid_t kthread;
	uint32_t id;
};

/* An agent that has ended, and of which something is left. */
FIXTURE_SETUP(unkillable)
{
	struct agents *a = &self->a;
	char cgroup[64];

	agents_open(_metadata, a);
	self->kthread = find_process("oom_reaper");
	ASSERT_NE(0, self->kthread);
	self->id = SPAWN(a, SLEEP);
	snprintf(cgroup, sizeof(cgroup), CGROUPS "/%u", self->id);
	move_to(cgroup, self->kthread);
	ASSERT_TRUE(in_agent(self->kthread, self->id));
}

FIXTURE_TEARDOWN(unkillable)
{
	move_to("/sys/fs/cgroup", self->kthread);
	groups_clear(&self->a);
	agents_close(&self->a);
	EXPECT_EQ(0, count_cgroups());
}

struct request {
	pthread_t thread;
	uint32_t id;
	int (*call)(struct agentsys *h, uint32_t id);
	int ret;
	char text[256];
	atomic_bool answered;
};

static void *ask(void *arg)
{
	struct request *request = arg;
	struct agentsys *h;

	MUST(!agentsys_open(&h));
	request->ret = request->call(h, request->id);
	snprintf(request->text, sizeof(request->text), "%s", agentsys_error(h));
	agentsys_close(h);
	request->answered = true;
	return NULL;
}

static void begin(struct request *request)
{
	MUST(!pthread_create(&request->thread, NULL, ask, request));
}

static int kill_and_wait(struct agentsys *h, uint32_t id)
{
	return agentsys_kill(h, id, AGENTSYS_WAIT);
}

TEST_F(unkillable, kill_and_remove_are_answered_when_it_is_gone)
{
	struct agents *a = &self->a;
	struct request kill = { .id = self->id, .call = kill_and_wait };
	struct request remove = { .id = self->id, .call = agentsys_remove };

	begin(&kill);
	LATER(a, self->id, EXIT);
	ASSERT_TRUE(AWAIT(is_state(a, self->id, AGENTSYS_EXITED)));
	begin(&remove);
	/* Others are served meanwhile, and the id is still taken. */
	for (int i = 0; i < 5; i++) {
		struct agentsys_spec *spec = SPEC("/bin/true");

		LATER(a, SPAWN(a, spec), EXIT);
		agentsys_spec_set_id(spec, self->id);
		EXPECT_REFUSED(a->h, EEXIST, "exists",
			       agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL));
	}
	EXPECT_FALSE(kill.answered);
	EXPECT_FALSE(remove.answered);
	EXPECT_TRUE(cgroup_exists(self->id));

	move_to("/sys/fs/cgroup", self->kthread);
	pthread_join(kill.thread, NULL);
	pthread_join(remove.thread, NULL);
	EXPECT_EQ(0, kill.ret) TH_LOG("%s", kill.text);
	EXPECT_EQ(0, remove.ret) TH_LOG("%s", remove.text);
	EXPECT_EQ(UINT32_MAX, look(a, self->id).state);
	EXPECT_FALSE(cgroup_exists(self->id));
}

/* It is refused while the agent is just being started. */
static int remove_some_time(struct agentsys *h, uint32_t id)
{
	int ret;

	do
		ret = agentsys_remove(h, id);
	while (ret == -EBUSY);
	return ret;
}

TEST_F(unkillable, a_start_calls_a_removal_off)
{
	struct agents *a = &self->a;
	struct request remove = { .id = self->id, .call = remove_some_time };
	int ret;

	ASSERT_OK(a->h, agentsys_kill(a->h, self->id, 0));
	LATER(a, self->id, EXIT);
	ASSERT_TRUE(AWAIT(is_state(a, self->id, AGENTSYS_EXITED)));
	begin(&remove);
	do {
		ASSERT_OK(a->h, agentsys_start(a->h, self->id, 0));
		ASSERT_OK(a->h, agentsys_kill(a->h, self->id, 0));
		ASSERT_TRUE(AWAIT(is_state(a, self->id, AGENTSYS_EXITED)));
	} while (!remove.answered);
	pthread_join(remove.thread, NULL);
	EXPECT_EQ(-ECANCELED, remove.ret);
	EXPECT_NE(NULL, strstr(remove.text, "started again")) TH_LOG("%s", remove.text);

	move_to("/sys/fs/cgroup", self->kthread);
	ASSERT_TRUE(AWAIT((ret = agentsys_start(a->h, self->id, AGENTSYS_WAIT)) != -EBUSY));
	ASSERT_EQ(0, ret) TH_LOG("%s", agentsys_error(a->h));
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, self->id).state);
}

/* Whoever waits for a shutdown is told that it does not come to its end. */
TEST_F_TIMEOUT(unkillable, a_shutdown_gives_up, 120)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SLEEP;
	struct agentsys_info **list;
	uint32_t ended, killed, other;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ALL);
	ASSERT_EQ(0, agentsys_spec_set_group(spec, "g"));
	other = SPAWN(a, spec);
	EXPECT_REFUSED(a->h, ETIMEDOUT, "not all of their processes go",
		       agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_EQ(1, ended);
	EXPECT_EQ(2, killed);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, self->id).state);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, other).state);
	EXPECT_TRUE(in_agent(self->kthread, self->id));

	/* It is over: starts are accepted, groups live again, and so is another one. */
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_EXITED));
	ASSERT_OK(a->h, agentsys_start(a->h, other, AGENTSYS_WAIT));
	EXPECT_TRUE(AWAIT(is_group_state(a, "g", AGENTSYS_ACTIVE)));
	/* One that gives up still tells of those that have ended. */
	EXPECT_EQ(-ETIMEDOUT, agentsys_shutdown_all(a->h, 0, &list));
	ASSERT_NE(NULL, list);
	ASSERT_NE(NULL, list[0]);
	EXPECT_EQ(other, list[0]->id);
	EXPECT_EQ(NULL, list[1]);
	agentsys_list_free(list);
	SPAWN(a, SLEEP);
	move_to("/sys/fs/cgroup", self->kthread);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, &ended, &killed));
	EXPECT_LE(1, ended);
	EXPECT_EQ(1, killed);
}

/* One that hangs is killed, at the latest when nothing else is left to wait for. */
TEST_F_TIMEOUT(unkillable, a_launcher_that_hangs_is_not, 120)
{
	struct agents *a = &self->a;
	pid_t launcher = look_system(a->h).launcher_pid;
	uint32_t ended;

	move_to("/sys/fs/cgroup", self->kthread);
	ASSERT_LT(1, launcher);
	ASSERT_EQ(0, kill(launcher, SIGSTOP));
	ASSERT_OK(a->h, agentsys_kill(a->h, self->id, AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, &ended, NULL));
	EXPECT_EQ(0, ended);
	EXPECT_EQ(0, look_system(a->h).launcher_pid);
}

TEST_HARNESS_MAIN
