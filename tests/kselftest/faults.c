// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults: what agents do that they should not is seen, once, and what is to be
 * done about it is done, to them and to nobody else.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

#define MIB (1ULL << 20)

/* What is counted before a test, and an agent that nothing is to happen to. */
FIXTURE(faults) {
	struct agents a;
	struct agentsys_system before;
	struct agentsys_info bystander;
};

FIXTURE_SETUP(faults)
{
	struct agentsys_spec *spec = SLEEP;

	agents_open(_metadata, &self->a);
	if (has_controller(&self->a, "memory"))
		agentsys_spec_set_memory_max(spec, 64 * MIB);
	if (has_controller(&self->a, "pids"))
		agentsys_spec_set_pids_max(spec, 10);
	self->bystander = look(&self->a, SPAWN(&self->a, spec));
	self->before = look_system(self->a.h);
}

FIXTURE_TEARDOWN(faults)
{
	struct agentsys_info now = look(&self->a, self->bystander.id);

	EXPECT_EQ(AGENTSYS_ACTIVE, now.state);
	EXPECT_EQ(self->bystander.pid, now.pid);
	EXPECT_EQ(0, now.faults);
	EXPECT_EQ(0, agentsys_recovery_set(self->a.h, 0, AGENTSYS_PRESET_DEFAULT, NULL, 0));
	EXPECT_EQ(0, agentsys_recovery_ladder(self->a.h, 0, 60000));
	agents_close(&self->a);
}

#define EXPECT_FAULTS(id, n) do {						\
	EXPECT_EQ(n, look(&self->a, id).faults);				\
	EXPECT_EQ(self->before.faults + (n), look_system(self->a.h).faults);	\
} while (0)

/* It is told before the end that comes of it, and is no crash besides. */
TEST_F(faults, memory_limit)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "touch", "64");
	struct agentsys_event event;
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	agentsys_spec_set_memory_max(spec, 16 * MIB);
	id = SPAWN(a, spec);
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, event.code);
	EXPECT_GE(event.value, 16 * MIB);
	event = LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_OOM, event.cause);
	EXPECT_EQ(SIGKILL, event.code);
	ASSERT_TRUE(AWAIT(!cgroup_exists(id)));
	EXPECT_FAULTS(id, 1);
	EXPECT_EQ(1, look(a, id).crashes);
}

/* The same where it hides in a child, round after round. */
TEST_F(faults, memory_limit_of_children_and_restarts)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec;
	struct agentsys_event event;
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	spec = restarting(SPEC("/bin/sh", "-c", "$0 touch 64; while :; do sleep 1000; done",
			       program("actor")), AGENTSYS_RESTART_ON_FAILURE, 2, 0, 0);
	agentsys_spec_set_memory_max(spec, 16 * MIB);
	id = SPAWN(a, spec);
	for (int i = 0; i < 3; i++) {
		event = LATER(a, id, FAULT);
		EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, event.code);
		EXPECT_EQ(i + 1, event.instance);
		event = LATER(a, id, CRASH);
		EXPECT_EQ(AGENTSYS_CAUSE_OOM, event.cause);
		EXPECT_EQ(i + 1, event.instance);
	}
	NEXT(a, id, FAILED);
	EXPECT_FAULTS(id, 3);
}

/* Whatever ends it, that is one fault. */
TEST_F(faults, crashes)
{
	static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS,
				     SIGFPE, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM,
				     SIGXCPU, SIGXFSZ, SIGSYS, 34, 64 };
	struct agents *a = &self->a;
	struct agentsys_event event;
	uint32_t id;

	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
		id = SPAWN(a, SLEEP);
		kill(look(a, id).pid, fatal[i]);
		event = LATER(a, id, CRASH);
		EXPECT_EQ(AGENTSYS_CAUSE_SIGNAL, event.cause);
		EXPECT_EQ(fatal[i], event.code);
		EXPECT_EQ(1, look(a, id).faults);
	}
	EXPECT_EQ(self->before.faults + ARRAY_SIZE(fatal), look_system(a->h).faults);
}

TEST_F(faults, process_limit)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo");
	struct agentsys_spec *spec = SPEC(program("bomb"), WORK "/fifo");
	struct agentsys_event event;
	uint32_t id;

	(void)fifo;
	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_spec_set_pids_max(spec, 20);
	id = SPAWN(a, spec);
	event = LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, event.code);
	EXPECT_GE(event.value, 20);
	EXPECT_EQ(20, event.limit);
	EXPECT_EQ(AGENTSYS_RECOVER_ALERT, event.action);
	/* It is told, no more. */
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
}

