// SPDX-License-Identifier: GPL-2.0-only
#include "phi.h"

/*
 * phi and the y that it is reached at, both in thousandths. As many deviations
 * beyond the mean the logistic approximation of the normal distribution,
 * 1 / (1 + exp(-y * (1.5976 + 0.070566 * y * y))), leaves 10^-phi. The mean itself
 * is 10^-0.301.
 */
static const struct {
	u32 phi;
	u32 y;
} table[] = {
	{ 301, 0 },	{ 1000, 1282 }, { 3000, 3059 },
	{ 5000, 4119 }, { 8000, 5226 }, { AGENTSYS_PHI_MAX, 6292 },
};

#define LAST (ARRAY_SIZE(table) - 1)

/* On the line from (@x0, @y0) to (@x1, @y1), rounded down. */
static u32 between(u32 x, u32 x0, u32 y0, u32 x1, u32 y1)
{
	return y0 + (x - x0) * (y1 - y0) / (x1 - x0);
}

static u32 y_of(u32 phi)
{
	u32 i;

	if (phi <= table[0].phi)
		return table[0].y;
	for (i = 1; i < LAST && phi > table[i].phi; i++)
		;
	if (phi > table[i].phi)
		phi = table[i].phi;
	return between(phi, table[i - 1].phi, table[i - 1].y, table[i].phi, table[i].y);
}

static u32 phi_of(u32 y)
{
	u32 i;

	for (i = 1; i < LAST && y > table[i].y; i++)
		;
	if (y > table[i].y)
		y = table[i].y;
	return between(y, table[i - 1].y, table[i - 1].phi, table[i].y, table[i].phi);
}

static u32 square_root(u64 n)
{
	u64 root = 0, bit;

	for (bit = 1ULL << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	return root;
}

static u32 window_of(const struct agentsys_phi_config *config)
{
	if (config->window < AGENTSYS_PHI_WINDOW_MIN)
		return AGENTSYS_PHI_WINDOW_MIN;
	if (config->window > AGENTSYS_PHI_WINDOW_MAX)
		return AGENTSYS_PHI_WINDOW_MAX;
	return config->window;
}

/* All but the last @n. */
static void forget(struct agentsys_phi *phi, u32 n)
{
	u32 oldest;
	u64 ms;

	for (; phi->n > n; phi->n--) {
		oldest = (phi->next + AGENTSYS_PHI_WINDOW_MAX - phi->n) % AGENTSYS_PHI_WINDOW_MAX;
		ms = phi->interval_ms[oldest];
		phi->sum -= ms;
		phi->squares -= ms * ms;
	}
}

static void learn(struct agentsys_phi *phi, const struct agentsys_phi_config *config,
		  u64 interval_ms)
{
	if (interval_ms > AGENTSYS_PHI_INTERVAL_MAX_MS)
		interval_ms = AGENTSYS_PHI_INTERVAL_MAX_MS;
	forget(phi, window_of(config) - 1);
	phi->interval_ms[phi->next] = interval_ms;
	phi->sum += interval_ms;
	phi->squares += interval_ms * interval_ms;
	phi->next = (phi->next + 1) % AGENTSYS_PHI_WINDOW_MAX;
	phi->n++;
}

static u32 mean(const struct agentsys_phi *phi)
{
	return div_u64(phi->sum, phi->n ?: 1);
}

/* sqrt(squares / n - (sum / n)^2), with one division: both terms are below 2^62. */
static u32 deviation(const struct agentsys_phi *phi, const struct agentsys_phi_config *config)
{
	u32 spread = square_root(phi->n * phi->squares - phi->sum * phi->sum) / (phi->n ?: 1);

	return spread > config->min_deviation_ms ? spread : config->min_deviation_ms;
}

/* Of the silence since the last sign, what counts. */
static u64 silence(const struct agentsys_phi *phi, u64 now_ms)
{
	u64 ms = now_ms > phi->last_ms ? now_ms - phi->last_ms : 0;

	return ms > phi->excused_ms ? ms - phi->excused_ms : 0;
}

void agentsys_phi_begin(struct agentsys_phi *phi, const struct agentsys_phi_config *config,
			u64 now_ms)
{
	u32 expected = config->expected_ms < AGENTSYS_PHI_INTERVAL_MAX_MS / 2 ?
			       config->expected_ms :
			       AGENTSYS_PHI_INTERVAL_MAX_MS / 2;

	memset(phi, 0, sizeof(*phi));
	phi->last_ms = now_ms;
	/* Two intervals with that mean and that deviation. */
	learn(phi, config, expected - expected / 4);
	learn(phi, config, expected + expected / 4);
}

void agentsys_phi_beat(struct agentsys_phi *phi, const struct agentsys_phi_config *config,
		       u64 now_ms)
{
	if (now_ms < phi->last_ms) /* the clock went back: that was no interval */
		return;
	if (!agentsys_phi_suspects(phi, config, now_ms))
		learn(phi, config, silence(phi, now_ms));
	phi->last_ms = now_ms;
	phi->excused_ms = 0;
}

void agentsys_phi_configure(struct agentsys_phi *phi, const struct agentsys_phi_config *config)
{
	forget(phi, window_of(config));
}

void agentsys_phi_skip(struct agentsys_phi *phi, u64 now_ms)
{
	phi->last_ms = now_ms;
	phi->excused_ms = 0;
}

void agentsys_phi_excuse(struct agentsys_phi *phi, u64 ms)
{
	phi->excused_ms = ms < U64_MAX - phi->excused_ms ? phi->excused_ms + ms : U64_MAX;
}

u64 agentsys_phi_deadline(const struct agentsys_phi *phi, const struct agentsys_phi_config *config)
{
	u64 usual = (u64)mean(phi) + config->pause_ms +
		    div_u64((u64)deviation(phi, config) * y_of(config->threshold), 1000);
	u64 until = phi->last_ms < U64_MAX - usual ? phi->last_ms + usual : U64_MAX;

	return until < U64_MAX - phi->excused_ms ? until + phi->excused_ms : U64_MAX;
}

u32 agentsys_phi_now(const struct agentsys_phi *phi, const struct agentsys_phi_config *config,
		     u64 now_ms)
{
	u64 usual = (u64)mean(phi) + config->pause_ms;
	u64 ms = silence(phi, now_ms);
	u32 sigma = deviation(phi, config) ?: 1;

	if (ms <= usual)
		return 0;
	ms -= usual;
	/* Beyond the table, whatever the deviation is. */
	if (ms >= 7ULL * sigma)
		return AGENTSYS_PHI_MAX;
	return phi_of(div_u64(ms * 1000, sigma));
}
