// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "ring.h"

static void sizes(void **unused)
{
	(void)unused;
	for (u32 size = 0; size < 70000; size++) {
		bool power = size == 64 || size == 128 || size == 256 || size == 512 ||
			     size == 1024 || size == 2048 || size == 4096 || size == 8192 ||
			     size == 16384 || size == 32768 || size == 65536;

		assert_int_equal(agentsys_ring_size_valid(size, 64, 65536), power);
	}
	assert_false(agentsys_ring_size_valid(0x80000000, 64, 65536));
}

/* Naive twin: an array that remembers the number in each slot. */
static void against_memory(void **unused)
{
	static const u32 ring_sizes[] = { 1, 2, 4, 64, 1024 };

	(void)unused;
	for (size_t n = 0; n < ARRAY_SIZE(ring_sizes); n++) {
		u32 size = ring_sizes[n];
		u64 slots[1024] = { 0 };

		for (u64 last = 0; last < 4 * size + 3; last++) {
			u64 after = core_random_below((u32)last + 3), gone = 0, oldest = ~0ULL;

			if (last)
				slots[agentsys_ring_slot(last, size)] = last;
			for (u32 s = 0; s < size; s++)
				if (slots[s] && slots[s] < oldest)
					oldest = slots[s];
			if (!last)
				oldest = 1;
			for (u64 seq = after + 1; seq <= last; seq++)
				gone += slots[agentsys_ring_slot(seq, size)] != seq;

			assert_int_equal(agentsys_ring_oldest(last, size), oldest);
			assert_int_equal(agentsys_ring_lost(after, last, size), gone);
		}
	}
}

static void edges(void **unused)
{
	(void)unused;
	assert_true(agentsys_ring_oldest(0, 64) > 0);
	assert_int_equal(agentsys_ring_lost(0, 0, 64), 0);
	assert_int_equal(agentsys_ring_lost(0, 64, 64), 0);
	assert_int_equal(agentsys_ring_lost(0, 65, 64), 1);
	assert_int_equal(agentsys_ring_lost(~0ULL, 65, 64), 0);
	assert_true(agentsys_ring_lost(0, ~0ULL, 64) == ~0ULL - 64);
	assert_int_equal(agentsys_ring_slot(1, 64), 0);
	assert_int_equal(agentsys_ring_slot(64, 64), 63);
	assert_int_equal(agentsys_ring_slot(65, 64), 0);
	assert_int_equal(agentsys_ring_slot(0x100000001ULL, 65536), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(against_memory),
		cmocka_unit_test(edges),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