/* ---- what is done about them ---- */

/* Have @action done about faults of that type, of all agents with an @id of 0. */
#define EXPECT_ACTION(id, what, then) do {					\
	const struct agentsys_recovery_rule __rule = {				\
		AGENTSYS_FAULT_##what, AGENTSYS_RECOVER_##then,			\
	};									\
										\
	ASSERT_OK(self->a.h, agentsys_recovery_set(self->a.h, id, AGENTSYS_PRESET_CUSTOM,	\
						   &__rule, 1));		\
} while (0)

/* A fork bomb that goes off at a byte on its standard input, and its limit. */
static struct agentsys_spec *bomb_spec(int *fuse, uint64_t pids)
{
	struct agentsys_spec *spec = SPEC("/bin/sh", "-c", "read go; exec $0 " WORK "/fifo",
					  program("bomb"));

	*fuse = piped(spec, 0);
	agentsys_spec_set_pids_max(spec, pids);
	return spec;
}

#define LIGHT(fuse) EXPECT_EQ(1, write(fuse, "\n", 1))

/* Nothing of the bomb is left, and who it was killed for is told. */
TEST_F(faults, kill_for_processes)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo"), fuse;
	struct agentsys_event event;
	struct agentsys_faults *faults;
	struct agentsys_info info;
	uint32_t id;

	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	id = SPAWN(a, bomb_spec(&fuse, 20));
	EXPECT_ACTION(id, PROCESS_LIMIT, KILL);
	NEXT(a, id, SPAWN);
	LIGHT(fuse);
	NEXT(a, id, EXEC);
	/* If it is slow, that it comes close to its limit may be told before. */
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, LATER(a, id, FAULT).code);
	NEXT(a, id, KILL);
	event = NEXT(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, event.code);
	EXPECT_TRUE(end_of_file(fifo));
	EXPECT_TRUE(AWAIT(!cgroup_exists(id)));

	info = look(a, id);
	EXPECT_EQ(AGENTSYS_EXITED, info.state);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, info.cause);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, info.code);
	EXPECT_EQ(1, info.crashes);
	EXPECT_FAULTS(id, 1);
	ASSERT_OK(a->h, agentsys_faults(a->h, id, &faults));
	ASSERT_EQ(1, faults->n);
	EXPECT_EQ(AGENTSYS_FAULT_PROCESS_LIMIT, faults->entry[0].type);
	EXPECT_EQ(AGENTSYS_RECOVER_KILL, faults->entry[0].action);
	EXPECT_EQ(20, faults->entry[0].limit);
	EXPECT_LE(20, faults->entry[0].measured);
	EXPECT_EQ(1, faults->entry[0].instance);
	EXPECT_EQ(1, faults->count[AGENTSYS_FAULT_PROCESS_LIMIT]);
	EXPECT_EQ(0, faults->count[AGENTSYS_FAULT_CRASH]);
	agentsys_faults_free(faults);
}

/* What a kill leads to is what the restart policy says of faults. */
TEST_F(faults, a_kill_is_judged_by_the_restart_policy)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo"), fuse;
	uint32_t id;

	(void)fifo;
	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	EXPECT_ACTION(0, PROCESS_LIMIT, KILL);
	id = SPAWN(a, restarting(bomb_spec(&fuse, 20), AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0));
	for (int i = 0; i < 2; i++) {
		LIGHT(fuse);
		LATER(a, id, FAULT);
		LATER(a, id, CRASH);
	}
	NEXT(a, id, FAILED);
	EXPECT_FAULTS(id, 2);
}

/* What was done about fault number @i of those that are kept. */
static uint32_t logged(struct agents *a, uint32_t id, uint32_t i)
{
	struct agentsys_faults *faults;
	uint32_t action;

	if (agentsys_faults(a->h, id, &faults))
		return UINT32_MAX;
	action = i < faults->n ? faults->entry[i].action : UINT32_MAX;
	agentsys_faults_free(faults);
	return action;
}

static struct agentsys_spec *never_after_faults(struct agentsys_spec *spec)
{
	restarting(spec, AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0);
	agentsys_spec_set_never_causes(spec, 1U << AGENTSYS_CAUSE_FAULT);
	return spec;
}

