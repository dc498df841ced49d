/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers of any length, anywhere, and whether something was written beside them.
 *
 * Include it behind fuzz.h.
 */
#ifndef TESTS_LIB_FUZZ_BUFFER_H
#define TESTS_LIB_FUZZ_BUFFER_H

#define FENCE	64	/* bytes before and behind a buffer that are looked at */

/**
 * struct buffer - where something is to be put
 * @in: what its fence stands in
 * @at: its address, there or anywhere
 * @len: its length
 * @valid: all of it can be written
 */
struct buffer {
	const struct pages *in;
	char *at;
	uint64_t len;
	bool valid;
};

static inline uint64_t some_len(struct fuzzer *f, const struct pages *pages)
{
	switch (pick(f, 6)) {
	case 0:
		return pick(f, 4);
	case 1:
		return 4 + pick(f, 600);
	case 2:
		return pick(f, pages->size);
	case 3:
		return extreme(f);
	default:
		return 16384;
	}
}

/* Mostly in these pages, mostly up to their end. */
static inline struct buffer some_buffer(struct fuzzer *f, const struct pages *pages)
{
	struct buffer buffer = { .in = pages, .len = some_len(f, pages), .valid = true };
	char *end = pages->rw + pages->size;

	if (buffer.len > pages->size - 2 * FENCE) {
		/* Longer than what is there. */
		buffer.at = end - pick(f, pages->size);
		buffer.valid = false;
		return buffer;
	}
	buffer.at = end - buffer.len;
	switch (pick(f, 8)) {
	case 0:			/* the end is missing */
		buffer.at += buffer.len ? 1 + pick(f, buffer.len) : 0;
		buffer.valid = !buffer.len;
		break;
	case 1:
		buffer.at = pages->ro + pick(f, pages->size - buffer.len);
		buffer.valid = !buffer.len;
		break;
	case 2:
		buffer.at = bad_address(f);
		buffer.valid = false;
		break;
	case 3:
	case 4:
		buffer.at -= FENCE + pick(f, pages->size - buffer.len - 2 * FENCE + 1);
		break;
	}
	return buffer;
}

static inline bool fence_stands(const struct pages *pages, const char *from, const char *to,
				char byte)
{
	for (; from < to; from++)
		if (from >= pages->rw && from < pages->rw + pages->size && *from != byte)
			return false;
	return true;
}

static inline void mark(const struct pages *pages, char *from, char byte)
{
	for (char *at = from; at < from + FENCE; at++)
		if (at >= pages->rw && at < pages->rw + pages->size)
			*at = byte;
}

/* What is before and behind a buffer that is in our pages. */
static inline void mark_fence(const struct buffer *buffer, char byte)
{
	mark(buffer->in, buffer->at - FENCE, byte);
	if (buffer->len < buffer->in->size)
		mark(buffer->in, buffer->at + buffer->len, byte);
}

/* One of any length may only be written as far as there is memory. */
static inline void check_fence(struct fuzzer *f, const struct buffer *buffer, char byte)
{
	if (!fence_stands(buffer->in, buffer->at - FENCE, buffer->at, byte) ||
	    (buffer->len < buffer->in->size &&
	     !fence_stands(buffer->in, buffer->at + buffer->len,
			   buffer->at + buffer->len + FENCE, byte)))
		wrong(f, "written beyond the buffer of %llu", (unsigned long long)buffer->len);
}

#endif
