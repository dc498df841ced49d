// SPDX-License-Identifier: GPL-2.0-only
#include "silence.h"

/* phi is known from here on: two signs make an interval. */
#define SIGNS 2

static void configure(struct agentsys_phi_config *config,
		      const struct agentsys_silence_rules *rules, u32 expected_ms)
{
	config->expected_ms = expected_ms;
	config->min_deviation_ms = rules->min_deviation_ms;
	config->pause_ms = rules->pause_ms ? rules->pause_ms : rules->timeout_ms / 10;
	config->threshold = rules->threshold;
	config->window = rules->window;
}

static bool has_phi(const struct agentsys_silence *silence,
		    const struct agentsys_silence_rules *rules)
{
	return rules->mode == AGENTSYS_WATCHDOG_PHI && silence->signs >= SIGNS && silence->phi.n;
}

void agentsys_silence_begin(struct agentsys_silence *silence, u64 now_ms)
{
	memset(silence, 0, sizeof(*silence));
	silence->since_ms = now_ms;
}

void agentsys_silence_judge_by(struct agentsys_silence *silence,
			       const struct agentsys_silence_rules *rules)
{
	struct agentsys_phi_config config;

	if (rules->mode != AGENTSYS_WATCHDOG_PHI) {
		memset(&silence->phi, 0, sizeof(silence->phi));
		return;
	}
	configure(&config, rules, 0);
	agentsys_phi_configure(&silence->phi, &config);
}

/* The first interval is what is expected of the others. */
static void learn(struct agentsys_silence *silence, const struct agentsys_silence_rules *rules,
		  u64 now_ms)
{
	struct agentsys_phi_config config;
	u64 interval = now_ms - silence->since_ms;

	configure(&config, rules, interval < U32_MAX ? interval : U32_MAX);
	if (silence->phi.n)
		agentsys_phi_beat(&silence->phi, &config, now_ms);
	else
		agentsys_phi_begin(&silence->phi, &config, now_ms);
}

void agentsys_silence_sign(struct agentsys_silence *silence,
			   const struct agentsys_silence_rules *rules, u64 now_ms)
{
	if (now_ms < silence->since_ms)
		now_ms = silence->since_ms;
	if (silence->skips)
		agentsys_phi_skip(&silence->phi, now_ms);
	else if (rules->mode == AGENTSYS_WATCHDOG_PHI && silence->signs)
		learn(silence, rules, now_ms);
	silence->skips = false;
	silence->since_ms = now_ms;
	if (silence->signs < SIGNS)
		silence->signs++;
	silence->warned = false;
	silence->told = false;
}

void agentsys_silence_excuse(struct agentsys_silence *silence, u64 now_ms)
{
	u64 silent = now_ms > silence->since_ms ? now_ms - silence->since_ms : 0;

	if (silence->told) /* that was before */
		return;
	agentsys_phi_excuse(&silence->phi, silent);
	silence->since_ms += silent;
	silence->warned = false;
}

u64 agentsys_silence_end(const struct agentsys_silence *silence,
			 const struct agentsys_silence_rules *rules)
{
	u64 end = silence->since_ms + rules->timeout_ms;
	struct agentsys_phi_config config;
	u64 suspected;

	if (!has_phi(silence, rules))
		return end;
	configure(&config, rules, 0);
	suspected = agentsys_phi_deadline(&silence->phi, &config);
	return suspected < end ? suspected : end;
}

u64 agentsys_silence_warning(const struct agentsys_silence *silence,
			     const struct agentsys_silence_rules *rules)
{
	u64 time = agentsys_silence_end(silence, rules) - silence->since_ms;

	return silence->since_ms + time - div_u64(time, 5);
}

enum agentsys_verdict_of_silence agentsys_silence_look(const struct agentsys_silence *silence,
						       const struct agentsys_silence_rules *rules,
						       u64 now_ms)
{
	if (!agentsys_silence_counts(silence, rules) || silence->told)
		return AGENTSYS_SILENCE_FINE;
	if (now_ms >= agentsys_silence_end(silence, rules))
		return AGENTSYS_SILENCE_OVER;
	if (!silence->warned && now_ms >= agentsys_silence_warning(silence, rules))
		return AGENTSYS_SILENCE_WARNING;
	return AGENTSYS_SILENCE_FINE;
}

void agentsys_silence_tell(struct agentsys_silence *silence,
			   enum agentsys_verdict_of_silence verdict)
{
	silence->warned |= verdict >= AGENTSYS_SILENCE_WARNING;
	silence->told |= verdict == AGENTSYS_SILENCE_OVER;
}

u64 agentsys_silence_next(const struct agentsys_silence *silence,
			  const struct agentsys_silence_rules *rules)
{
	if (!agentsys_silence_counts(silence, rules) || silence->told)
		return U64_MAX;
	if (silence->warned)
		return agentsys_silence_end(silence, rules);
	return agentsys_silence_warning(silence, rules);
}

u32 agentsys_silence_phi(const struct agentsys_silence *silence,
			 const struct agentsys_silence_rules *rules, u64 now_ms)
{
	struct agentsys_phi_config config;

	if (!has_phi(silence, rules))
		return 0;
	configure(&config, rules, 0);
	return agentsys_phi_now(&silence->phi, &config, now_ms);
}
