/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Indices of a ring of the last @size entries, numbered from 1 without gaps.
 * @size is a power of two; @last is the number of the newest entry, 0 for none.
 */
#ifndef AGENTSYS_CORE_RING_H
#define AGENTSYS_CORE_RING_H

#include "env.h"

static inline bool agentsys_ring_size_valid(u32 size, u32 min_size, u32 max_size)
{
	return size >= min_size && size <= max_size && !(size & (size - 1));
}

static inline u32 agentsys_ring_slot(u64 seq, u32 size)
{
	return (u32)(seq - 1) & (size - 1);
}

/* The oldest entry still kept; more than @last when there is none at all. */
static inline u64 agentsys_ring_oldest(u64 last, u32 size)
{
	return last > size ? last - size + 1 : 1;
}

/* Entries that a reader who has seen everything up to @after cannot see any more. */
static inline u64 agentsys_ring_lost(u64 after, u64 last, u32 size)
{
	u64 gone = agentsys_ring_oldest(last, size) - 1;

	return gone > after ? gone - after : 0;
}

#endif /* AGENTSYS_CORE_RING_H */
