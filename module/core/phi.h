/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How sure it is that something that used to give signs of life does so no more:
 * phi = -log10(probability that the next one is still to come), the intervals
 * between signs being distributed normally. A phi of 3 is wrong once in a
 * thousand.
 *
 * Without floating point: phi is reached when the silence is longer than
 *	mean + pause + y(phi) * deviation
 * with y from a table.
 */
#ifndef AGENTSYS_CORE_PHI_H
#define AGENTSYS_CORE_PHI_H

#include "env.h"

/* Intervals that may be remembered: sums of more squares do not fit. */
#define AGENTSYS_PHI_WINDOW_MIN 2
#define AGENTSYS_PHI_WINDOW_MAX 128

/* An interval counts as no longer than this, 4.6 hours, so that sums of squares fit. */
#define AGENTSYS_PHI_INTERVAL_MAX_MS ((1U << 24) - 1)

/* phi is told in thousandths; the table ends at 12. */
#define AGENTSYS_PHI_MAX 12000

/**
 * struct agentsys_phi_config - how to judge
 * @expected_ms: what the first interval should be about; its deviation is taken for a
 *	quarter of it
 * @min_deviation_ms: the deviation counts as no less
 * @pause_ms: a silence that is accepted beyond the usual
 * @threshold: phi, in thousandths, from which on it is suspected
 * @window: intervals that are remembered; counts as within AGENTSYS_PHI_WINDOW_MIN and _MAX
 */
struct agentsys_phi_config {
	u32 expected_ms;
	u32 min_deviation_ms;
	u32 pause_ms;
	u32 threshold;
	u32 window;
};

/**
 * struct agentsys_phi - what is known of the signs of life
 * @last_ms: when the last one came
 * @excused_ms: time since then that does not count
 * @sum: of the intervals that are remembered
 * @squares: of their squares
 * @n: how many there are
 * @next: where the next one goes
 * @interval_ms: a ring of them
 */
struct agentsys_phi {
	u64 last_ms;
	u64 excused_ms;
	u64 sum;
	u64 squares;
	u32 n;
	u32 next;
	u32 interval_ms[AGENTSYS_PHI_WINDOW_MAX];
};

/* It begins now; the expected interval is all that is known. */
void agentsys_phi_begin(struct agentsys_phi *phi, const struct agentsys_phi_config *config,
			u64 now_ms);

/* A sign of life. The interval before it is learned from, unless it was suspected. */
void agentsys_phi_beat(struct agentsys_phi *phi, const struct agentsys_phi_config *config,
		       u64 now_ms);

/* Its window may be another one: what is older than that is forgotten now. */
void agentsys_phi_configure(struct agentsys_phi *phi, const struct agentsys_phi_config *config);

/* A sign after which it begins anew: the time up to it is no interval. */
void agentsys_phi_skip(struct agentsys_phi *phi, u64 now_ms);

/* For so long it could give none: the time does not count, whether it has passed or not. */
void agentsys_phi_excuse(struct agentsys_phi *phi, u64 ms);

/* When it will be suspected, if no sign comes. */
u64 agentsys_phi_deadline(const struct agentsys_phi *phi, const struct agentsys_phi_config *config);

/* phi now, in thousandths, 0 to AGENTSYS_PHI_MAX. */
u32 agentsys_phi_now(const struct agentsys_phi *phi, const struct agentsys_phi_config *config,
		     u64 now_ms);

/* Is it suspected now? */
static inline bool agentsys_phi_suspects(const struct agentsys_phi *phi,
					 const struct agentsys_phi_config *config, u64 now_ms)
{
	return now_ms > agentsys_phi_deadline(phi, config);
}

#endif /* AGENTSYS_CORE_PHI_H */