/* It stays dead after a kill where its policy says so; a restart is made all the same. */
TEST_F(faults, restart_and_kill_differ)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo"), fuse;
	uint32_t id;

	(void)fifo;
	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	EXPECT_ACTION(0, PROCESS_LIMIT, KILL);
	id = SPAWN(a, never_after_faults(bomb_spec(&fuse, 20)));
	LIGHT(fuse);
	LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);

	EXPECT_ACTION(0, PROCESS_LIMIT, RESTART);
	id = SPAWN(a, never_after_faults(bomb_spec(&fuse, 20)));
	LIGHT(fuse);
	EXPECT_EQ(AGENTSYS_RECOVER_RESTART, LATER(a, id, FAULT).action);
	LATER(a, id, CRASH);
	NEXT(a, id, RESTART_SCHEDULED);
	NEXT(a, id, RESTART);
	/* Within max_restarts. */
	LIGHT(fuse);
	LATER(a, id, CRASH);
	NEXT(a, id, FAILED);
	EXPECT_EQ(AGENTSYS_RECOVER_RESTART, logged(a, id, 0));
	EXPECT_EQ(AGENTSYS_RECOVER_KILL, logged(a, id, 1));

	/* One that is never restarted is killed, and that is told. */
	id = SPAWN(a, bomb_spec(&fuse, 20));
	LIGHT(fuse);
	EXPECT_EQ(AGENTSYS_RECOVER_KILL, LATER(a, id, FAULT).action);
	LATER(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, id).state);
	EXPECT_EQ(AGENTSYS_RECOVER_KILL, logged(a, id, 0));
}

/* A crash that its group has no restart left for was not followed by one. */
TEST_F(faults, the_budget_of_its_group_is_spent)
{
	struct agents *a = &self->a;
	struct agentsys_group_spec *group = agentsys_group_spec_new();
	struct agentsys_spec *spec = restarting(SHELL("exit 3"), AGENTSYS_RESTART_ON_FAILURE, 12,
						0, 0);
	uint32_t id;

	agentsys_group_spec_set_budget(group, 1);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "poor", group));
	agentsys_spec_set_group(spec, "poor");
	id = SPAWN(a, spec);
	LATER(a, id, FAILED);
	EXPECT_EQ(AGENTSYS_RECOVER_RESTART, logged(a, id, 0));
	EXPECT_EQ(AGENTSYS_RECOVER_ALERT, logged(a, id, 1));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	ASSERT_OK(a->h, agentsys_group_del(a->h, "poor"));
}

/* An agent's own word counts, until it is taken back. */
TEST_F(faults, own_actions)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo"), fuse;
	struct agentsys_recovery_rule back = { AGENTSYS_FAULT_PROCESS_LIMIT,
					       AGENTSYS_RECOVER_AS_ALL };
	struct agentsys_recovery *recovery;
	uint32_t id;

	(void)fifo;
	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	ASSERT_OK(a->h, agentsys_recovery_set(a->h, 0, AGENTSYS_PRESET_STRICT, NULL, 0));
	id = SPAWN(a, bomb_spec(&fuse, 20));
	EXPECT_ACTION(id, PROCESS_LIMIT, ALERT);
	ASSERT_OK(a->h, agentsys_recovery(a->h, id, &recovery));
	EXPECT_EQ(AGENTSYS_PRESET_STRICT, recovery->preset);
	EXPECT_EQ(AGENTSYS_RECOVER_ALERT, recovery->action[AGENTSYS_FAULT_PROCESS_LIMIT]);
	EXPECT_TRUE(recovery->own[AGENTSYS_FAULT_PROCESS_LIMIT]);
	EXPECT_EQ(AGENTSYS_RECOVER_KILL, recovery->action[AGENTSYS_FAULT_CRASH]);
	EXPECT_FALSE(recovery->own[AGENTSYS_FAULT_CRASH]);
	agentsys_recovery_free(recovery);
	LIGHT(fuse);
	LATER(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	ASSERT_OK(a->h, agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, &back, 1));
	/* It goes on and on. */
	LATER(a, id, FAULT);
	NEXT(a, id, KILL);
	NEXT(a, id, CRASH);
}

/* The kernel kills for memory whatever is said; what is done besides grows more severe. */
TEST_F(faults, ladder)
{
	static const uint32_t rungs[] = { AGENTSYS_RECOVER_ALERT, AGENTSYS_RECOVER_ALERT,
					  AGENTSYS_RECOVER_RESTART, AGENTSYS_RECOVER_KILL,
					  AGENTSYS_RECOVER_KILL };
	struct agents *a = &self->a;
	struct agentsys_spec *spec = restarting(SPEC(program("actor"), "touch", "64"),
						AGENTSYS_RESTART_ON_FAILURE, 4, 0, 0);
	struct agentsys_faults *faults;
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	ASSERT_OK(a->h, agentsys_recovery_set(a->h, 0, AGENTSYS_PRESET_PERMISSIVE, NULL, 0));
	ASSERT_OK(a->h, agentsys_recovery_ladder(a->h, 1, NEVER_MS));
	agentsys_spec_set_memory_max(spec, 16 * MIB);
	id = SPAWN(a, spec);
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++)
		EXPECT_EQ(AGENTSYS_CAUSE_OOM, LATER(a, id, CRASH).cause);
	NEXT(a, id, FAILED);
	ASSERT_OK(a->h, agentsys_faults(a->h, id, &faults));
	ASSERT_EQ(ARRAY_SIZE(rungs), faults->n);
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++)
		EXPECT_EQ(rungs[i], faults->entry[i].action);
	agentsys_faults_free(faults);
}

