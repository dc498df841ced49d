// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog: agents that fall silent are found, told of once, and dealt with;
 * those that could give no sign of life are not.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/limits.h"
#include "lib/patient.h"

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* Long enough for a slow machine to keep beating, short enough to wait for. */
#define TIMEOUT_MS	(1000 * vm_scale())

AGENTS_FIXTURE(liveness);

/* To each of its processes; wait until those that are to stop have. */
static void signal_all(uint32_t id, int signal)
{
	char text[256];

	MUST(read_cgroup(id, "cgroup.procs", text, sizeof(text)) > 0);
	for (char *pid = strtok(text, "\n"); pid; pid = strtok(NULL, "\n")) {
		kill(atoi(pid), signal);
		MUST(signal != SIGSTOP || AWAIT(process_state(atoi(pid)) == 'T'));
	}
}

/* One that gives a sign of life when it starts, and is restarted once for its silence. */
static uint32_t spawn_silent(struct __test_metadata *_metadata, struct agents *a, unsigned int ms)
{
	struct agentsys_spec *spec = restarting(SPEC(program("pulse"), "h"),
						AGENTSYS_RESTART_ON_FAILURE, 1, 0, 0);

	piped(spec, 0);
	return SPAWN(a, watched(spec, ms));
}

/* A fifth of the time is to be longer than anything that keeps the module from looking. */
TEST_F_TIMEOUT(liveness, silence_is_warned_of_and_restarted_for, 120)
{
	struct agents *a = &self->a;
	struct agentsys_event event;
	struct agentsys_info info;
	unsigned int ms = vm_scale() > 1 ? TIMEOUT_MS : 3000;
	pid_t first;
	uint32_t id;

	for (;; ms *= 5) {
		id = spawn_silent(_metadata, a, ms);
		first = look(a, id).pid;
		NEXT(a, id, SPAWN);
		ASSERT_TRUE(next_event(a, id, &event));
		if (event.type != AGENTSYS_EVENT_FAULT || ms > 3000 * vm_scale())
			break;
		/* It did not look in time, on a busy machine: once more. */
		ASSERT_OK(a->h, agentsys_kill(a->h, id, AGENTSYS_WAIT));
	}
	EXPECT_EQ(AGENTSYS_EVENT_WARNING, event.type);
	EXPECT_EQ(AGENTSYS_FAULT_UNRESPONSIVE, event.code);
	EXPECT_GE(event.value, ms * 4 / 5);
	event = NEXT(a, id, FAULT);
	EXPECT_EQ(AGENTSYS_FAULT_UNRESPONSIVE, event.code);
	EXPECT_GE(event.value, ms);
	EXPECT_EQ(1, event.instance);
	NEXT(a, id, KILL);
	event = NEXT(a, id, CRASH);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, event.cause);
	EXPECT_EQ(AGENTSYS_FAULT_UNRESPONSIVE, event.code);
	event = LATER(a, id, RESTART);
	EXPECT_NE(first, event.pid);
	/* The next instance is watched like the first. */
	NEXT_FAULT(id, ms);
	LATER(a, id, FAILED);
	info = look(a, id);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, info.cause);
	EXPECT_EQ(AGENTSYS_FAULT_UNRESPONSIVE, info.code);
	EXPECT_EQ(2, info.heartbeats);
}

TEST_F(liveness, kill)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 200);

	rule(a, p.id, AGENTSYS_RECOVER_KILL);
	/* It may not come to say that it has done so. */
	ASSERT_EQ(1, write(p.in, "h", 1));
	NEXT_FAULT(p.id, 200);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, p.id, CRASH).cause);
	EXPECT_TRUE(AWAIT(is_state(a, p.id, AGENTSYS_EXITED)));
}

