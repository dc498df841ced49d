/* SPDX-License-Identifier: GPL-2.0-only */
/* What the targets share: an input read as a row of choices, checks, and an oracle for UTF-8. */
#ifndef AGENTSYS_TESTS_FUZZ_H
#define AGENTSYS_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls it with one input after another; its result is 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding: the fuzzer keeps the input that led here. */
#define CHECK(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

/* What is left of an input. Behind its end come zeros. */
struct fuzz {
	const uint8_t *at;
	size_t left;
};

static inline uint64_t fuzz_number(struct fuzz *in, size_t bytes)
{
	uint64_t n = 0;

	while (bytes--) {
		n <<= 8;
		if (in->left) {
			n |= *in->at++;
			in->left--;
		}
	}
	return n;
}

static inline uint8_t fuzz_u8(struct fuzz *in)
{
	return (uint8_t)fuzz_number(in, 1);
}

static inline uint32_t fuzz_u32(struct fuzz *in)
{
	return (uint32_t)fuzz_number(in, 4);
}

static inline uint64_t fuzz_u64(struct fuzz *in)
{
	return fuzz_number(in, 8);
}

/* A number of any magnitude: small ones are as likely as large ones. */
static inline uint64_t fuzz_any(struct fuzz *in)
{
	return fuzz_number(in, fuzz_u8(in) % 9);
}

/* Memory that ends where it should, so that the sanitizer sees a read beyond; never NULL. */
static inline char *fuzz_copy(const void *from, size_t len)
{
	char *copy = malloc(len ? len : 1);

	CHECK(copy);
	if (len)
		memcpy(copy, from, len);
	return copy;
}

/* Up to @max bytes of the input, with a terminator behind them; to be freed. */
static inline char *fuzz_bytes(struct fuzz *in, size_t max, size_t *len)
{
	char *bytes;

	*len = max < in->left ? max : in->left;
	bytes = malloc(*len + 1);
	CHECK(bytes);
	if (*len)
		memcpy(bytes, in->at, *len);
	bytes[*len] = '\0';
	in->at += *len;
	in->left -= *len;
	return bytes;
}

/* The same as a string, which ends at a zero byte of the input if there is one. */
static inline char *fuzz_string(struct fuzz *in, size_t max)
{
	size_t len;

	return fuzz_bytes(in, max, &len);
}

/* Length of the character at @s by the Unicode Standard's table of well-formed bytes; or 0. */
static inline size_t fuzz_utf8(const char *s, size_t len)
{
	static const struct {
		uint8_t first, first_last, second, second_last;
		size_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const uint8_t *b = (const uint8_t *)s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (b[0] < rows[i].first || b[0] > rows[i].first_last)
			continue;
		if (len < rows[i].length)
			return 0;
		if (rows[i].length > 1 && (b[1] < rows[i].second || b[1] > rows[i].second_last))
			return 0;
		for (size_t n = 2; n < rows[i].length; n++)
			if (b[n] < 0x80 || b[n] > 0xbf)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* Is the character of @length bytes one of C0, DEL, C1? */
static inline bool fuzz_control(const char *s, size_t length)
{
	const uint8_t *b = (const uint8_t *)s;

	if (length == 1)
		return b[0] <= 0x1f || b[0] == 0x7f;
	return length == 2 && b[0] == 0xc2 && b[1] <= 0x9f;
}

#endif /* AGENTSYS_TESTS_FUZZ_H */
