// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every request in every state: what it is answered, and which state follows.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"

enum asked { START, STOP, KILL, RESTART, PAUSE, RESUME, REMOVE, N_ASKED };

static const char *const asked_names[] = {
	"start", "stop", "kill", "restart", "pause", "resume", "remove"
};

static int ask(struct agents *a, enum asked what, uint32_t id)
{
	switch (what) {
	case START:
		return agentsys_start(a->h, id, 0);
	case STOP:
		return agentsys_stop(a->h, id, NEVER_MS, 0);
	case KILL:
		return agentsys_kill(a->h, id, 0);
	case RESTART:
		return agentsys_restart(a->h, id, NEVER_MS, 0);
	case PAUSE:
		return agentsys_pause(a->h, id);
	case RESUME:
		return agentsys_resume(a->h, id);
	default:
		return agentsys_remove(a->h, id);
	}
}

FIXTURE(state) {
	struct agents a;
	pid_t launcher;
};

/* What each request says, 0 or an errno; and which state it leads to in the end. */
FIXTURE_VARIANT(state)
{
	enum agentsys_state state;
	int errors[N_ASKED];
	enum agentsys_state after[N_ASKED];
};

#define S(name) AGENTSYS_##name

FIXTURE_VARIANT_ADD(state, starting) {
	S(STARTING),
	{ EALREADY, 0, 0, 0, EINVAL, EINVAL, EBUSY },
	{ S(ACTIVE), S(EXITED), S(EXITED), S(ACTIVE), S(ACTIVE), S(ACTIVE), S(ACTIVE) },
};

FIXTURE_VARIANT_ADD(state, active) {
	S(ACTIVE),
	{ EALREADY, 0, 0, 0, 0, 0, EBUSY },
	{ S(ACTIVE), S(EXITED), S(EXITED), S(ACTIVE), S(ACTIVE), S(ACTIVE), S(ACTIVE) },
};

FIXTURE_VARIANT_ADD(state, stopping) {
	S(STOPPING),
	{ EBUSY, 0, 0, 0, EINVAL, EINVAL, EBUSY },
	{ S(STOPPING), S(STOPPING), S(EXITED), S(STOPPING), S(STOPPING), S(STOPPING), S(STOPPING) },
};

FIXTURE_VARIANT_ADD(state, backoff) {
	S(BACKOFF),
	{ 0, 0, 0, 0, EINVAL, EINVAL, EBUSY },
	{ S(BACKOFF), S(EXITED), S(EXITED), S(BACKOFF), S(BACKOFF), S(BACKOFF), S(BACKOFF) },
};

FIXTURE_VARIANT_ADD(state, exited) {
	S(EXITED),
	{ 0, 0, 0, 0, EINVAL, EINVAL, 0 },
	{ S(EXITED), S(EXITED), S(EXITED), S(EXITED), S(EXITED), S(EXITED), UINT32_MAX },
};

FIXTURE_VARIANT_ADD(state, failed) {
	S(FAILED),
	{ 0, 0, 0, 0, EINVAL, EINVAL, 0 },
	{ S(FAILED), S(FAILED), S(FAILED), S(FAILED), S(FAILED), S(FAILED), UINT32_MAX },
};

FIXTURE_SETUP(state)
{
	agents_open(_metadata, &self->a);
	SPAWN(&self->a, SLEEP);	/* keeps the launcher */
}

FIXTURE_TEARDOWN(state)
{
	agents_close(&self->a);
}

/* A new agent in the variant's state. */
static uint32_t bring(struct __test_metadata *_metadata, struct agents *a,
		      enum agentsys_state state, pid_t *launcher)
{
	uint32_t id;

	switch (state) {
	case AGENTSYS_STARTING:
		*launcher = hold_launcher(a);
		ASSERT_OK(a->h, agentsys_spawn(a->h, SLEEP, 0, &id));
		break;
	case AGENTSYS_ACTIVE:
		id = SPAWN(a, SLEEP);
		break;
	case AGENTSYS_STOPPING:
		id = SPAWN_READY(a, SPEC(program("actor"), "stubborn"));
		ASSERT_OK(a->h, agentsys_stop(a->h, id, NEVER_MS, 0));
		break;
	case AGENTSYS_BACKOFF:
		id = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 9, NEVER_MS,
					 NEVER_MS));
		LATER(a, id, RESTART_SCHEDULED);
		break;
	case AGENTSYS_EXITED:
		id = SPAWN(a, SPEC("/bin/true"));
		LATER(a, id, EXIT);
		break;
	default:
		id = SPAWN(a, restarting(SHELL("exit 1"), AGENTSYS_RESTART_ALWAYS, 0, 0, 0));
		LATER(a, id, FAILED);
	}
	EXPECT_TRUE(AWAIT(is_state(a, id, state)));
	return id;
}

static const char *words_of(int error, enum asked what)
{
	switch (error) {
	case EALREADY:
		return "runs already";
	case EBUSY:
		return what == REMOVE ? "stop it first" : "just ending";
	default:
		return "not active";
	}
}

TEST_F_TIMEOUT(state, answers_every_request, 60)
{
	struct agents *a = &self->a;

	for (enum asked what = 0; what < N_ASKED; what++) {
		enum agentsys_state after = variant->after[what];
		int error = variant->errors[what];
		struct agentsys_info before;
		pid_t launcher = 0;
		uint32_t id;

		id = bring(_metadata, a, variant->state, &launcher);
		skip_events(a);
		before = look(a, id);
		if (error) {
			EXPECT_REFUSED(a->h, error, words_of(error, what), ask(a, what, id));
			EXPECT_EQ(before.state, look(a, id).state);
			EXPECT_TRUE(no_event(a, id));
		} else {
			EXPECT_EQ(0, ask(a, what, id))
				TH_LOG("%s: %s", asked_names[what], agentsys_error(a->h));
		}
		if (launcher)
			kill(launcher, SIGCONT);
		/* What starts it by hand makes a new instance, whatever becomes of that. */
		if (!error && (what == START ||
			       (what == RESTART && variant->state != AGENTSYS_STARTING &&
				variant->state != AGENTSYS_STOPPING)))
			EXPECT_TRUE(AWAIT(look(a, id).spawns == before.spawns + 1));
		EXPECT_TRUE(AWAIT(is_state(a, id, after)))
			TH_LOG("after %s: %s", asked_names[what],
			       agentsys_state_name(look(a, id).state));
		agentsys_kill(a->h, id, AGENTSYS_WAIT);
	}
}

TEST_HARNESS_MAIN