/* Once, until it shows a sign of life and falls silent again. */
TEST_F(liveness, alert_is_told_once)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 100), other = PATIENT(a, "", 100);
	struct agentsys_faults *faults;

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	TELL(p, "h");
	NEXT_FAULT(p.id, 100);
	/* Three rounds of another one. */
	for (int i = 0; i < 3; i++) {
		TELL(other, "h");
		NEXT_FAULT(other.id, 100);
	}
	EXPECT_EQ(1, look(a, p.id).faults);
	EXPECT_EQ(3, look(a, other.id).faults);
	TELL(p, "h");
	NEXT_FAULT(p.id, 100);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, p.id).state);
	ASSERT_OK(a->h, agentsys_faults(a->h, p.id, &faults));
	ASSERT_EQ(2, faults->n);
	EXPECT_EQ(AGENTSYS_FAULT_UNRESPONSIVE, faults->entry[1].type);
	EXPECT_EQ(AGENTSYS_RECOVER_ALERT, faults->entry[1].action);
	EXPECT_EQ(100, faults->entry[1].limit);
	agentsys_faults_free(faults);
}

/* Whoever has not begun with it, or has no limit, may be as silent as it likes. */
TEST_F(liveness, silence_from_the_start_is_left_alone)
{
	struct agents *a = &self->a;
	struct patient never = PATIENT(a, "", 100), p = PATIENT(a, "", 100);
	struct patient free = PATIENT(a, "h", 0);

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	for (int i = 0; i < 3; i++) {
		TELL(p, "h");
		NEXT_FAULT(p.id, 100);
	}
	EXPECT_EQ(0, look(a, never.id).faults);
	EXPECT_EQ(0, look(a, free.id).faults);
	/* As soon as it begins it counts. */
	rule(a, never.id, AGENTSYS_RECOVER_ALERT);
	TELL(never, "h");
	NEXT_FAULT(never.id, 100);
}

/*
 * Have it give @sign, as it did at @last or later, until @other is missed. It is not missed
 * itself, unless we were kept from telling it to for so long, on a busy machine.
 */
static void outlive(struct __test_metadata *_metadata, struct agents *a, struct patient p,
		    const char *sign, uint64_t last, uint32_t other)
{
	uint64_t gap, longest = 0, faults;

	while (!look(a, other).faults) {
		uint64_t now = now_ms();

		TELL(p, sign);
		gap = now_ms() - last;
		longest = gap > longest ? gap : longest;
		last = now;
		usleep(10000);
	}
	faults = look(a, p.id).faults;
	gap = now_ms() - last;
	EXPECT_TRUE(!faults || gap >= TIMEOUT_MS || longest >= TIMEOUT_MS);
}

/* Beats put the end off, from whatever process of the agent. */
TEST_F(liveness, beats_keep_it_alive)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", TIMEOUT_MS), other = PATIENT(a, "", 3 * TIMEOUT_MS);
	uint64_t begun;

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	begun = now_ms();
	TELL(p, "hf");
	TELL(other, "h");
	outlive(_metadata, a, p, "h", begun, other.id);
	/* Its child has taken over: that alone stops. */
	NEXT_FAULT(other.id, 3 * TIMEOUT_MS);
	NEXT_FAULT(p.id, TIMEOUT_MS);
}

/* "I am broken": with a limit or without, and not as often as it likes. */
TEST_F(liveness, trigger)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 0);
	uint64_t begun = now_ms();

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	TELL(p, "ttttt");
	NEXT_FAULT(p.id, 0);
	EXPECT_LE(look(a, p.id).faults, 2 + (now_ms() - begun) / 1000);
	rule(a, p.id, AGENTSYS_RECOVER_KILL);
	p = PATIENT(a, "", NEVER_MS);
	rule(a, p.id, AGENTSYS_RECOVER_KILL);
	ASSERT_EQ(1, write(p.in, "t", 1));
	NEXT_FAULT(p.id, 0);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, p.id, CRASH).cause);
}

