// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder: what it takes for a character, and for which, at every place of
 * the input and cut short there after every byte.
 *
 * fuzz: -max_len=12 -runs=100000
 */
#include "fuzz.h"
#include "utf8.h"

static size_t encode(u32 code, char *out)
{
	static const u8 leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)code;
		return 1;
	}
	for (size_t i = n - 1; i; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(leads[n] | code);
	return n;
}

static void check_character(const void *bytes, size_t len)
{
	char *s = fuzz_copy(bytes, len);
	size_t expected = fuzz_utf8(s, len);
	char again[4];
	u32 code = 0;

	CHECK(agentsys_utf8_decode(s, len, &code) == expected);
	if (expected) {
		CHECK(encode(code, again) == expected);
		CHECK(!memcmp(again, s, expected));
		CHECK(agentsys_utf8_control(code) == fuzz_control(s, expected));
	}
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size; at++)
		for (size_t len = 1; len <= 5 && len <= size - at; len++)
			check_character(data + at, len);
	return 0;
}
