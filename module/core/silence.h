/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Since when something has given no sign of life, and what to make of it: a warning
 * when four fifths of the time that it has are gone, and once, until the next sign,
 * that all of it is.
 */
#ifndef AGENTSYS_CORE_SILENCE_H
#define AGENTSYS_CORE_SILENCE_H

#include "env.h"
#include "phi.h"

/**
 * struct agentsys_silence_rules - how to judge
 * @mode: enum agentsys_watchdog
 * @timeout_ms: no silence may be longer; 0 judges nothing
 * @threshold: of phi, in thousandths
 * @min_deviation_ms: see struct agentsys_phi_config
 * @pause_ms: likewise; 0 is a tenth of the timeout
 * @window: likewise
 * @from_start: it counts from the start, not from the first sign of life on
 */
struct agentsys_silence_rules {
	u32 mode;
	u32 timeout_ms;
	u32 threshold;
	u32 min_deviation_ms;
	u32 pause_ms;
	u32 window;
	bool from_start;
};

/**
 * struct agentsys_silence - what is known of one instance
 * @since_ms: the last sign of life, or the end of the last excuse
 * @signs: how many signs there were; stops at 2
 * @warned: that it is close to the end was told
 * @told: and that this has come
 * @skips: the time up to the next sign is no interval
 * @phi: from the second sign on
 */
struct agentsys_silence {
	u64 since_ms;
	u32 signs;
	bool warned;
	bool told;
	bool skips;
	struct agentsys_phi phi;
};

enum agentsys_verdict_of_silence {
	AGENTSYS_SILENCE_FINE,
	AGENTSYS_SILENCE_WARNING,
	AGENTSYS_SILENCE_OVER,
};

void agentsys_silence_begin(struct agentsys_silence *silence, u64 now_ms);

/*
 * It is judged by other rules from now on. Intervals are only known of the time in which
 * they matter.
 */
void agentsys_silence_judge_by(struct agentsys_silence *silence,
			       const struct agentsys_silence_rules *rules);

/* A sign of life. */
void agentsys_silence_sign(struct agentsys_silence *silence,
			   const struct agentsys_silence_rules *rules, u64 now_ms);

/* It could give none up to now: what was is forgiven. */
void agentsys_silence_excuse(struct agentsys_silence *silence, u64 now_ms);

/* Something else than its silence makes the time up to its next sign: it is not to be learned. */
static inline void agentsys_silence_skip(struct agentsys_silence *silence)
{
	silence->skips = true;
}

/* Does its silence count? */
static inline bool agentsys_silence_counts(const struct agentsys_silence *silence,
					   const struct agentsys_silence_rules *rules)
{
	return rules->timeout_ms && (silence->signs || rules->from_start);
}

/* When all of its time will be gone, and when four fifths. */
u64 agentsys_silence_end(const struct agentsys_silence *silence,
			 const struct agentsys_silence_rules *rules);
u64 agentsys_silence_warning(const struct agentsys_silence *silence,
			     const struct agentsys_silence_rules *rules);

/* What is to be told now; telling it is up to the caller, who calls _tell() then. */
enum agentsys_verdict_of_silence agentsys_silence_look(const struct agentsys_silence *silence,
						       const struct agentsys_silence_rules *rules,
						       u64 now_ms);
void agentsys_silence_tell(struct agentsys_silence *silence,
			   enum agentsys_verdict_of_silence verdict);

/* When to look next; U64_MAX for not before another sign. */
u64 agentsys_silence_next(const struct agentsys_silence *silence,
			  const struct agentsys_silence_rules *rules);

/* phi now, in thousandths; 0 where nothing is known of its intervals. */
u32 agentsys_silence_phi(const struct agentsys_silence *silence,
			 const struct agentsys_silence_rules *rules, u64 now_ms);

#endif /* AGENTSYS_CORE_SILENCE_H */
