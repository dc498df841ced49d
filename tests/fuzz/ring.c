// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring of events and its readers, as the module has it, against a list from
 * which the oldest is taken when it is full. No reader may get a wrong event,
 * or one twice, or miscount what it lost.
 *
 * fuzz: -max_len=128 -runs=80000
 */
#include "fuzz.h"
#include "ring.h"

#define SIZE_MAX_LOG	6
#define READERS		3
#define BURST		(3 << SIZE_MAX_LOG)

struct entry {
	u64 seq;
	u64 value;
};

struct world {
	u32 size;
	u64 last;
	struct entry slots[1 << SIZE_MAX_LOG];
	struct entry list[1 << SIZE_MAX_LOG];	/* the twin, oldest first */
	u32 listed;
	u64 after[READERS];
};

static void push(struct world *w, u64 value)
{
	struct entry entry = { ++w->last, value };

	w->slots[agentsys_ring_slot(entry.seq, w->size)] = entry;
	if (w->listed == w->size)
		memmove(w->list, w->list + 1, --w->listed * sizeof(*w->list));
	w->list[w->listed++] = entry;
}

/* As agentsys_event_read() does it, but for writers that come in between. */
static bool read_ring(const struct world *w, u64 *after, u64 *lost, struct entry *entry)
{
	u64 gone = agentsys_ring_lost(*after, w->last, w->size);

	*after += gone;
	*lost = gone;
	if (*after >= w->last)
		return false;
	*entry = w->slots[agentsys_ring_slot(*after + 1, w->size)];
	(*after)++;
	return true;
}

static const struct entry *read_list(const struct world *w, u64 after, u64 *lost)
{
	*lost = 0;
	for (u32 i = 0; i < w->listed; i++)
		if (w->list[i].seq > after) {
			*lost = w->list[i].seq - after - 1;
			return &w->list[i];
		}
	return NULL;
}

static void read_one(struct world *w, u64 *after)
{
	u64 expected_lost, lost, before = *after;
	const struct entry *expected = read_list(w, *after, &expected_lost);
	struct entry entry;

	CHECK(read_ring(w, after, &lost, &entry) == !!expected);
	CHECK(lost == expected_lost);
	if (!expected) {
		CHECK(*after == before);
		return;
	}
	CHECK(entry.seq == expected->seq && entry.value == expected->value);
	CHECK(*after == entry.seq && *after == before + lost + 1);
}

static void check_oldest(const struct world *w)
{
	u64 oldest = agentsys_ring_oldest(w->last, w->size);

	if (w->listed)
		CHECK(oldest == w->list[0].seq);
	else
		CHECK(oldest > w->last);
}

/* The ring may have run for long: its numbers begin anywhere, with a full ring behind them. */
static void begin(struct world *w, struct fuzz *in, u64 room)
{
	memset(w, 0, sizeof(*w));
	w->size = 1U << fuzz_u8(in) % (SIZE_MAX_LOG + 1);
	w->last = fuzz_any(in);
	if (w->last > ~room)
		w->last = ~room;
	w->last -= w->last < w->size ? w->last : w->size;
	for (u64 from = w->last; w->last && w->last - from < w->size;)
		push(w, w->last);
}

static void check_size(struct fuzz *in)
{
	u32 size = (u32)fuzz_any(in), min = (u32)fuzz_any(in), max = (u32)fuzz_any(in);
	bool power = false;

	/* Nobody asks with a smallest size of 0. */
	min += !min;
	for (u32 bit = 0; bit < 32; bit++)
		power |= size == 1U << bit;
	CHECK(agentsys_ring_size_valid(size, min, max) ==
	      (power && size >= min && size <= max));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct world w;

	check_size(&in);
	begin(&w, &in, (u64)size * BURST + sizeof(w.slots));
	while (in.left) {
		u8 op = fuzz_u8(&in);
		u64 *after = &w.after[op / 4 % READERS];

		switch (op % 4) {
		case 0:
			push(&w, op);
			break;
		case 1:
			for (u32 n = fuzz_u8(&in) % BURST; n; n--)
				push(&w, n);
			break;
		case 2:
			for (u32 n = op / 16 + 1; n; n--)
				read_one(&w, after);
			break;
		case 3:		/* a reader comes back with a number from anywhere */
			*after = op & 0x80 ? w.last - fuzz_u8(&in) : fuzz_any(&in);
			break;
		}
		check_oldest(&w);
	}
	for (int i = 0; i < READERS; i++)
		read_one(&w, &w.after[i]);
	return 0;
}
