// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restart decisions: the life of one agent, which ends in all ways, is started
 * by hand and changes its policy, against rules written down as a table.
 *
 * fuzz: -max_len=128 -runs=100000
 */
#include "fuzz.h"
#include "restart.h"

/* How each cause counts: a failure, a clean end if the code is 0, or asked for. */
static const char kinds[__AGENTSYS_CAUSES] = {
	[AGENTSYS_CAUSE_NONE] = 'a',
	[AGENTSYS_CAUSE_EXIT] = '0',
	[AGENTSYS_CAUSE_SIGNAL] = 'f',
	[AGENTSYS_CAUSE_OOM] = 'f',
	[AGENTSYS_CAUSE_FAULT] = 'f',
	[AGENTSYS_CAUSE_STOP] = 'a',
	[AGENTSYS_CAUSE_KILL] = 'a',
	[AGENTSYS_CAUSE_RESTART] = 'a',
	[AGENTSYS_CAUSE_GROUP] = 'a',
	[AGENTSYS_CAUSE_LAUNCH] = 'f',
};

/* Double step by step, in more bits than it takes. */
static u32 naive_delay(const struct agentsys_restart_policy *policy, u32 n)
{
	u64 delay = policy->backoff_initial_ms;

	for (u32 i = 1; i < n && delay && delay < policy->backoff_max_ms; i++)
		delay *= 2;
	/* No wait is none, whatever the maximum. */
	if (delay > policy->backoff_max_ms)
		delay = policy->backoff_max_ms;
	return (u32)delay;
}

struct life {
	struct agentsys_restart_policy policy;
	u32 used;
	u32 delay;	/* the last one under this policy, since it was started by hand */
};

static void by_hand(struct life *life)
{
	life->used = 0;
	life->delay = 0;
}

static void change_policy(struct life *life, struct fuzz *in)
{
	/* The last one is unknown. */
	life->policy.condition = fuzz_u8(in) % (__AGENTSYS_RESTARTS + 1);
	life->policy.max_restarts = (u32)fuzz_any(in);
	life->policy.backoff_initial_ms = (u32)fuzz_any(in);
	life->policy.backoff_max_ms = (u32)fuzz_any(in);
	life->delay = 0;
}

static bool is_wanted(u32 condition, bool failure, bool clean)
{
	if (condition == AGENTSYS_RESTART_ALWAYS)
		return failure || clean;
	return condition == AGENTSYS_RESTART_ON_FAILURE && failure;
}

static void end(struct life *life, u32 cause, s32 code)
{
	struct agentsys_verdict verdict = { 77, 77 };
	char kind = cause < __AGENTSYS_CAUSES ? kinds[cause] : 'a';
	bool clean = kind == '0' && !code;
	bool failure = kind == 'f' || (kind == '0' && code);

	CHECK(agentsys_cause_abnormal(cause, code) == failure);
	agentsys_restart_decide(&life->policy, life->used, cause, code, &verdict);

	if (!is_wanted(life->policy.condition, failure, clean)) {
		CHECK(verdict.state == (cause == AGENTSYS_CAUSE_LAUNCH ? AGENTSYS_FAILED :
									 AGENTSYS_EXITED));
		CHECK(!verdict.delay_ms);
		by_hand(life);
	} else if (life->used >= life->policy.max_restarts) {
		CHECK(verdict.state == AGENTSYS_FAILED && !verdict.delay_ms);
		by_hand(life);
	} else {
		life->used++;
		CHECK(verdict.state == AGENTSYS_BACKOFF);
		CHECK(verdict.delay_ms == naive_delay(&life->policy, life->used));
		CHECK(verdict.delay_ms == agentsys_backoff_ms(&life->policy, life->used));
		/* It never gets shorter, nor longer than allowed. */
		CHECK(verdict.delay_ms >= life->delay);
		CHECK(verdict.delay_ms <= life->policy.backoff_max_ms);
		life->delay = verdict.delay_ms;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct life life = { 0 };

	change_policy(&life, &in);
	while (in.left) {
		u8 op = fuzz_u8(&in);
		u32 n;

		switch (op % 8) {
		case 0:
			change_policy(&life, &in);
			break;
		case 1:		/* a long time later */
			life.used = (u32)fuzz_any(&in);
			life.delay = 0;
			break;
		case 2:		/* asked of what has not come to that */
			n = (u32)fuzz_any(&in);
			CHECK(agentsys_backoff_ms(&life.policy, n) == naive_delay(&life.policy, n));
			break;
		case 3:		/* the same end over and over */
			n = op / 8 + 1;
			for (op = fuzz_u8(&in); n; n--)
				end(&life, op % 16, op / 16);
			break;
		default:
			end(&life, op / 8 % 16, op & 0x80 ? (s32)fuzz_any(&in) : 0);
		}
	}
	return 0;
}