/* The watchdog of one that runs: it is there, shorter, and gone. */
TEST_F(liveness, limit_of_one_that_runs)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 0), other = PATIENT(a, "", 100);
	struct agentsys_limit_change change = { AGENTSYS_LIMIT_WATCHDOG, 100 };

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	ASSERT_OK(a->h, agentsys_limits_set(a->h, p.id, &change, 1));
	TELL(p, "h");
	EXPECT_EQ(1, NEXT_FAULT(p.id, 100).instance);
	change.max = NEVER_MS;
	ASSERT_OK(a->h, agentsys_limits_set(a->h, p.id, &change, 1));
	TELL(p, "h");
	TELL(other, "h");
	NEXT_FAULT(other.id, 100);
	EXPECT_EQ(1, look(a, p.id).faults);
	/* Its silence up to now counts. */
	change.max = 100;
	ASSERT_OK(a->h, agentsys_limits_set(a->h, p.id, &change, 1));
	NEXT_FAULT(p.id, 100);
	TELL(p, "h");
	change.max = 0;
	ASSERT_OK(a->h, agentsys_limits_set(a->h, p.id, &change, 1));
	TELL(other, "h");
	NEXT_FAULT(other.id, 100);
	EXPECT_LE(look(a, p.id).faults, 3);
	TELL(p, "h");
	TELL(other, "h");
	NEXT_FAULT(other.id, 100);
	EXPECT_LE(look(a, p.id).faults, 3);
}

static uint64_t used(struct agents *a, uint32_t id, uint32_t limit)
{
	struct agentsys_limits_info *limits;
	uint64_t n;

	MUST(!agentsys_limits_get(a->h, id, &limits));
	n = limits->known[limit] ? limits->used[limit] : UINT64_MAX;
	agentsys_limits_free(limits);
	return n;
}

/* From the start on, if that is asked for; the silence of each is told to who asks. */
TEST_F(liveness, start_counts_if_it_is_to)
{
	struct agents *a = &self->a;
	struct agentsys_spec *spec = SPEC(program("pulse"), "");
	int in = piped(spec, 0);
	uint32_t id;

	(void)in;
	MUST(!agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_WATCHDOG_START, 1));
	id = SPAWN(a, watched(spec, TIMEOUT_MS));
	EXPECT_TRUE(AWAIT(used(a, id, AGENTSYS_LIMIT_WATCHDOG) || look(a, id).faults));
	EXPECT_EQ(UINT64_MAX, used(a, id, AGENTSYS_LIMIT_WATCHDOG_PHI));
	rule(a, id, AGENTSYS_RECOVER_ALERT);
	NEXT_FAULT(id, TIMEOUT_MS);
	EXPECT_EQ(0, look(a, id).heartbeats);
}

/* ---- phi ---- */

#define PHI(a) ({								\
	struct agentsys_spec *__spec = SPEC(program("pulse"), "");		\
	struct patient __p;							\
										\
	MUST(!agentsys_spec_set_limit(__spec, AGENTSYS_LIMIT_WATCHDOG_MODE,	\
				      AGENTSYS_WATCHDOG_PHI));			\
	MUST(!agentsys_spec_set_limit(__spec, AGENTSYS_LIMIT_WATCHDOG_PAUSE, 1));	\
	__p.in = piped(__spec, 0);						\
	__p.out = piped(__spec, 1);						\
	__p.id = SPAWN(a, watched(__spec, NEVER_MS));				\
	rule(a, __p.id, AGENTSYS_RECOVER_ALERT);				\
	__p;									\
})

/* Its heartbeats were a few ms apart: it is missed long before the timeout is over. */
TEST_F(liveness, phi_is_sooner)
{
	struct agents *a = &self->a;
	struct patient p = PHI(a);
	struct agentsys_faults *faults;
	struct agentsys_event event;

	for (int i = 0; i < 70; i++)
		TELL(p, "h");
	EXPECT_TRUE(AWAIT(used(a, p.id, AGENTSYS_LIMIT_WATCHDOG_PHI) || look(a, p.id).faults));
	event = NEXT_FAULT(p.id, 500); /* five deviations of 100 ms at least */
	EXPECT_LT(event.value, NEVER_MS);
	ASSERT_OK(a->h, agentsys_faults(a->h, p.id, &faults));
	EXPECT_GE(faults->entry[faults->n - 1].limit, 500);
	EXPECT_LT(faults->entry[faults->n - 1].limit, NEVER_MS);
	agentsys_faults_free(faults);
	EXPECT_EQ(AGENTSYS_ACTIVE, look(a, p.id).state);
}

