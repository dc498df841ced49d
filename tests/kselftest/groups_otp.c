// SPDX-License-Identifier: GPL-2.0-only
/*
 * What OTP documents of its supervisors, case by case: kinds of children, intensity,
 * shutdown of children, auto_shutdown. A case is a group of three members a, b, c, a
 * script of what happens to them, and what is left in the end.
 *
 *	p t T	a member that is permanent, transient, temporary; "*" behind it: significant
 *	!a	it crashes	.a	it exits with 0		xa	it exits with 3
 *	-a	somebody stops it				+a	or starts it
 *
 * What is left is told of each member: the number of its instance if that runs, "." if
 * it has exited, "f" if it has failed.
 *
 * vm: timeout=200
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/groups.h"
#include "lib/members.h"

GROUPS_FIXTURE(groups_otp);

struct row {
	const char *name;
	enum agentsys_strategy strategy;
	uint32_t intensity; /* in a minute */
	enum agentsys_auto_shutdown shutdown;
	const char *members;
	const char *script;
	const char *left;
	enum agentsys_state state;
	uint32_t recent;
};

static void make_members(struct __test_metadata *_metadata, struct agents *a, const char *kinds)
{
	for (uint32_t id = MEMBER_ID; *kinds; kinds++, id++) {
		struct agentsys_spec *spec = member("g", id);

		agentsys_spec_set_restart(spec, *kinds == 'p' ? AGENTSYS_RESTART_ALWAYS :
						*kinds == 't' ? AGENTSYS_RESTART_ON_FAILURE :
								AGENTSYS_RESTART_NEVER);
		agentsys_spec_set_max_restarts(spec, AGENTSYS_RESTARTS_UNLIMITED);
		if (kinds[1] == '*') {
			agentsys_spec_set_significant(spec, true);
			kinds++;
		}
		SPAWN(a, spec);
	}
}

/* A word of a script: returns when the module knows of it. */
static void act(struct __test_metadata *_metadata, struct agents *a, char what, uint32_t id)
{
	uint64_t exits;

	if (what == '-') {
		ASSERT_OK(a->h, stop_member(a, id));
		return;
	}
	if (what == '+') {
		ASSERT_OK(a->h, agentsys_start(a->h, id, AGENTSYS_WAIT));
		return;
	}
	/* It may just be restarted. */
	ASSERT_TRUE(AWAIT(is_state(a, id, AGENTSYS_ACTIVE) &&
			  look(a, id).instance == look(a, id).exits + 1));
	exits = look(a, id).exits;
	if (what == '!')
		crash_member(a, id);
	else
		end_member(id, what == 'x' ? 3 : 0);
	ASSERT_TRUE(AWAIT(look(a, id).exits > exits));
}

static char letter_of(struct agents *a, uint32_t id)
{
	struct agentsys_info info = look(a, id);

	switch (info.state) {
	case AGENTSYS_ACTIVE:
		return '0' + info.instance;
	case AGENTSYS_EXITED:
		return '.';
	case AGENTSYS_FAILED:
		return 'f';
	default:
		return '?';
	}
}

static bool is_left(struct agents *a, const struct row *row, char *left)
{
	for (int i = 0; i < MEMBERS; i++)
		left[i] = letter_of(a, MEMBER_ID + i);
	left[MEMBERS] = '\0';
	return !strcmp(left, row->left) && is_group_state(a, "g", row->state) &&
	       look_group(a, "g").recent == row->recent;
}

static void check_row(struct __test_metadata *_metadata, struct agents *a, const struct row *row)
{
	const struct group_policy policy = { row->strategy, row->intensity, 60000, 0, 0 };
	struct agentsys_group_spec *spec = group_spec(NULL, &policy);
	char left[MEMBERS + 1];

	agentsys_group_spec_set_auto_shutdown(spec, row->shutdown);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", spec));
	make_members(_metadata, a, row->members);
	for (const char *word = row->script; *word; word += 2)
		act(_metadata, a, word[0], MEMBER_ID + word[1] - 'a');
	EXPECT_TRUE(AWAIT(is_left(a, row, left)))
	{
		TH_LOG("%s: left is '%s', the group %s, %u restarts", row->name, left,
		       agentsys_state_name(look_group(a, "g").state), look_group(a, "g").recent);
	}
	groups_clear(a);
}

static void check_rows(struct __test_metadata *_metadata, struct agents *a, const struct row *rows,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_row(_metadata, a, &rows[i]);
}

#define CHECK_ROWS(a, rows) check_rows(_metadata, a, rows, sizeof(rows) / sizeof(rows[0]))

