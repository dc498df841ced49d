// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restart decisions: the life of one agent, which ends in all ways, is started
 * by hand and changes its policy, against rules written down as a table.
 *
 * fuzz: -max_len=128 -runs=100000
 */
#include "fuzz.h"
#include "restart.h"

/* How each cause counts: a failure, a clean end if the code says so, or asked for. */
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
	[AGENTSYS_CAUSE_DEPENDENCY] = 'a',
	[AGENTSYS_CAUSE_LINK] = 'f',
};

/* Step by step, in more bits than it takes. */
static u32 naive_delay(const struct agentsys_restart_policy *policy, u32 n, u32 survival_ms)
{
	unsigned __int128 delay = policy->backoff_initial_ms;

	switch (policy->backoff_kind) {
	case AGENTSYS_BACKOFF_LINEAR:
		delay *= n ? n : 1;
		break;
	case AGENTSYS_BACKOFF_CONSTANT:
		break;
	case AGENTSYS_BACKOFF_ADAPTIVE:
		delay = delay * policy->stable_ms / (survival_ms ? survival_ms : 1);
		if (delay < policy->backoff_initial_ms)
			delay = policy->backoff_initial_ms;
		break;
	default:
		for (u32 i = 1; i < n && delay && delay < policy->backoff_max_ms; i++)
			delay *= 2;
	}
	/* No wait is none, whatever the maximum. */
	return delay > policy->backoff_max_ms ? policy->backoff_max_ms : (u32)delay;
}

struct life {
	struct agentsys_restart_policy policy;
	struct agentsys_restart_past past;
};

static void by_hand(struct life *life)
{
	memset(&life->past, 0, sizeof(life->past));
}

static void change_policy(struct life *life, struct fuzz *in)
{
	struct agentsys_restart_policy *policy = &life->policy;
	u8 more = fuzz_u8(in);

	/* The last one is unknown. */
	policy->condition = more % (__AGENTSYS_RESTARTS + 1);
	policy->max_restarts = (u32)fuzz_any(in);
	policy->backoff_initial_ms = (u32)fuzz_any(in);
	policy->backoff_max_ms = (u32)fuzz_any(in);
	if (!(more & 0x80))
		return;
	policy->backoff_kind = fuzz_u8(in) % (__AGENTSYS_BACKOFFS + 1);
	policy->jitter = fuzz_u8(in);
	policy->stable_ms = (u32)fuzz_any(in);
	policy->breaker = fuzz_u8(in) % 8;
	policy->breaker_ms = (u32)fuzz_any(in);
	policy->never_causes = (u32)fuzz_any(in);
	policy->success_signals = fuzz_any(in);
	policy->never_signals = fuzz_any(in);
	policy->success_codes[more >> 4 & 3] = fuzz_any(in);
	policy->never_codes[more >> 3 & 3] = fuzz_any(in);
}

/* Is it in a set of which each word has bits for 64 numbers, the first one @first? */
static bool in_set(const u64 *set, u32 words, s32 first, s32 number)
{
	for (u32 i = 0; i < words * 64; i++)
		if (number == first + (s32)i && set[i / 64] & 1ULL << i % 64)
			return true;
	return false;
}

static bool is_wanted(const struct agentsys_restart_policy *policy, u32 cause, s32 code,
		      bool failure, bool clean)
{
	if (cause < 32 && policy->never_causes & 1U << cause)
		return false;
	if (cause == AGENTSYS_CAUSE_EXIT &&
	    in_set(policy->never_codes, AGENTSYS_CODE_WORDS, 0, code))
		return false;
	if (cause == AGENTSYS_CAUSE_SIGNAL && in_set(&policy->never_signals, 1, 1, code))
		return false;
	if (policy->condition == AGENTSYS_RESTART_ALWAYS)
		return failure || clean;
	if (policy->condition == AGENTSYS_RESTART_ON_ABNORMAL)
		return failure && cause != AGENTSYS_CAUSE_EXIT && cause != AGENTSYS_CAUSE_LAUNCH;
	return policy->condition == AGENTSYS_RESTART_ON_FAILURE && failure;
}

static void check_delay(struct life *life, const struct agentsys_verdict *verdict)
{
	const struct agentsys_restart_policy *policy = &life->policy;
	u32 streak = life->past.streak;
	u64 delay = naive_delay(policy, streak, life->past.survival_ms);
	u64 most = delay * (policy->jitter < 100 ? policy->jitter : 100) / 100;

	CHECK(verdict->opens == (policy->breaker && streak > policy->breaker));
	if (verdict->opens) {
		CHECK(verdict->delay_ms == policy->breaker_ms);
		return;
	}
	CHECK(delay == agentsys_backoff_ms(policy, streak, life->past.survival_ms));
	CHECK(verdict->delay_ms >= delay && verdict->delay_ms <= delay + most);
}

static void end(struct life *life, u32 cause, s32 code, u64 ran_ms)
{
	const struct agentsys_restart_policy *policy = &life->policy;
	const struct agentsys_end end = { cause, code, ran_ms };
	struct agentsys_verdict verdict = { 77, 77, true };
	char kind = cause < __AGENTSYS_CAUSES ? kinds[cause] : 'a';
	bool fine = (cause == AGENTSYS_CAUSE_EXIT &&
		     (!code || in_set(policy->success_codes, AGENTSYS_CODE_WORDS, 0, code))) ||
		    (cause == AGENTSYS_CAUSE_SIGNAL &&
		     in_set(&policy->success_signals, 1, 1, code));
	bool clean = kind != 'a' && fine;
	bool failure = kind != 'a' && !fine;
	u32 streak = ran_ms >= policy->stable_ms ? 0 : life->past.streak;
	u32 survival = life->past.survival_ms;
	u64 ran = ran_ms > U32_MAX ? U32_MAX : ran_ms ? ran_ms : 1;

	CHECK(agentsys_end_abnormal(policy, cause, code) == failure);
	agentsys_restart_decide(policy, &life->past, &end, (u32)(ran_ms * 2654435761U), &verdict);
	CHECK(life->past.survival_ms == (survival ? (survival + ran) / 2 : ran));

	if (!is_wanted(policy, cause, code, failure, clean)) {
		CHECK(verdict.state == (cause == AGENTSYS_CAUSE_LAUNCH ? AGENTSYS_FAILED :
									 AGENTSYS_EXITED));
	} else if (life->past.used >= policy->max_restarts) {
		CHECK(verdict.state == AGENTSYS_FAILED);
	} else {
		CHECK(verdict.state == AGENTSYS_BACKOFF);
		CHECK(life->past.streak == (streak < U32_MAX ? streak + 1 : streak));
		check_delay(life, &verdict);
		life->past.used++;
		return;
	}
	CHECK(!verdict.delay_ms && !verdict.opens && life->past.streak == streak);
	by_hand(life);
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
			life.past.used = (u32)fuzz_any(&in);
			life.past.streak = (u32)fuzz_any(&in);
			break;
		case 2:		/* asked of what has not come to that */
			n = (u32)fuzz_any(&in);
			CHECK(agentsys_backoff_ms(&life.policy, n, op) ==
			      naive_delay(&life.policy, n, op));
			break;
		case 3:		/* the same end over and over */
			n = op / 8 + 1;
			for (op = fuzz_u8(&in); n; n--)
				end(&life, op % 16, op / 16, n * op);
			break;
		default:
			end(&life, op / 8 % 16, op & 0x80 ? (s32)fuzz_any(&in) : 0,
			    op & 0x40 ? fuzz_any(&in) : op);
		}
	}
	return 0;
}