/* The window is changed under one that beats, and what is out of it is refused. */
TEST_F(liveness, window_of_one_that_runs)
{
	struct agents *a = &self->a;
	struct patient p = PHI(a);

	EXPECT_EQ(64, limit_of(a, p.id, AGENTSYS_LIMIT_WATCHDOG_WINDOW));
	EXPECT_REFUSED(a->h, EINVAL, "window",
		       set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG_WINDOW, 1));
	EXPECT_REFUSED(a->h, EINVAL, "window",
		       set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG_WINDOW, 129));
	for (int i = 0; i < 300; i++) {
		TELL(p, "h");
		if (i % 3 == 0)
			ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG_WINDOW,
						  2 + i * 37 % 127));
	}
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG_WINDOW, 0));
	EXPECT_EQ(64, limit_of(a, p.id, AGENTSYS_LIMIT_WATCHDOG_WINDOW));
	EXPECT_LT(NEXT_FAULT(p.id, 500).value, NEVER_MS);
}

/* Heartbeats that were judged by the timeout alone leave no old time for phi to start from. */
TEST_F(liveness, phi_after_a_while_without)
{
	struct agents *a = &self->a;
	struct patient p = PHI(a), other = PATIENT(a, "", 4 * TIMEOUT_MS);
	uint64_t faults, told;

	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	for (int i = 0; i < 70; i++)
		TELL(p, "h");
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG_MODE,
				  AGENTSYS_WATCHDOG_TIMEOUT));
	TELL(p, "h");
	TELL(other, "h");
	NEXT_FAULT(other.id, 4 * TIMEOUT_MS);
	/* It may have been missed before, on a busy machine. */
	faults = look(a, p.id).faults;
	told = now_ms();
	TELL(p, "h");
	/* It is judged at once. */
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG_MODE, AGENTSYS_WATCHDOG_PHI));
	EXPECT_TRUE(look(a, p.id).faults == faults || now_ms() - told >= 500);
	for (int i = 0; i < 70; i++)
		TELL(p, "h");
	EXPECT_LT(NEXT_FAULT(p.id, 500).value, NEVER_MS);
}

/* ---- passive ---- */

#define PASSIVE(a, words, ms) ({						\
	struct agentsys_spec *__spec = SPEC(program("pulse"), words);		\
	struct patient __p;							\
										\
	MUST(!agentsys_spec_set_limit(__spec, AGENTSYS_LIMIT_WATCHDOG_MODE,	\
				      AGENTSYS_WATCHDOG_PASSIVE));		\
	__p.in = piped(__spec, 0);						\
	__p.out = piped(__spec, 1);						\
	__p.id = SPAWN(a, watched(__spec, ms));					\
	rule(a, __p.id, AGENTSYS_RECOVER_ALERT);				\
	__p;									\
})

/* One that hangs in a lock is found, without a single heartbeat; those that wait are not. */
TEST_F(liveness, passive_tells_hanging_from_waiting)
{
	struct agents *a = &self->a;
	struct patient waits = PASSIVE(a, "", 300);
	struct patient helped = PASSIVE(a, "p", 300);
	struct patient parent = PASSIVE(a, "f", 300);
	struct patient hangs;

	/* What hangs in one thread, and waits in the other. */
	ASSERT_EQ(1, write(helped.in, "l", 1));
	for (int i = 0; i < 2; i++) {
		hangs = PASSIVE(a, "", 300);
		ASSERT_EQ(1, write(hangs.in, "l", 1));
		NEXT_FAULT(hangs.id, 300);
		ASSERT_OK(a->h, agentsys_kill(a->h, hangs.id, AGENTSYS_WAIT));
	}
	EXPECT_EQ(0, look(a, waits.id).faults);
	EXPECT_EQ(0, look(a, helped.id).faults);
	EXPECT_EQ(0, look(a, parent.id).faults);
	/* The parent waits for its child, which hangs. */
	ASSERT_EQ(1, write(parent.in, "l", 1));
	NEXT_FAULT(parent.id, 300);
	EXPECT_EQ(0, look(a, waits.id).faults);
}