#define ONE AGENTSYS_ONE_FOR_ONE
#define ALL AGENTSYS_ONE_FOR_ALL
#define REST AGENTSYS_REST_FOR_ONE
#define NEVER AGENTSYS_AUTO_SHUTDOWN_NEVER
#define ANY AGENTSYS_AUTO_SHUTDOWN_ANY
#define EVERY AGENTSYS_AUTO_SHUTDOWN_ALL
#define UP AGENTSYS_ACTIVE
#define DOWN AGENTSYS_EXITED
#define SPENT AGENTSYS_FAILED

TEST_F_TIMEOUT(groups_otp, children, 60)
{
	static const struct row rows[] = {
		{ "permanent: always", ONE, 9, NEVER, "ppp", ".axb!c", "222", UP, 3 },
		{ "transient: abnormal ends", ONE, 9, NEVER, "ttt", ".axb!c", ".22", UP, 2 },
		{ "temporary: never", ONE, 9, NEVER, "TTT", ".axb!c", "...", UP, 0 },
		{ "temporary: nor with others", ALL, 9, NEVER, "pTp", "!a", "2.2", UP, 1 },
		{ "temporary: nor with those before", REST, 9, NEVER, "ppT", "!b", "12.", UP, 1 },
		{ "temporary: those after it stay", REST, 9, NEVER, "Tpp", "!a", ".11", UP, 0 },
		{ "transient: always with others", ALL, 9, NEVER, "ptt", "!a", "222", UP, 1 },
		{ "transient: not if it had ended", ALL, 9, NEVER, "ptt", ".b!a", "2.2", UP, 1 },
		{ "terminated: stays so", ALL, 9, NEVER, "ppp", "-b!a", "2.2", UP, 1 },
		{ "terminated: until started", ALL, 9, NEVER, "ppp", "-b+b!a", "232", UP, 1 },
	};

	CHECK_ROWS(&self->a, rows);
}

TEST_F_TIMEOUT(groups_otp, intensity, 60)
{
	static const struct row rows[] = {
		{ "one in the period", ONE, 1, NEVER, "ppp", "!a", "211", UP, 1 },
		{ "and one more", ONE, 1, NEVER, "ppp", "!a!a", "f..", SPENT, 2 },
		{ "whoever it is", ONE, 2, NEVER, "ppp", "!a!b!c", "..f", SPENT, 3 },
		{ "a round of all counts once", ALL, 1, NEVER, "ppp", "!b", "222", UP, 1 },
		{ "one of the rest, too", REST, 1, NEVER, "ppp", "!b", "122", UP, 1 },
		{ "none", ONE, 0, NEVER, "ppp", "!b", ".f.", SPENT, 1 },
		{ "ends without a restart", ONE, 0, NEVER, "tTp", ".a!b-c", "...", UP, 0 },
	};

	CHECK_ROWS(&self->a, rows);
}

TEST_F_TIMEOUT(groups_otp, auto_shutdown, 60)
{
	static const struct row rows[] = {
		{ "never", ONE, 9, NEVER, "t*t*p", ".a.b", "..1", UP, 0 },
		{ "any_significant", ONE, 9, ANY, "t*t*p", ".b", "...", DOWN, 0 },
		{ "any_significant: not another", ONE, 9, ANY, "t*tp", ".b", "1.1", UP, 0 },
		{ "any_significant: not restarted", ONE, 9, ANY, "t*t*p", "!a", "211", UP, 1 },
		{ "any_significant: temporary, crash", ONE, 9, ANY, "T*pp", "!a", "...", DOWN, 0 },
		{ "any_significant: not terminated", ONE, 9, ANY, "t*pp", "-a", ".11", UP, 0 },
		{ "all_significant: not the first", ONE, 9, EVERY, "t*t*p", ".b", "1.1", UP, 0 },
		{ "all_significant: the last", ONE, 9, EVERY, "t*t*p", ".b.a", "...", DOWN, 0 },
	};

	CHECK_ROWS(&self->a, rows);
}

/* ---- shutdown of children ---- */

/* brutal_kill: it is not asked first. */
TEST_F(groups_otp, brutal_kill)
{
	struct agents *a = &self->a;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	SPAWN_DEAF(a, "g", MEMBER_ID, 0);
	SPAWN(a, member("g", MEMBER_ID + 1));
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "g", AGENTSYS_WAIT));
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, MEMBER_ID).cause);
	EXPECT_EQ(SIGKILL, look(a, MEMBER_ID).code);
	EXPECT_EQ(AGENTSYS_CAUSE_GROUP, look(a, MEMBER_ID + 1).cause);
}

