// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agents that end, are removed and have their limits changed while they are looked at.
 *
 * vm: timeout=300 params="check_interval_ms=10"
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/limits.h"

#include <sys/wait.h>

AGENTS_FIXTURE(usage_races);

#define LIVES 15

static struct agentsys_spec *limited(void)
{
	struct agentsys_spec *spec = restarting(SHELL("while :; do :; done"),
						AGENTSYS_RESTART_ALWAYS, 1000, 0, 0);

	agentsys_spec_set_cpu(spec, 5000, 100000);
	agentsys_spec_set_memory_max(spec, 64 << 20);
	agentsys_spec_set_pids_max(spec, 10);
	agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_CPU_BUDGET, 3600000000);
	return spec;
}

/* In a process of its own: whatever becomes of the agent it goes on. */
static pid_t change_limits(uint32_t id)
{
	pid_t pid = fork();
	struct agents own;

	if (pid)
		return pid;
	if (agentsys_open(&own.h))
		_exit(1);
	for (unsigned int i = 0; getppid() != 1; i++) {
		set_limit(&own, id, AGENTSYS_LIMIT_CPU_QUOTA, i % 3 ? 3000 + i % 5000 : 0);
		set_limit(&own, id, AGENTSYS_LIMIT_MEMORY_MAX, i % 4 ? 64 << 20 : 0);
		set_limit(&own, id, AGENTSYS_LIMIT_PIDS_MAX, i % 5 ? 10 : 0);
		set_limit(&own, id, AGENTSYS_LIMIT_CPU_BUDGET, i % 2 ? 3600000000 : 0);
	}
	_exit(0);
}

static void act(struct agents *a, uint32_t action)
{
	struct agentsys_recovery_rule rules[] = {
		{ AGENTSYS_FAULT_CPU_QUOTA, action },
		{ AGENTSYS_FAULT_MEMORY_LIMIT, action },
	};

	MUST(!agentsys_recovery_set(a->h, 0, AGENTSYS_PRESET_CUSTOM, rules, 2));
}

TEST_F_TIMEOUT(usage_races, ends_and_comes_back, 240)
{
	struct agents *a = &self->a;
	uint32_t ids[4];
	pid_t pids[2];

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct agentsys_spec *spec = limited();

		ids[i] = 100 + i;
		agentsys_spec_set_id(spec, ids[i]);
		SPAWN(a, spec);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = change_limits(ids[i]);
	for (int life = 0; life < LIVES; life++) {
		act(a, life % 3 ? AGENTSYS_RECOVER_THROTTLE : AGENTSYS_RECOVER_RESTART);
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
			struct agentsys_spec *spec = limited();

			usleep(3000 * i);
			if (life % 2) {
				pid_t pid = look(a, ids[i]).pid;

				if (pid)
					kill(pid, SIGKILL);
				continue;
			}
			agentsys_kill(a->h, ids[i], i % 2 ? AGENTSYS_WAIT : 0);
			ASSERT_TRUE(AWAIT(!agentsys_remove(a->h, ids[i])));
			agentsys_spec_set_id(spec, ids[i]);
			ASSERT_TRUE(AWAIT(!agentsys_spawn(a->h, spec, AGENTSYS_WAIT, NULL)));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		kill(pids[i], SIGKILL);
		ASSERT_EQ(pids[i], waitpid(pids[i], NULL, 0));
	}
	ASSERT_EQ(0, agentsys_recovery_set(a->h, 0, AGENTSYS_PRESET_DEFAULT, NULL, 0));
	/* What was said last is what is written. */
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		ASSERT_TRUE(AWAIT(!set_limit(a, ids[i], AGENTSYS_LIMIT_PIDS_MAX, 7)));
		ASSERT_TRUE(AWAIT(is_file(ids[i], "pids.max", "7")));
	}
}

TEST_HARNESS_MAIN
