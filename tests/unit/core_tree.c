// SPDX-License-Identifier: GPL-2.0-only
/*
 * The supervision tree, case by case. A case is a tree, as core_tree_world.h
 * describes it, all of it running; a script; and what is done because of it. Words
 * of a script:
 *
 *	!a	agent a fails (or its start does)	.a	it ends for good
 *	+a -a *a	it is started, stopped, restarted by hand, and so groups
 *	xa	it is removed		fa	its next start will fail
 *	=A	group A is held, because everything is about to be stopped
 *	:a	what it has under way is complete
 *	;	all that is under way is complete, but no timer fires
 *	t	the next timer fires	p	2 s pass
 *	w	everything that happens by itself has happened
 *	|	what was done up to here does not count
 */
#include "core_tree_world.h"

struct row {
	const char *tree;
	const char *script;
	const char *log;
	const char *end; /* agents that run, and groups with the first letter of their state */
};

static void fail_agent(struct agent *agent)
{
	if (agent->life == BIRTH) {
		agent->bad_starts++;
		world_complete(agent);
		return;
	}
	assert_int_equal(agent->life, RUNNING);
	world_ended(agent, true);
}

static void command_agent(char word, struct agent *agent)
{
	switch (word) {
	case '!':
		fail_agent(agent);
		break;
	case '.':
		assert_int_equal(agent->life, RUNNING);
		world_ended(agent, false);
		break;
	case '+':
		world_start(agent);
		break;
	case '-':
		world_stop(agent);
		break;
	case '*':
		world_restart(agent);
		break;
	case 'x':
		world_remove(agent);
		break;
	case 'f':
		agent->bad_starts++;
		break;
	case ':':
		world_complete(agent);
		break;
	}
}

static void command_group(char word, struct group *group)
{
	switch (word) {
	case '+':
		agentsys_tree_start(&group->tree);
		break;
	case '-':
		world_stop_group(group);
		break;
	case '*':
		agentsys_tree_restart(&group->tree);
		break;
	case '=':
		agentsys_tree_hold(&group->tree);
		break;
	}
}

static void play(const char *script)
{
	for (; *script; script++) {
		switch (*script) {
		case ' ':
			break;
		case ';':
			while (world_complete_one())
				;
			break;
		case 't':
			assert_true(world_timer(~0ULL));
			break;
		case 'p':
			world.now += 2000;
			break;
		case 'w':
			world_drain();
			break;
		case '|':
			world.log[0] = 0;
			break;
		default:
			if (islower(script[1]))
				command_agent(*script, world_agent(script[1]));
			else
				command_group(*script, world_group(script[1]));
			script++;
		}
		world_check();
	}
}

static const char *end(void)
{
	static const char states[] = "sapbef";
	static char text[100];
	size_t n = 0;

	for (u32 i = 0; i < world.nr_agents; i++)
		if (world.agents[i].life == RUNNING)
			text[n++] = world.agents[i].name;
	for (u32 i = 1; i < world.nr_groups; i++)
		n += sprintf(text + n, " %c%c", world.groups[i].name,
			     states[world.groups[i].tree.state]);
	text[n] = 0;
	return text;
}

static void check_row(const struct row *row)
{
	world.log[0] = 0;
	play(row->script);
	world_check_settled();
	if (strcmp(world.log, row->log) || strcmp(end(), row->end))
		fail_msg("%s, %s:\n     got '%s', '%s'\nexpected '%s', '%s'", row->tree,
			 row->script, world.log, end(), row->log, row->end);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		world_build(rows[i].tree);
		check_row(&rows[i]);
	}
}

#define CHECK_ROWS(rows) check_rows(rows, ARRAY_SIZE(rows))

/* Who is stopped and started, in which order, and who is left alone. */
static const struct row rounds[] = {
	{ "A15[abc]", "!aw", "+a", "abc Aa" },
	{ "A15[abc]", "!bw", "+b", "abc Aa" },
	{ "A15[abc]", "!cw", "+c", "abc Aa" },
	{ "Aa5[abc]", "!aw", "A~100 -c -b +a +b +c", "abc Aa" },
	{ "Aa5[abc]", "!bw", "A~100 -c -a +a +b +c", "abc Aa" },
	{ "Aa5[abc]", "!cw", "A~100 -b -a +a +b +c", "abc Aa" },
	{ "Ar5[abc]", "!aw", "A~100 -c -b +a +b +c", "abc Aa" },
	{ "Ar5[abc]", "!bw", "A~100 -c +b +c", "abc Aa" },
	{ "Ar5[abc]", "!cw", "A~100 +c", "abc Aa" },
	{ "Aa5[a]", "!aw", "A~100 +a", "a Aa" },
	/* outside of any group that has a budget */
	{ "ab", "!aw!aw!aw!aw!aw!aw!aw!aw", "+a +a +a +a +a +a +a +a", "ab" },
	/* others have ended for good, or were stopped by hand */
	{ "A15[abc]", ".b|!aw", "+a", "ac Aa" },
	{ "Aa5[abc]", ".a|!bw", "A~100 -c +b +c", "bc Aa" },
	{ "Aa5[abc]", "-cw|!bw", "A~100 -a +a +b", "ab Aa" },
	{ "Ar5[abc]", "-cw|!bw", "A~100 +b", "ab Aa" },
	{ "Ar5[abc]", ".a|!bw", "A~100 -c +b +c", "bc Aa" },
	/* b never is started again */
	{ "A15[ab'c]", "!bw", "", "ac Aa" },
	{ "Aa5[ab'c]", "!bw", "", "ac Aa" },
	{ "Aa5[ab'c]", "!cw", "A~100 -b -a +a +c", "ac Aa" },
	{ "Ar5[ab'c]", "!aw", "A~100 -c -b +a +c", "ac Aa" },
	{ "Ar5[a'bc]", "!bw", "A~100 -c +b +c", "abc Aa" },
	/* groups among them */
	{ "Aa5[aBa5[bc]d]", "!aw", "A~100 -d -c -b +a +b +c +d", "abcd Aa Ba" },
	{ "Aa5[aBa5[bc]d]", "!bw", "B~100 -c +b +c", "abcd Aa Ba" },
	{ "Ar5[aBa5[bc]d]", "!dw", "A~100 +d", "abcd Aa Ba" },
	{ "Aa5[aBa5[]d]", "!aw", "A~100 -d +a +d", "ad Aa Ba" },
	{ "Aa5[aBa5[b'c]d]", "!aw", "A~100 -d -c -b +a +c +d", "acd Aa Ba" },
	{ "Aa5[aBa5[bc]d]", "-Bw|!aw", "A~100 -d +a +d", "ad Aa Be" },
	{ "Aa5[aBa5[bc]d]", ".c|!aw", "A~100 -d -b +a +b +d", "abd Aa Ba" },
	{ "Aa5[aBa5[bCa5[cd]e]f]", "!aw", "A~100 -f -e -d -c -b +a +b +c +d +e +f",
	  "abcdef Aa Ba Ca" },
};