/* A group restarts for it as for any end. */
TEST_F(faults, in_a_group)
{
	struct agents *a = &self->a;
	int fifo = make_fifo(WORK "/fifo"), fuse;
	struct agentsys_group_spec *group = agentsys_group_spec_new();
	struct agentsys_spec *spec, *other = SLEEP;
	uint32_t id, neighbour;

	(void)fifo;
	if (!has_controller(a, "pids"))
		SKIP(return, "no pids controller");
	agentsys_group_spec_set_strategy(group, AGENTSYS_ONE_FOR_ALL);
	agentsys_group_spec_set_backoff(group, 0, 0);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "bombs", group));
	EXPECT_ACTION(0, PROCESS_LIMIT, KILL);
	agentsys_spec_set_group(other, "bombs");
	neighbour = SPAWN(a, other);
	spec = bomb_spec(&fuse, 20);
	agentsys_spec_set_group(spec, "bombs");
	id = SPAWN(a, spec);
	LIGHT(fuse);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, id, CRASH).cause);
	LATER(a, id, RESTART);
	EXPECT_EQ(2, look(a, neighbour).instance);
	EXPECT_EQ(0, look(a, neighbour).faults);
	EXPECT_FAULTS(id, 1);
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "bombs", AGENTSYS_WAIT));
	ASSERT_OK(a->h, agentsys_remove(a->h, id));
	ASSERT_OK(a->h, agentsys_remove(a->h, neighbour));
	ASSERT_OK(a->h, agentsys_group_del(a->h, "bombs"));
}

/* A limit that is reached without harm is a warning, no more. */
TEST_F(faults, memory_that_is_given_back)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("actor"), "recycle", "64");
	int out = piped(spec, 1);
	struct agentsys_event event;
	uint32_t id;

	if (!has_controller(a, "memory"))
		SKIP(return, "no memory controller");
	agentsys_spec_set_memory_max(spec, 16 * MIB);
	id = SPAWN(a, spec);
	event = LATER(a, id, WARNING);
	EXPECT_EQ(AGENTSYS_FAULT_MEMORY_LIMIT, event.code);
	/* At four fifths of the limit at the earliest. */
	EXPECT_GE(event.value, 16 * MIB * 4 / 5);
	ASSERT_LINE("ready", out);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, id).state);
	EXPECT_FAULTS(id, 0);
}

/* ---- what is kept and told ---- */

TEST_F(faults, the_last_ten)
{
	struct agents *a = &self->a;
	struct agentsys_faults *faults, *before, *after;
	uint32_t id;

	ASSERT_OK(a->h, agentsys_faults(a->h, 0, &before));
	id = SPAWN(a, restarting(SHELL("exit 3"), AGENTSYS_RESTART_ON_FAILURE, 12, 0, 0));
	LATER(a, id, FAILED);
	ASSERT_OK(a->h, agentsys_faults(a->h, id, &faults));
	EXPECT_EQ(13, faults->count[AGENTSYS_FAULT_CRASH]);
	ASSERT_EQ(AGENTSYS_FAULTS_MAX, faults->n);
	for (uint32_t i = 0; i < faults->n; i++) {
		const struct agentsys_fault_entry *entry = &faults->entry[i];

		EXPECT_EQ(AGENTSYS_FAULT_CRASH, entry->type);
		EXPECT_EQ(4 + i, entry->instance);
		EXPECT_EQ(3, entry->measured);
		EXPECT_EQ(0, entry->limit);
		/* The last one was not restarted. */
		EXPECT_EQ(i < 9 ? AGENTSYS_RECOVER_RESTART : AGENTSYS_RECOVER_ALERT,
			  entry->action);
		EXPECT_TRUE(!i || entry->time_ns > entry[-1].time_ns);
	}
	agentsys_faults_free(faults);
	ASSERT_OK(a->h, agentsys_faults(a->h, 0, &after));
	EXPECT_EQ(0, after->n);
	for (uint32_t type = 1; type < after->types; type++)
		EXPECT_EQ(before->count[type] + 13 * (type == AGENTSYS_FAULT_CRASH),
			  after->count[type]);
	agentsys_faults_free(before);
	agentsys_faults_free(after);
	EXPECT_FAULTS(id, 13);
}