/* A time: it is asked, and killed when that has passed; those ahead of it wait for that. */
TEST_F(groups_otp, shutdown_timeout)
{
	struct agents *a = &self->a;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	SPAWN(a, member("g", MEMBER_ID));
	SPAWN_DEAF(a, "g", MEMBER_ID + 1, 50);
	skip_events(a);
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "g", AGENTSYS_WAIT));
	EXPECT_EQ(MEMBER_ID + 1, NEXT(a, 0, STOP).agent_id);
	EXPECT_EQ(MEMBER_ID + 1, NEXT(a, 0, KILL).agent_id);
	LATER(a, MEMBER_ID, STOP);
	EXPECT_EQ(AGENTSYS_CAUSE_KILL, look(a, MEMBER_ID + 1).cause);
}

/* infinity, as a supervisor is given: a group waits for all that is in those below. */
TEST_F(groups_otp, shutdown_infinity)
{
	struct agents *a = &self->a;

	GROUP(a, "g", NULL, AGENTSYS_ONE_FOR_ONE);
	SPAWN(a, member("g", MEMBER_ID));
	GROUP(a, "below", "g", AGENTSYS_ONE_FOR_ONE);
	SPAWN_DEAF(a, "below", MEMBER_ID + 1, NEVER_MS);
	ASSERT_OK(a->h, agentsys_group_stop(a->h, "g", 0));
	LATER(a, MEMBER_ID + 1, STOP);
	EXPECT_TRUE(is_group_state(a, "g", AGENTSYS_STOPPING));
	EXPECT_TRUE(is_group_state(a, "below", AGENTSYS_STOPPING));
	EXPECT_TRUE(is_state(a, MEMBER_ID, AGENTSYS_ACTIVE));
	crash_member(a, MEMBER_ID + 1);
	GROUP_EVENT(a, "g", STOPPED);
	EXPECT_EQ(AGENTSYS_EXITED, look(a, MEMBER_ID).state);
}

/* A group that is done is a member that is, and ends the one above. */
TEST_F(groups_otp, a_significant_supervisor)
{
	const struct group_policy some = { AGENTSYS_TRANSIENT, 9, 60000, 0, 0 };
	struct agentsys_group_spec *above = group_spec(NULL, &some);
	struct agentsys_group_spec *below = group_spec("above", &some);
	struct agents *a = &self->a;
	struct agentsys_spec *job = member("below", MEMBER_ID);

	agentsys_group_spec_set_auto_shutdown(above, AGENTSYS_AUTO_SHUTDOWN_ALL);
	agentsys_group_spec_set_auto_shutdown(below, AGENTSYS_AUTO_SHUTDOWN_ANY);
	agentsys_group_spec_set_significant(below, true);
	ASSERT_OK(a->h, agentsys_group_new(a->h, "above", above));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "below", below));
	agentsys_spec_set_significant(job, true);
	SPAWN(a, job);
	SPAWN(a, member("above", MEMBER_ID + 1));
	end_member(MEMBER_ID, 0);
	GROUP_EVENT(a, "above", STOPPED);
	EXPECT_TRUE(is_group_state(a, "below", AGENTSYS_EXITED));
	EXPECT_EQ(AGENTSYS_CAUSE_GROUP, look(a, MEMBER_ID + 1).cause);
}

/* Escalation: it terminates its children, last first, then itself; the one above decides. */
TEST_F(groups_otp, escalation)
{
	const struct group_policy none = { AGENTSYS_ONE_FOR_ONE, 0, 60000, 0, 0 };
	struct agents *a = &self->a;

	GROUP(a, "above", NULL, AGENTSYS_REST_FOR_ONE);
	SPAWN(a, member("above", MEMBER_ID));
	ASSERT_OK(a->h, agentsys_group_new(a->h, "g", group_spec("above", &none)));
	for (uint32_t i = 1; i <= 3; i++)
		SPAWN(a, member("g", MEMBER_ID + i));
	SPAWN(a, member("above", MEMBER_ID + 4));
	skip_events(a);
	crash_member(a, MEMBER_ID + 1);
	GROUP_EVENT(a, "g", FAILED);
	EXPECT_EQ(MEMBER_ID + 3, LATER(a, 0, STOP).agent_id);
	EXPECT_EQ(MEMBER_ID + 2, LATER(a, 0, STOP).agent_id);
	EXPECT_EQ(MEMBER_ID + 4, LATER(a, 0, STOP).agent_id);
	GROUP_EVENT(a, "above", STARTED);
	EXPECT_EQ(1, look(a, MEMBER_ID).instance);
	for (uint32_t i = 1; i <= 4; i++)
		EXPECT_EQ(2, look(a, MEMBER_ID + i).instance);
}

TEST_HARNESS_MAIN