TEST_F(liveness, passive_finds_what_cannot_be_interrupted)
{
	struct agents *a = &self->a;
	struct patient p = PASSIVE(a, "", 300);

	ASSERT_EQ(1, write(p.in, "d", 1));
	NEXT_FAULT(p.id, 300);
}

/* ---- the page ---- */

/* A store to the page is a heartbeat like any other, from a child too. */
TEST_F(liveness, stores_keep_it_alive)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "m", TIMEOUT_MS), other = PATIENT(a, "", 3 * TIMEOUT_MS);
	uint64_t begun, beats, faults;

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	ASSERT_LINE("ok", p.out);
	/* It has begun with the first one. */
	EXPECT_EQ(0, look(a, p.id).heartbeats);
	begun = now_ms();
	TELL(p, "sf");
	TELL(other, "h");
	outlive(_metadata, a, p, "s", begun, other.id);
	NEXT_FAULT(other.id, 3 * TIMEOUT_MS);
	NEXT_FAULT(p.id, TIMEOUT_MS);
	beats = look(a, p.id).heartbeats;
	faults = look(a, p.id).faults;
	EXPECT_GE(beats, 1);
	/* Told once, and again after one more store, which nobody but the page knows of. */
	TELL(p, "s");
	NEXT_FAULT(p.id, TIMEOUT_MS);
	EXPECT_EQ(beats + 1, look(a, p.id).heartbeats);
	EXPECT_EQ(faults + 1, look(a, p.id).faults);
}

/* A page that nothing is stored to is no heartbeat, but a reason to look. */
TEST_F(liveness, an_untouched_page_is_no_sign)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "m", 100), other = PATIENT(a, "h", 400);

	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	NEXT_FAULT(other.id, 400);
	EXPECT_EQ(0, look(a, p.id).faults);
	rule(a, p.id, AGENTSYS_RECOVER_KILL);
	ASSERT_LINE("ok", p.out);
	ASSERT_EQ(1, write(p.in, "s", 1));
	NEXT_FAULT(p.id, 100);
	EXPECT_EQ(AGENTSYS_CAUSE_FAULT, LATER(a, p.id, CRASH).cause);
}

/* Nor does one without a limit have anything looked at, but it may have the page. */
TEST_F(liveness, page_without_a_limit)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "ms", 0), other = PATIENT(a, "h", 100);

	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	NEXT_FAULT(other.id, 100);
	ASSERT_LINE("ok", p.out);
	ASSERT_LINE("ok", p.out);
	EXPECT_EQ(0, look(a, p.id).faults);
}

TEST_F(liveness, bad_maps_are_refused)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "b", 0);
	struct agentsys_pulse *pulse;
	int device;

	ASSERT_LINE("ok", p.out);
	/* By somebody who is no agent; by one who may only read. */
	EXPECT_EQ(-ESRCH, agentsys_pulse_open(-1, &pulse));
	device = open(AGENTSYS_DEVICE, O_RDONLY);
	EXPECT_EQ(-EACCES, agentsys_pulse_open(device, &pulse));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, device, 0));
	EXPECT_EQ(EACCES, errno);
	close(device);
}

/* A child that stores to the page of @p for ever, outside of the agent. */
static pid_t escape(struct patient *p)
{
	char line[32];
	pid_t pid;
	int fd;

	MUST(write(p->in, "e", 1) == 1 && read_line(p->out, line, sizeof(line)));
	pid = atoi(line);
	MUST(pid > 0 && read_line(p->out, line, sizeof(line)));
	fd = open("/sys/fs/cgroup/vm-test/cgroup.procs", O_WRONLY);
	snprintf(line, sizeof(line), "%d", pid);
	MUST(fd >= 0 && write(fd, line, strlen(line)) > 0);
	close(fd);
	return pid;
}