static void rounds_later(void **unused)
{
	(void)unused;
	CHECK_ROWS(rounds);
}

/* The same when nothing takes time. */
static void rounds_at_once(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		world_build(rounds[i].tree);
		world.at_once = 100;
		check_row(&rounds[i]);
	}
}

/* Others are neither up nor down. */
static void others_under_way(void **unused)
{
	static const struct row rows[] = {
		/* they start */
		{ "Aa5[abc]", "-c;+c|!aw", "A~100 -c -b +a +b +c", "abc Aa" },
		{ "Ar5[abc]", "-a;+a|!bw", "A~100 -c +b +c", "abc Aa" },
		/* they wait for a restart of their own */
		{ "A15[abc]", "!a|!bw", "+a +b", "abc Aa" },
		{ "A15[abc]", "!a|*Aw", "A~0 -c -b +a +b +c", "abc Aa" },
		{ "A15[abc]", "!c|-Aw", "-b -a", " Ae" },
		{ "A11[abc]", "!c|!aw", "A! -b", " Af" },
		/* they are being stopped by hand */
		{ "Aa5[abc]", "-b|!aw", "A~100 -c +a +c", "ac Aa" },
		{ "Ar5[abc]", "-a|!bw", "A~100 -c +b +c", "bc Aa" },
		{ "Aa5[aBa5[b]c]", "-B|!aw", "A~100 -c +a +c", "ac Aa Be" },
		/* they are a group in a round of its own */
		{ "Aa5[aBa5[bc]]", "!b|!aw", "A~100 +a +b +c", "abc Aa Ba" },
		{ "Aa5[aBa5[bc]]", "!b;|!aw", "A~100 +a +b +c", "abc Aa Ba" },
		{ "Aa5[aBa5[bc]]", "!b;t|!aw", "A~100 -b +a +b +c", "abc Aa Ba" },
		{ "Aa5[aBa0[bc]]", "!b|!aw", "A~100 +a +b +c", "abc Aa Ba" },
		{ "A15[aBa0[bc]]", "!b;|!aw", "+a +b +c", "abc Aa Ba" },
		{ "A15[aBa0[bc]]", "!b;|-Aw", "-a", " Ae Be" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

static void second_failure(void **unused)
{
	static const struct row rows[] = {
		/* while members are stopped: of one that falls anyway, of one that does not */
		{ "Aa5[abc]", "!a!bw", "A~100 -c +a +b +c", "abc Aa" },
		{ "Ar5[abcd]", "!c!aw", "A~100 -d A~200 -b +a +b +c +d", "abcd Aa" },
		{ "Ar1[abcd]", "!c!aw", "A~100 -d A! -b", " Af" },
		{ "Ar5[aBa0[bc]d]", "!a!bw", "A~100 -d B! -c +a +b +c +d", "abcd Aa Ba" },
		/* while the group waits */
		{ "Ar5[abcd]", "!c;!aw", "A~100 -d A~200 -b +a +b +c +d", "abcd Aa" },
		{ "Ar1[abcd]", "!c;!aw", "A~100 -d A! -b", " Af" },
		/* while members are started: of one that started, of one that was left alone */
		{ "Aa5[abc]", "!a;t:a!bw", "A~100 -c -b +a +b A~200 -a +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "!a;t:a!aw", "A~100 -c -b +a +b A~200 -b +a +b +c", "abc Aa" },
		{ "Ar5[abc]", "!a;t:a!bw", "A~100 -c -b +a +b A~200 +b +c", "abc Aa" },
		{ "Ar5[abc]", "!b;t!aw", "A~100 -c +b A~200 -b +a +b +c", "abc Aa" },
		{ "Aa1[abc]", "!a;t:a!bw", "A~100 -c -b +a +b A! -a", " Af" },
		/* an end for good is none */
		{ "Ar5[abc]", "!b.aw", "A~100 -c +b +c", "bc Aa" },
		{ "Ar5[abc]", "!b;.aw", "A~100 -c +b +c", "bc Aa" },
		{ "Ar5[abc]", "!b;t.aw", "A~100 -c +b +c", "bc Aa" },
		{ "Aa5[abc]", "!c;t:a.aw", "A~100 -b -a +a +b +c", "bc Aa" },
		{ "Ar5[a'bc]", "!b!aw", "A~100 -c +b +c", "bc Aa" },
		/* a group's turn comes when the one before runs, however long that takes */
		{ "A15[ab]", "-Aw|fafa+Aw", "+a +a +a +b", "ab Aa" },
		{ "Aa5[aB15[b]c]", "fbfb!aw", "A~100 -c -b +a +b +b +b +c", "abc Aa Ba" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

/* Everything is about to be stopped: what is under way ends, and waits for its turn. */
static void held(void **unused)
{
	static const struct row rows[] = {
		/* nothing is under way */
		{ "A15[ab]", "=Aw", "", "ab Aa" },
		{ "A15[ab]", "-Aw|=Aw", "", " Ae" },
		/* it was going down, to come up again: the rest waits, and comes in its turn */
		{ "A15[aBa5[bcd]e]", "!d=B-Aw", "B~100 -c -e -b -a", " Ae Be" },
		{ "A15[aBa5[bcd]e]", "!d=Bw|-Aw", "-e -b -a", " Ae Be" },
		/* it was coming up, or waits for that: nothing more does */
		{ "A15[aBa5[bcd]e]", "!d;t:b|=B:cw-Aw", "-e -c -b -a", " Ae Be" },
		{ "A15[aBa5[bcd]e]", "!d;|=Bw-Aw", "-e -a", " Ae Be" },
		/* it fails, which the group above hears no more of */
		{ "A15[aB10[bcd]e]", "!d|=B:cw-Aw", "-e -b -a", " Ae Be" },
		/* being stopped to stay so, it goes on */
		{ "A15[aBa5[bcd]e]", "-B|=Bw", "-c -b", "ae Aa Be" },
		/* all of them at once */
		{ "Aa5[aBa5[bcd]e]", "!a|=A=B-Aw", "-d -c -b", " Ae Be" },
		/* and it is over without the group above */
		{ "A15[aBa5[bcd]e]", "!d|=B:c-Bw+Bw", "-b +b +c +d", "abcde Aa Ba" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

static void budget_spent(void **unused)
{
	static const struct row rows[] = {
		/* nobody is above but root */
		{ "Aa0[abc]", "!bw", "A! -c -a", " Af" },
		{ "A10[abc]", "!aw", "A! -c -b", " Af" },
		{ "Ar0[abc]", "!cw", "A! -b -a", " Af" },
		{ "Aa1[abc]d", "!aw!bw", "A~100 -c -b +a +b +c A! -c -a", "d Af" },
		/* the strategy of the group above */
		{ "Aa5[aBa0[bc]d]", "!bw", "B! -c A~100 -d -a +a +b +c +d", "abcd Aa Ba" },
		{ "Ar5[aBr0[bc]d]", "!cw", "B! -b A~100 -d +b +c +d", "abcd Aa Ba" },
		{ "A15[aB10[bc]d]", "!bw", "B! -c B~100 +b +c", "abcd Aa Ba" },
		{ "A15[aB10[bc]d]", "!bw!cw", "B! -c B~100 +b +c B! -b B~200 +b +c", "abcd Aa Ba" },
		{ "A15[aB10[bc'd]]", "!bw", "B! -d -c B~100 +b +d", "abd Aa Ba" },
		{ "A15[aB10[bcd]]", ".c|!bw", "B! -d B~100 +b +d", "abd Aa Ba" },
		{ "A10[aB10[bc]d]", "!bw", "B! -c A! -d -a", " Af Bf" },
		/* three deep */
		{ "Aa1[aBa0[bCa0[cd]e]f]", "!dw",
		  "C! -c B! -e -b A~100 -f -a +a +b +c +d +e +f", "abcdef Aa Ba Ca" },
		{ "Aa1[aBa0[bCa0[cd]e]f]", "!dw|!cw", "C! -d B! -e -b A! -f -a", " Af Bf Cf" },
		{ "Aa1[aB15[bC10[cd]e]f]", "!dw", "C! -c C~100 +c +d", "abcdef Aa Ba Ca" },
		/* who is restarted with others has its budget again */
		{ "Aa5[Ba1[ab]]", "!aw!aw|!aw", "B~100 -b +a +b", "ab Aa Ba" },
		/* as has who is started by hand */
		{ "Aa1[ab]", "!aw!aw|+Aw!aw", "+a +b A~100 -b +a +b", "ab Aa" },
		{ "A11[a]", "!aw!aw|*Aw!aw", "+a +a", "a Aa" },
		/* what was stopped meanwhile, or before, is not started */
		{ "Aa5[aBa0[bc]d]", "!b-dw", "B! -c -d A~100 -a +a +b +c", "abc Aa Ba" },
		{ "Aa5[aBa0[bc]d]", "!b-bw", "B! -c A~100 -d -a +a +c +d", "acd Aa Ba" },
		{ "A15[aB10[bc]d]", "!b;-bw", "B! -c B~100 +c", "acd Aa Ba" },
	};

	(void)unused;
	CHECK_ROWS(rows);
	/* Nothing is counted but failures: not stops, nor the starts of a round. */
	world_build("Aa5[abc]");
	play("!a!bw*Aw-awp+awp!cw");
	assert_int_equal(world_group('A')->tree.restarts, 2);
	assert_int_equal(world_group('A')->tree.reason, 'c');
}

/* Intensity and period, as OTP documents them. */
static void intensity(void **unused)
{
	static const struct row rows[] = {
		/* one in the period, and a second one */
		{ "A11[ab]", "!awp!aw", "+a +a", "ab Aa" },
		{ "A11[ab]", "!aw!aw", "+a A! -b", " Af" },
		/* whoever fails: the count is the group's */
		{ "A12[abc]", "!aw!bw!cw", "+a +b A! -b -a", " Af" },
		/* all are restarted, it counts once */
		{ "Aa1[abcd]", "!aw", "A~100 -d -c -b +a +b +c +d", "abcd Aa" },
		/* a failed start counts */
		{ "Aa2[ab]", "fafa!bw", "A~100 -a +a A~200 +a A!", " Af" },
		{ "A12[ab]", "fafa!aw", "+a +a A! -b", " Af" },
		/* none at all */
		{ "A10[ab]", "!aw", "A! -b", " Af" },
		/* temporary ones, ends for good and stops by hand do not count */
		{ "A10[a'b]", "!a.bw+aw-aw*bw", "+a -a", " Aa" },
		/* bursts on both sides of the end of the period */
		{ "Aa2[a]", "!aw!awp!aw!aw", "A~100 +a A~200 +a A~100 +a A~200 +a", "a Aa" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

static void groups_by_hand(void **unused)
{
	static const struct row rows[] = {
		{ "Aa5[abc]", "-Aw", "-c -b -a", " Ae" },
		{ "Aa5[abc]", "-Aw+Aw", "-c -b -a +a +b +c", "abc Aa" },
		{ "A15[abc]", ".b-Aw+Aw", "-c -a +a +b +c", "abc Aa" },
		{ "Aa5[ab'c]", ".b+Aw", "+b", "abc Aa" },
		{ "Aa5[abc]", "*Aw", "A~0 -c -b -a +a +b +c", "abc Aa" },
		{ "Aa5[abc]", ".b*Aw", "A~0 -c -a +a +c", "ac Aa" },
		{ "Aa5[abc]", "-Aw*Aw", "-c -b -a +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "-Aw-Aw", "-c -b -a", " Ae" },
		{ "Aa0[ab]", "!aw-Aw", "A! -b", " Ae" },
		{ "Aa5[]", "*Aw-Aw+Aw", "A~0", " Aa" },
		/* a temporary one whose turn has not come yet is not left out */
		{ "Aa5[ab'c]", "-Aw|fa+Aw", "+a A~100 +a +b +c", "abc Aa" },
		{ "Aa5[ab'c]", "-Aw|fc+Aw", "+a +b +c A~100 -b -a +a +c", "ac Aa" },
		/* with groups in it */
		{ "A15[aBa5[bCr5[c]]d]", "-Aw", "-d -c -b -a", " Ae Be Ce" },
		{ "A15[aBa5[bCr5[c]]d]", "-Aw+Aw", "-d -c -b -a +a +b +c +d", "abcd Aa Ba Ca" },
		{ "A15[aBa5[bCr5[c]]d]", "-Cw-Bw|+Aw", "+b +c", "abcd Aa Ba Ca" },
		{ "A15[aBa5[bCr5[c]]d]", "-Cw|*Aw", "A~0 -d -b -a +a +b +d", "abd Aa Ba Ce" },
		{ "A15[aBa5[bCr5[c]]d]", "-Bw*Aw", "-c -b A~0 -d -a +a +d", "ad Aa Be Ce" },
		/* while members are stopped */
		{ "Aa5[abc]", "!a-Aw", "A~100 -c -b", " Ae" },
		{ "Aa5[abc]", "!a+Aw", "A~100 -c -b +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "!a*Aw", "A~100 -c A~0 -b +a +b +c", "abc Aa" },
		{ "Aa0[abc]", "!a-Aw", "A! -c -b", " Ae" },
		{ "Aa0[abc]", "!a+Aw", "A! -c -b +a +b +c", "abc Aa" },
		{ "Aa0[abc]", "!a*Aw", "A! -c A~0 -b +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "-A+Aw", "-c -b -a +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "-A*Aw", "-c A~0 -b -a +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "*A-Aw", "A~0 -c -b -a", " Ae" },
		{ "Aa5[abc]", "*A!bw", "A~0 -c -a +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "-A!bw", "-c -a", " Ae" },
		/* while the group waits */
		{ "Aa5[abc]", "!a;-Aw", "A~100 -c -b", " Ae" },
		{ "Aa5[abc]", "!a;+Aw", "A~100 -c -b +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "!a;*Aw", "A~100 -c -b A~0 +a +b +c", "abc Aa" },
		/* while members are started */
		{ "Aa5[abc]", "!a;t-Aw", "A~100 -c -b +a -a", " Ae" },
		{ "Aa5[abc]", "!a;t+Aw", "A~100 -c -b +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "!a;t*Aw", "A~100 -c -b +a A~0 -a +a +b +c", "abc Aa" },
		{ "A15[ab]", "-Aw|+A-Aw", "+a -a", " Ae" },
		/* while the group above is at it */
		{ "Aa5[aBa5[b]c]", "!a-Bw", "A~100 -c -b +a +c", "ac Aa Be" },
		{ "Aa5[aBa5[b]c]", "!a;-Bw", "A~100 -c -b +a +c", "ac Aa Be" },
		{ "Aa5[aBa5[b]c]", "!a;t-Bw", "A~100 -c -b +a +c", "ac Aa Be" },
		{ "Aa5[aBa5[b]c]", "!a;t:a-Bw", "A~100 -c -b +a +b -b +c", "ac Aa Be" },
		{ "Aa5[aBa5[b]c]", "-Bw|!a+Bw", "A~100 -c +b -b +a +b +c", "abc Aa Ba" },
		{ "Aa5[aBa5[b]c]", "!a:c+Bw", "A~100 -c -b +a +b +c", "abc Aa Ba" },
		{ "Aa5[aBa5[b]c]", "!a:c*Bw", "A~100 -c -b B~0 +a +b +c", "abc Aa Ba" },
		/* while it is itself being stopped by hand */
		{ "Aa5[ab]", "-b+Aw", "-b +b", "ab Aa" },
		{ "Aa5[aBa5[bc]]", "-c;-B+Aw", "-c -b +b +c", "abc Aa Ba" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

static void members_by_hand(void **unused)
{
	static const struct row rows[] = {
		/* while members are stopped */
		{ "Aa5[abc]", "!a-aw", "A~100 -c -b +b +c", "bc Aa" },
		{ "Aa5[abc]", "!a-bw", "A~100 -c -b +a +c", "ac Aa" },
		{ "Aa5[abc]", "!a-cw", "A~100 -c -b +a +b", "ab Aa" },
		{ "Aa5[abc]", "!a-a-b-cw", "A~100 -c -b", " Aa" },
		{ "Aa5[abc]", ".b|!a+bw", "A~100 -c +b -b +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "!axaw", "A~100 -c -b +b +c", "bc Aa" },
		{ "Aa5[abc]", "!a:cxcw", "A~100 -c -b +a +b", "ab Aa" },
		{ "Aa5[ab'c]", ".b|!a+bw", "A~100 -c +b -b +a +b +c", "abc Aa" },
		{ "Aa5[ab'c]", ".b|!afb+b:bw", "A~100 -c +b +a +c", "ac Aa" },
		/* while the group waits */
		{ "Aa5[abc]", "!a;-bw", "A~100 -c -b +a +c", "ac Aa" },
		{ "Aa5[abc]", "!a;+aw", "A~100 -c -b +a +b +c", "abc Aa" },
		{ "Aa5[abc]", "!a;+b:b-b;w", "A~100 -c -b +b -b +a +c", "ac Aa" },
		{ "Aa5[abc]", "!a;+b:b.bw", "A~100 -c -b +b +a +c", "ac Aa" },
		{ "Aa5[abc]", "!a;xbw", "A~100 -c -b +a +c", "ac Aa" },
		{ "Aa5[a]", "!axaw", "A~100", " Aa" },
		/* while members are started */
		{ "Aa5[abc]", "!a;t-aw", "A~100 -c -b +a -a +b +c", "bc Aa" },
		{ "Aa5[abc]", "!a;t-bw", "A~100 -c -b +a +c", "ac Aa" },
		{ "Aa5[abc]", "!a;t:a*a:b:a:aw", "A~100 -c -b +a +b -a +a +c", "abc Aa" },
		{ "Aa5[abc]", "!a;txbw", "A~100 -c -b +a +c", "ac Aa" },
		{ "A15[ab]", "-Aw|+A!axaw", "+a +b", "b Aa" },
		{ "A15[ab]", "-Aw|+A!a-aw", "+a +b", "b Aa" },
		/* a group that is down is up with the first that is started in it */
		{ "Aa5[aBa5[bc]]", "-Bw|+bw", "+b", "ab Aa Ba" },
		{ "Aa5[aBa5[bc]]", "-Bw+bw|-Aw", "-b -a", " Ae Be" },
		{ "Aa5[aBa5[bc]]", "-Bw+bw|!aw", "A~100 -b +a +b", "ab Aa Ba" },
		{ "Aa5[aBa5[bc]]", "-Aw|+bw", "+b", "b Aa Ba" },
		{ "Aa5[aBa5[bc]]", "-Aw|+b:b-Aw", "+b -b", " Ae Be" },
		{ "Aa5[aBa5[bc]]", "-Aw|+Bw", "+b +c", "bc Aa Ba" },
		{ "Aa0[ab]", "!aw|+bw", "+b", "b Aa" },
		/* but the others too if it was to be started with others */
		{ "Aa5[Br0[aCr0[bc]]d]", "!c:b+bw", "C! -b B! -a +b -b A~100 -d +a +b +c +d",
		  "abcd Aa Ba Ca" },
		{ "Aa5[aBa5[bc]d]", "!a:d:c:b+bw", "A~100 -d -c -b +b +c +a +d", "abcd Aa Ba" },
		{ "Aa0[ab]", "!aw|+bw!bw", "+b A!", " Af" },
		{ "ab", "-Rw|+aw!aw", "+a +a", "a" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

static void is_told(void **unused)
{
	static const struct row rows[] = {
		{ "Aa5[aBa5[b]]", "!aw", "A~100 -b B_A +a +b B^ A^", "ab Aa Ba" },
		{ "Aa5[aBa5[b]]", "-Aw+Aw", "-b B_A -a A_ +a +b B^ A^", "ab Aa Ba" },
		{ "Aa5[aBa0[b]]", "!bw", "B! A~100 -a +a +b B^ A^", "ab Aa Ba" },
		{ "A15[aBa0[b]]", "!bw", "B! B~100 +b B^", "ab Aa Ba" },
		{ "A10[aBa0[b]]", "!bw", "B! A! -a", " Af Bf" },
		{ "A15[a]", "!aw", "+a", "a Aa" },
		/* why one is stopped: what is asked last, or began first by itself */
		{ "Aa5[aBa5[bc]]", "-Bw", "-c -b B_", "a Aa Be" },
		{ "Aa5[aBa5[bc]]", "-B-Aw", "-c -b B_ -a A_", " Ae Be" },
		{ "Aa5[aBa5[bc]]", "-A-Bw", "-c -b B_ -a A_", " Ae Be" },
		{ "A10[aBa5[b]]", "!aw", "A! -b B_A", " Af Be" },
		{ "A15y[aB15y[b*c]*]", ".bw", "-c B_b -a A_b", " Ae Be" },
		{ "A15y[a*b]", ".a-Aw", "-b A_", " Ae" },
		{ "A15y[a*b]", ".aw+Aw-Aw", "-b A_a +a +b A^ -b -a A_", " Ae" },
		{ "Aa5[aBa5[b]]", "!a=A-Aw", "A~100 -b B_A A_", " Ae Be" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_build(rows[i].tree);
		world.tells_all = true;
		check_row(&rows[i]);
	}
}

/* The group in @name that has failed for the last restart, or 0. */
static char below(char name)
{
	const struct agentsys_group *group = world_group(name)->tree.below;

	return group ? group_of((struct agentsys_group *)group)->name : 0;
}

/* A group that is restarted alone is a restart of the one above, and not its own. */
static void whose_restart(void **unused)
{
	(void)unused;
	world_build("A15[aB10[bc]d]");
	play("!aw!b");
	assert_int_equal(below('A'), 0);
	play("w");
	assert_string_equal(world.log, "+a B! -c B~200 +b +c");
	assert_int_equal(world_group('B')->told_restart, 2);
	assert_int_equal(world_group('A')->tree.restarts, 2);
	assert_int_equal(world_group('A')->tree.reason, 'b');
	assert_int_equal(below('A'), 'B');
	assert_int_equal(below('B'), 0);
	play("!cw");
	assert_int_equal(world_group('B')->told_restart, 3);
	play("!aw");
	assert_int_equal(below('A'), 0);
	/* With others, or in a group that fails, it is one of that one. */
	world_build("Aa5[aBa1[bc]d]");
	play("!bw");
	assert_int_equal(world_group('B')->told_restart, 1);
	play("!bw");
	assert_int_equal(world_group('A')->told_restart, 1);
	assert_int_equal(below('A'), 'B');
	play("*Aw");
	assert_int_equal(below('A'), 0);
	world_build("A10[aB10[b]]");
	play("!bw");
	assert_int_equal(below('A'), 'B');
	/* Who has left is not told of any more. */
	agentsys_tree_move(&world_group(WORLD_ROOT)->tree, &world_group('B')->tree.node);
	assert_int_equal(below('A'), 0);
}

/* Significant members: the group stops when one of them, or the last, is done. */
static void significant_members(void **unused)
{
	static const struct row rows[] = {
		/* any: the rest is stopped, last first */
		{ "A15y[a*bc]", ".aw", "-c -b", " Ae" },
		{ "Aa5y[abc*]", ".cw", "-b -a", " Ae" },
		/* not of who is not, nor in a group that does not care, nor by hand */
		{ "A15y[a*bc]", ".bw", "", "ac Aa" },
		{ "A15[a*bc]", ".aw", "", "bc Aa" },
		{ "A15y[a*bc]", "-aw", "-a", "bc Aa" },
		/* nor when it is restarted; one that never would be ends for good any way */
		{ "A15y[a*bc]", "!aw", "+a", "abc Aa" },
		{ "Aa5y[a*bc]", "!aw", "A~100 -c -b +a +b +c", "abc Aa" },
		{ "A15y[a'*bc]", "!aw", "-c -b", " Ae" },
		/* all: the last of them counts, whoever else runs */
		{ "A15z[a*b*c]", ".aw", "", "bc Aa" },
		{ "A15z[a*b*c]", ".a.bw", "-c", " Ae" },
		{ "A15z[a*b*c]", ".b.aw", "-c", " Ae" },
		{ "A15z[a*b*c]", "-a;|.bw", "-c", " Ae" },
		{ "A15z[a*b*c]", "!a|.bw", "+a", "ac Aa" },
		/* while others are stopped for a restart it comes back with them */
		{ "Aa5y[a*bc]", "!b.aw", "A~100 -c +a +b +c", "abc Aa" },
		/* a group that is done is a member that is */
		{ "A15y[aB15y[b*c]*]", ".bw", "-c -a", " Ae Be" },
		{ "A15y[aB15y[b*c]]", ".bw", "-c", "a Aa Be" },
		{ "A15z[aB15y[b*c]*d*]", ".bw.dw", "-c -a", " Ae Be" },
		/* stopped by hand, or failed, it is not */
		{ "A15y[aB15[bc]*]", "-Bw", "-c -b", "a Aa Be" },
		{ "A15y[aB10[bc]*]", "!bw", "B! -c B~100 +b +c", "abc Aa Ba" },
		/* and started again it begins anew */
		{ "A15y[a*b]", ".aw+Aw", "-b +a +b", "ab Aa" },
		{ "A15y[a*b]", ".aw+Aw.aw", "-b +a +b -b", " Ae" },
	};

	(void)unused;
	CHECK_ROWS(rows);
}

/* The delay between the last stop and the first start. */
static void delays(void **unused)
{
	u64 from;

	(void)unused;
	world_build("Aa9[ab]");
	for (u32 n = 0; n < 6; n++) {
		static const u32 expected[] = { 100, 200, 400, 400, 300, 300 };

		/* From here on the window is about the time of two, and 400 ms of one. */
		if (n == 4)
			world_group('A')->tree.policy.backoff_max_ms = 300;
		from = world.now;
		play("!aw");
		assert_int_equal(world.now - from, expected[n]);
	}
	/* A person does not wait. */
	from = world.now;
	play("*Aw-Aw+Aw!a+Aw!a;+Aw");
	assert_int_equal(world.now, from);
}

/* What takes longer to stop than the window lasts is not restarted for ever. */
static void slow_stops(void **unused)
{
	static const struct row rows[] = {
		{ "Aa2[ab]", "!aw!aw!aw", "A~100 -b +a +b A~200 -b +a +b A! -b", " Af" },
		{ "Ar1[abc]", "!aw!bw", "A~100 -c -b +a +b +c A! -c -a", " Af" },
		/* whoever is stopped, and why */
		{ "Aa1[aBa5[b]]", "!aw!aw", "A~100 -b +a +b A! -b", " Af Be" },
		/* of a group that fails: for all that are above */
		{ "A11[B10[ab]]", "!aw!aw", "B! -b B~100 +a +b B! -b A!", " Af Bf" },
		{ "A11[B10[C10[ab]c]]", "!aw!aw",
		  "C! -b B! -c B~100 +a +b +c C! -b B! -c A!", " Af Bf Cf" },
		{ "A11[aB15[b]]", "!aw-Bw+Bw!aw", "+a -b +b +a", "ab Aa Ba" },
		/* the window goes on as soon as they are down */
		{ "Aa1[ab]", "!awp!aw", "A~100 -b +a +b A~100 -b +a +b", "ab Aa" },
		{ "Aa5[ab]", "!aw!awp|!aw", "A~100 -b +a +b", "ab Aa" },
		/* that of a group whose members are not stopped always goes */
		{ "A11[ab]", "!aw-bw+bw!aw", "+a -b +b +a", "ab Aa" },
		{ "A11[aBa5[b]]", "!aw*Bw!aw", "+a B~0 -b +b +a", "ab Aa Ba" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_build(rows[i].tree);
		world_agent('b')->stop_ms = 5000;
		check_row(&rows[i]);
	}
}

/* Each delay by the group's own kind; that of a group which is restarted by the one above. */
static void kinds_of_delay(void **unused)
{
	static const u32 expected[][5] = {
		[AGENTSYS_BACKOFF_EXPONENTIAL] = { 100, 200, 400, 400, 400 },
		[AGENTSYS_BACKOFF_LINEAR] = { 100, 200, 300, 400, 400 },
		[AGENTSYS_BACKOFF_CONSTANT] = { 100, 100, 100, 100, 100 },
	};

	(void)unused;
	for (u32 kind = 0; kind < ARRAY_SIZE(expected); kind++) {
		static const char *const trees[] = { "Aa9[a]", "A19[Ba0[a]]" };

		for (u32 tree = 0; tree < ARRAY_SIZE(trees); tree++) {
			world_build(trees[tree]);
			world_group('A')->tree.policy.backoff_kind = kind;
			world_group('A')->tree.policy.within_ms = 100000;
			for (u32 n = 0; n < ARRAY_SIZE(expected[kind]); n++) {
				u64 from = world.now;

				play("!aw");
				assert_int_equal(world.now - from, expected[kind][n]);
			}
		}
	}
}

/* Between the delay and that with all of the jitter; all of it is not always there. */
static void jitter_of_delay(void **unused)
{
	u64 from, least = ~0ULL, most = 0;

	(void)unused;
	world_build("Aa9[a]");
	world_group('A')->tree.policy.jitter = 50;
	for (u32 n = 0; n < 100; n++) {
		play("p");
		from = world.now;
		play("!aw");
		assert_in_range(world.now - from, 100, 150);
		if (world.now - from < least)
			least = world.now - from;
		if (world.now - from > most)
			most = world.now - from;
	}
	assert_in_range(least, 100, 105);
	assert_in_range(most, 145, 150);
}

static void places(void **unused)
{
	(void)unused;
	world_build("Aa5[abcd]");
	assert_int_equal(world_agent('d')->node.place, 4);
	play("-dwxd-bwxb");
	world_add_agent(world_group('A'), 'e');
	assert_int_equal(world_agent('e')->node.place, 5);
	play("+ew-awxa|");
	play("!cw");
	assert_string_equal(world.log, "A~100 -e +c +e");
	play("-Awxcxe");
	assert_null(world_group('A')->tree.first);
	assert_null(world_group('A')->tree.last);
}

/* What is told of groups and agents that wait for others. */
static void waits(void **unused)
{
	(void)unused;
	world_build("Aa5[aBa5[b]]");
	play("!a;");
	assert_string_equal(end(), " Ab Bb");
	assert_int_equal(world_agent('a')->life, WAITING);
	play("-A");
	assert_string_equal(end(), " Ae Be");
	assert_int_equal(world_agent('a')->life, DEAD);
}

/* What enters while others are stopped is not left behind. */
static void enters_late(void **unused)
{
	(void)unused;
	world_build("Aa5[ab]");
	play("-A");
	world_add_agent(world_group('A'), 'c');
	play("+cw");
	assert_string_equal(end(), " Ae");
}

/* Nothing of it runs but what did: it is who belongs to whom that changes, and the order. */
static void moves(void **unused)
{
	struct agentsys_group *a, *b, *c;

	(void)unused;
	world_build("Aa5[ab]B15[cCr5[de]]");
	a = &world_group('A')->tree;
	b = &world_group('B')->tree;
	c = &world_group('C')->tree;
	agentsys_tree_move(a, &world_agent('a')->node); /* to the end of its own */
	world_check_settled();
	assert_int_equal(a->members, 2);
	agentsys_tree_move(a, &world_agent('c')->node);
	agentsys_tree_move(a, &c->node);
	world_check_settled();
	assert_string_equal(end(), "abcde Aa Ba Ca");
	assert_int_equal(a->members, 4);
	assert_null(b->first);
	assert_ptr_equal(c->node.parent, a);
	play("!cw");
	assert_string_equal(world.log, "A~100 -e -d -a -b +b +a +c +d +e");

	/* What is down stays so, in a group that is up and in one that is not. */
	world_build("Aa5[a]Ba5[bc]Ca5[d]");
	play("-bw-A|w|-C|w");
	agentsys_tree_move(&world_group('C')->tree, &world_agent('b')->node);
	agentsys_tree_move(&world_group('B')->tree, &world_agent('a')->node);
	world_check_settled();
	assert_string_equal(end(), "c Ae Ba Ce");
	/* What runs is not in a group that is down. */
	agentsys_tree_move(&world_group('A')->tree, &world_agent('c')->node);
	world_check_settled();
	assert_string_equal(end(), "c Aa Ba Ce");
	agentsys_tree_move(&world_group('C')->tree, &world_group('A')->tree.node);
	world_check_settled();
	assert_string_equal(end(), "c Aa Ba Ca");
	assert_int_equal(world_agent('d')->life, DEAD);
	play("!cw");
	assert_int_equal(world_agent('a')->life, DEAD);
}

static bool can(char agent, char group)
{
	return agentsys_tree_can_move(&world_agent(agent)->node, &world_group(group)->tree);
}

/* Not while something is under way that counts on the members that there are. */
static void moves_not(void **unused)
{
	struct agentsys_node *c;

	(void)unused;
	world_build("Aa5[ab]B15[d]C15[e]");
	c = &world_group('C')->tree.node;
	assert_true(can('a', 'B') && can('d', 'A') && can('a', 'A'));
	play("!a");
	assert_false(can('b', 'B') || can('d', 'A') || can('a', 'A'));
	assert_false(agentsys_tree_can_move(c, &world_group('A')->tree));
	assert_true(can('d', 'C'));
	world_drain();
	assert_true(can('b', 'B') && agentsys_tree_can_move(c, &world_group('A')->tree));
	play("-d");
	assert_false(can('d', 'A'));
	world_drain();
	assert_true(can('d', 'A'));
	play("-C");
	assert_false(agentsys_tree_can_move(c, &world_group('A')->tree));
}

/* A group that fails makes the clocks above it stand, which are to go on when it is done. */
static void moves_not_from_clocks_that_stand(void **unused)
{
	struct agentsys_group *a, *d;
	struct agentsys_node *b;

	(void)unused;
	world_build("A15[B15[C10[xy]]]D15[]");
	a = &world_group('A')->tree;
	b = &world_group('B')->tree.node;
	d = &world_group('D')->tree;
	assert_true(agentsys_tree_can_move(b, d));
	play("!x");
	assert_int_equal(a->clock.reasons, 1);
	assert_false(agentsys_tree_can_move(b, d));
	world_drain();
	assert_int_equal(a->clock.reasons, 0);
	assert_true(agentsys_tree_can_move(b, d));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_later),	    cmocka_unit_test(rounds_at_once),
		cmocka_unit_test(others_under_way), cmocka_unit_test(second_failure),
		cmocka_unit_test(budget_spent),	    cmocka_unit_test(intensity),
		cmocka_unit_test(groups_by_hand),   cmocka_unit_test(members_by_hand),
		cmocka_unit_test(is_told),	    cmocka_unit_test(delays),
		cmocka_unit_test(whose_restart),    cmocka_unit_test(significant_members),
		cmocka_unit_test(places),	    cmocka_unit_test(enters_late),
		cmocka_unit_test(waits),	    cmocka_unit_test(kinds_of_delay),
		cmocka_unit_test(jitter_of_delay),  cmocka_unit_test(slow_stops),
		cmocka_unit_test(held),
		cmocka_unit_test(moves),	    cmocka_unit_test(moves_not),
		cmocka_unit_test(moves_not_from_clocks_that_stand),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
