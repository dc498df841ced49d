// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signs of life that come, stay away and are excused, under clocks that go
 * anywhere, against sums that are made anew each time.
 *
 * fuzz: -max_len=256 -runs=40000
 */
#include "fuzz.h"
#include "phi.h"

static void check_sums(const struct agentsys_phi *phi)
{
	unsigned __int128 sum = 0, squares = 0;

	CHECK(phi->n >= 2 && phi->n <= AGENTSYS_PHI_WINDOW);
	for (u32 i = 0; i < phi->n; i++) {
		CHECK(phi->interval_ms[i] <= AGENTSYS_PHI_INTERVAL_MAX_MS);
		sum += phi->interval_ms[i];
		squares += (u64)phi->interval_ms[i] * phi->interval_ms[i];
	}
	CHECK(phi->sum == sum && phi->squares == squares);
	/* The variance: not below 0, and in 64 bits. */
	CHECK(squares * phi->n >= sum * sum && squares * phi->n <= ~0ULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	const struct agentsys_phi_config config = {
		.expected_ms = (u32)fuzz_any(&in),
		.min_deviation_ms = (u32)fuzz_any(&in),
		.pause_ms = (u32)fuzz_any(&in),
		.threshold = (u32)fuzz_any(&in),
	};
	u64 now = fuzz_any(&in), last = now;
	struct agentsys_phi phi;

	agentsys_phi_begin(&phi, &config, now);
	check_sums(&phi);
	while (in.left) {
		u64 deadline = agentsys_phi_deadline(&phi, &config);
		u32 doubt, n = phi.n;
		bool suspected;
		u64 excused;

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
		check_sums(&phi);
		if (now < last) {
			CHECK(agentsys_phi_deadline(&phi, &config) == deadline && phi.n == n);
			continue;
		}
		CHECK(phi.n == n + (!suspected && n < AGENTSYS_PHI_WINDOW));
		CHECK(!agentsys_phi_suspects(&phi, &config, now));
		CHECK(agentsys_phi_now(&phi, &config, now) == 0);
		last = now;
	}
	return 0;
}