/* What of an instance before stores to its page keeps no other one alive. */
TEST_F(liveness, page_of_an_instance_before)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "ms", 0);
	uint32_t missed;
	pid_t pid;

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	ASSERT_LINE("ok", p.out);
	ASSERT_LINE("ok", p.out);
	pid = escape(&p);
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_WATCHDOG, 1000));
	ASSERT_OK(a->h, agentsys_restart(a->h, p.id, NEVER_MS, AGENTSYS_WAIT));
	/* On a busy machine the child may have been kept from storing for so long. */
	do {
		missed = NEXT_FAULT(p.id, 1000).instance;
	} while (missed == 1);
	EXPECT_EQ(2, missed);
	/* It has its own. */
	kill(pid, SIGKILL);
	ASSERT_LINE("ok", p.out);
	ASSERT_LINE("ok", p.out);
	TELL(p, "s");
	NEXT_FAULT(p.id, 1000);
}

static long references(void)
{
	char text[32];

	return read_whole("/sys/module/agentsys/refcnt", text, sizeof(text)) > 0 ? atol(text) : -1;
}

/* Who has a page mapped keeps the module, but nothing else. */
TEST_F(liveness, a_mapped_page_holds_the_module)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "ms", 0);
	pid_t pid;

	ASSERT_LINE("ok", p.out);
	ASSERT_LINE("ok", p.out);
	pid = escape(&p);
	ASSERT_OK(a->h, agentsys_shutdown(a->h, 0, AGENTSYS_WAIT, NULL, NULL));
	ASSERT_OK(a->h, agentsys_remove(a->h, p.id));
	EXPECT_TRUE(AWAIT(references() == 2)); /* its device, and the mapping */
	EXPECT_EQ(-1, syscall(SYS_delete_module, "agentsys", O_NONBLOCK));
	kill(pid, SIGKILL);
	EXPECT_TRUE(AWAIT(!references()));
}

/* ---- excuses ---- */

/*
 * It is held up for longer than it may be silent, as another one is meanwhile, by itself. That
 * is no fault of it, and it has all of its time when it is let go. On a busy machine it may
 * have been silent for too long before it is held: once more.
 */
#define EXPECT_EXCUSED(a, p, hold, let_go) do {					\
	struct patient __other = PATIENT(a, "", 200);				\
	uint64_t __begun, __faults;						\
										\
	rule(a, (p).id, AGENTSYS_RECOVER_ALERT);				\
	rule(a, __other.id, AGENTSYS_RECOVER_ALERT);				\
	for (;;) {								\
		__faults = look(a, (p).id).faults;				\
		__begun = now_ms();						\
		TELL(p, "h");							\
		hold;								\
		if (look(a, (p).id).faults == __faults)				\
			break;							\
		let_go;								\
	}									\
	for (int __i = 0; __i < 4; __i++) {					\
		TELL(__other, "h");						\
		NEXT_FAULT(__other.id, 200);					\
	}									\
	EXPECT_EQ(__faults, look(a, (p).id).faults);				\
	/* It is caught afterwards all the same. */				\
	let_go;									\
	EXPECT_LE(NEXT_FAULT((p).id, 200).value + 4 * 200, now_ms() - __begun);	\
	EXPECT_EQ(__faults + 1, look(a, (p).id).faults);			\
} while (0)

TEST_F(liveness, a_stop_does_not_count)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "f", 200);

	ASSERT_LINE("ok", p.out);
	EXPECT_EXCUSED(a, p, signal_all(p.id, SIGSTOP), signal_all(p.id, SIGCONT));
}

/* A process of it that is stopped is no excuse for the others. */
TEST_F(liveness, half_a_stop_counts)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "f", 200);

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	ASSERT_LINE("ok", p.out);
	TELL(p, "h");
	kill(look(a, p.id).pid, SIGSTOP);
	NEXT_FAULT(p.id, 200);
	kill(look(a, p.id).pid, SIGCONT);
}