TEST_F(faults, nothing_yet)
{
	struct agents *a = &self->a;
	struct agentsys_recovery *recovery;
	struct agentsys_faults *faults;

	ASSERT_OK(a->h, agentsys_faults(a->h, self->bystander.id, &faults));
	EXPECT_EQ(0, faults->n);
	for (uint32_t type = 0; type < faults->types; type++)
		EXPECT_EQ(0, faults->count[type]);
	agentsys_faults_free(faults);
	ASSERT_OK(a->h, agentsys_recovery(a->h, 0, &recovery));
	EXPECT_EQ(AGENTSYS_PRESET_DEFAULT, recovery->preset);
	EXPECT_EQ(0, recovery->after);
	agentsys_recovery_free(recovery);
}

#define RULE(type, action) (&(const struct agentsys_recovery_rule){ type, action })

TEST_F(faults, refusals)
{
	struct agents *a = &self->a;
	struct agentsys *h = a->h;
	uint32_t id = self->bystander.id, none = AGENTSYS_PRESET_CUSTOM;
	struct agentsys_recovery *recovery;
	struct agentsys_faults *faults;

	EXPECT_REFUSED(h, ESRCH, "no such agent", agentsys_faults(h, 4711, &faults));
	EXPECT_REFUSED(h, ESRCH, "no such agent", agentsys_recovery(h, 4711, &recovery));
	EXPECT_REFUSED(h, ESRCH, "no such agent",
		       agentsys_recovery_set(h, 4711, none,
					     RULE(AGENTSYS_FAULT_CRASH, AGENTSYS_RECOVER_KILL), 1));
	EXPECT_REFUSED(h, EINVAL, "no use against such a fault",
		       agentsys_recovery_set(h, 0, none, RULE(AGENTSYS_FAULT_CRASH,
							      AGENTSYS_RECOVER_THROTTLE), 1));
	EXPECT_REFUSED(h, EINVAL, "does not say what to do",
		       agentsys_recovery_set(h, 0, none, RULE(AGENTSYS_FAULT_CRASH,
							      AGENTSYS_RECOVER_AS_ALL), 1));
	EXPECT_REFUSED(h, EINVAL, "for all agents",
		       agentsys_recovery_set(h, id, AGENTSYS_PRESET_STRICT, NULL, 0));
	EXPECT_EQ(-ERANGE, agentsys_recovery_set(h, 0, none, RULE(0, 0), 1));
	EXPECT_EQ(-ERANGE, agentsys_recovery_set(h, 0, none, RULE(99, 0), 1));
	EXPECT_EQ(-ERANGE, agentsys_recovery_set(h, 0, none, RULE(AGENTSYS_FAULT_CRASH, 99), 1));
	EXPECT_EQ(-ERANGE, agentsys_recovery_set(h, 0, 99, NULL, 0));
	EXPECT_EQ(-ERANGE, agentsys_recovery_ladder(h, 1, 86400001));
	/* All of it or nothing. */
	const struct agentsys_recovery_rule two[] = {
		{ AGENTSYS_FAULT_CRASH, AGENTSYS_RECOVER_KILL },
		{ AGENTSYS_FAULT_UNRESPONSIVE, AGENTSYS_RECOVER_THROTTLE },
	};

	EXPECT_EQ(-EINVAL, agentsys_recovery_set(h, 0, AGENTSYS_PRESET_STRICT, two, 2));
	ASSERT_OK(h, agentsys_recovery(h, 0, &recovery));
	EXPECT_EQ(AGENTSYS_PRESET_DEFAULT, recovery->preset);
	agentsys_recovery_free(recovery);
}

TEST_F(faults, rights)
{
	struct agents *a = &self->a;
	struct agentsys_faults *faults;

	ASSERT_EQ(0, seteuid(65534));
	EXPECT_OK(a->h, agentsys_faults(a->h, self->bystander.id, &faults));
	agentsys_faults_free(faults);
	EXPECT_EQ(-EPERM, agentsys_recovery_set(a->h, 0, AGENTSYS_PRESET_STRICT, NULL, 0));
	EXPECT_EQ(-EPERM, agentsys_recovery_ladder(a->h, 1, 1));
	ASSERT_EQ(0, seteuid(0));
}

TEST_HARNESS_MAIN
