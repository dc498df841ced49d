// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signs of life that come, stay away and are excused, under clocks that go
 * anywhere, against sums that are made anew each time.
 *
 * fuzz: -max_len=256 -runs=40000
 */
#include "fuzz.h"
#include "phi.h"

static u32 window_of(const struct agentsys_phi_config *config)
{
	if (config->window < AGENTSYS_PHI_WINDOW_MIN)
		return AGENTSYS_PHI_WINDOW_MIN;
	return config->window < AGENTSYS_PHI_WINDOW_MAX ? config->window : AGENTSYS_PHI_WINDOW_MAX;
}

static void check_sums(const struct agentsys_phi *phi, const struct agentsys_phi_config *config)
{
	unsigned __int128 sum = 0, squares = 0;

	CHECK(phi->n >= 2 && phi->n <= window_of(config) && phi->next < AGENTSYS_PHI_WINDOW_MAX);
	for (u32 i = 1; i <= phi->n; i++) {
		u32 at = (phi->next + AGENTSYS_PHI_WINDOW_MAX - i) % AGENTSYS_PHI_WINDOW_MAX;

		CHECK(phi->interval_ms[at] <= AGENTSYS_PHI_INTERVAL_MAX_MS);
		sum += phi->interval_ms[at];
		squares += (u64)phi->interval_ms[at] * phi->interval_ms[at];
	}
	CHECK(phi->sum == sum && phi->squares == squares);
	/* The variance: not below 0, and in 64 bits. */
	CHECK(squares * phi->n >= sum * sum && squares * phi->n <= ~0ULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct agentsys_phi_config config = {
		.expected_ms = (u32)fuzz_any(&in),
		.min_deviation_ms = (u32)fuzz_any(&in),
		.pause_ms = (u32)fuzz_any(&in),
		.threshold = (u32)fuzz_any(&in),
		.window = (u32)fuzz_any(&in),
	};
	u64 now = fuzz_any(&in), last = now;
	struct agentsys_phi phi;

	agentsys_phi_begin(&phi, &config, now);
	check_sums(&phi, &config);
	while (in.left) {
		bool suspected;
		u64 deadline, excused;
		u32 doubt, n;

		if (fuzz_u8(&in) % 8 == 0) {
			config.window = (u32)fuzz_any(&in);
			n = phi.n;
			agentsys_phi_configure(&phi, &config);
			CHECK(phi.n == (n < window_of(&config) ? n : window_of(&config)));
			check_sums(&phi, &config);
		}
		deadline = agentsys_phi_deadline(&phi, &config);
		n = phi.n;
		now = fuzz_u8(&in) % 8 ? now + fuzz_any(&in) : fuzz_any(&in);
		suspected = agentsys_phi_suspects(&phi, &config, now);
		CHECK(suspected == (now > deadline));
		CHECK(deadline >= last);
		doubt = agentsys_phi_now(&phi, &config, now);
		CHECK(doubt <= AGENTSYS_PHI_MAX);
		if (fuzz_u8(&in) % 4 == 0) {
			excused = fuzz_any(&in);
			agentsys_phi_excuse(&phi, excused);
			CHECK(agentsys_phi_deadline(&phi, &config) >= deadline);
			CHECK(agentsys_phi_now(&phi, &config, now) <= doubt);
			continue;
		}
		agentsys_phi_beat(&phi, &config, now);
		check_sums(&phi, &config);
		if (now < last) {
			CHECK(agentsys_phi_deadline(&phi, &config) == deadline && phi.n == n);
			continue;
		}
		CHECK(phi.n == n + (!suspected && n < window_of(&config)));
		CHECK(!agentsys_phi_suspects(&phi, &config, now));
		CHECK(agentsys_phi_now(&phi, &config, now) == 0);
		last = now;
	}
	return 0;
}