static void debug(pid_t pid, bool stops)
{
	if (!stops) {
		MUST(!ptrace(PTRACE_DETACH, pid, 0, 0));
		return;
	}
	MUST(!ptrace(PTRACE_SEIZE, pid, 0, 0) && !ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	MUST(waitpid(pid, NULL, __WALL) == pid && process_state(pid) == 't');
}

/* What a debugger has stopped is no better off than what a signal has. */
TEST_F(liveness, a_debugger_does_not_count)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 200);
	pid_t pid = look(a, p.id).pid;

	EXPECT_EXCUSED(a, p, debug(pid, true), debug(pid, false));
}

static void freeze(uint32_t id, bool frozen)
{
	char path[64], text[128];
	int fd;

	snprintf(path, sizeof(path), CGROUPS "/%u/cgroup.freeze", id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	MUST(fd >= 0 && write(fd, frozen ? "1" : "0", 1) == 1);
	close(fd);
	MUST(AWAIT(read_cgroup(id, "cgroup.events", text, sizeof(text)) > 0 &&
		   strstr(text, frozen ? "frozen 1" : "frozen 0")));
}

/* Frozen by somebody who did not ask the module for it. */
TEST_F(liveness, a_freeze_from_outside_does_not_count)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "f", 200);

	ASSERT_LINE("ok", p.out);
	EXPECT_EXCUSED(a, p, freeze(p.id, true), freeze(p.id, false));
}

TEST_F(liveness, a_pause_does_not_count)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 300), other = PATIENT(a, "", 300);
	uint64_t begun, faults;

	rule(a, p.id, AGENTSYS_RECOVER_ALERT);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	/* On a busy machine it may have been silent for too long before it is paused. */
	for (;;) {
		faults = look(a, p.id).faults;
		begun = now_ms();
		TELL(p, "h");
		ASSERT_OK(a->h, agentsys_pause(a->h, p.id));
		if (look(a, p.id).faults == faults)
			break;
		ASSERT_OK(a->h, agentsys_resume(a->h, p.id));
	}
	for (int i = 0; i < 2; i++) {
		TELL(other, "h");
		NEXT_FAULT(other.id, 300);
	}
	EXPECT_EQ(faults, look(a, p.id).faults);
	ASSERT_OK(a->h, agentsys_resume(a->h, p.id));
	/* All of its time is there again, and it does not use it. */
	EXPECT_LE(NEXT_FAULT(p.id, 300).value + 2 * 300, now_ms() - begun);
	EXPECT_EQ(faults + 1, look(a, p.id).faults);
}

/* What it has no CPU time for it is not blamed for. */
TEST_F(liveness, being_held_to_a_quota_does_not_count)
{
	struct agents *a = &self->a;
	struct patient p = PATIENT(a, "", 2 * TIMEOUT_MS), other = PATIENT(a, "", 2 * TIMEOUT_MS);
	uint64_t begun;

	if (!has_controller(a, "cpu"))
		SKIP(return, "there is no controller for it");
	slow_down_for(a, p.id, AGENTSYS_FAULT_CPU_QUOTA);
	rule(a, other.id, AGENTSYS_RECOVER_ALERT);
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_CPU_QUOTA, 20000));
	TELL(p, "c");
	ASSERT_TRUE(AWAIT(look(a, p.id).flags & AGENTSYS_AGENT_THROTTLED));
	begun = now_ms();
	TELL(p, "h");
	for (int i = 0; i < 2; i++) {
		TELL(other, "h");
		NEXT_FAULT(other.id, 2 * TIMEOUT_MS);
	}
	EXPECT_EQ(0, silences(a, p.id));
	/* It goes on being silent when nothing holds it any more. */
	ASSERT_OK(a->h, set_limit(a, p.id, AGENTSYS_LIMIT_CPU_QUOTA, 0));
	EXPECT_LE(LATER_FAULT(a, p.id, UNRESPONSIVE).value + 4 * TIMEOUT_MS, now_ms() - begun);
	EXPECT_EQ(1, silences(a, p.id));
}

TEST_HARNESS_MAIN
