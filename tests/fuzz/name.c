// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of agents: which are taken, and how many bytes of one are kept where
 * there is not enough room for it.
 *
 * fuzz: -max_len=96 -runs=50000
 */
#include "fuzz.h"
#include "name.h"

static int naive_check(const char *s, size_t len)
{
	if (len < 1)
		return -EINVAL;
	if (len > 63)
		return -ENAMETOOLONG;
	while (len) {
		size_t n = fuzz_utf8(s, len);

		if (!n || fuzz_control(s, n))
			return -EINVAL;
		s += n;
		len -= n;
	}
	return 0;
}

static bool is_utf8(const char *s, size_t len)
{
	size_t n = 1;

	for (; len && n; s += n, len -= n)
		n = fuzz_utf8(s, len);
	return n;
}

/* One character after the other, as long as they fit. */
static size_t naive_fit(const char *s, size_t len, size_t max)
{
	size_t fit = 0;

	while (fit < len && fit + fuzz_utf8(s + fit, len - fit) <= max)
		fit += fuzz_utf8(s + fit, len - fit);
	return fit;
}

static void check_name(const void *bytes, size_t len)
{
	char *s = fuzz_copy(bytes, len);
	bool utf8 = is_utf8(s, len);

	CHECK(agentsys_name_check(s, len) == naive_check(s, len));
	for (size_t max = 0; max < len + 2; max++) {
		size_t fit = agentsys_name_fit(s, len, max);

		CHECK(fit <= max && fit <= len);
		if (utf8)
			CHECK(fit == naive_fit(s, len, max));
	}
	free(s);
}

/* Bytes are seldom UTF-8: an even first byte has the rest made up to be. */
static size_t make_utf8(struct fuzz *in, char *out)
{
	size_t len = 0;

	while (in->left) {
		uint8_t lead = fuzz_u8(in);
		size_t n = lead < 0x80 ? 1 : lead < 0xd0 ? 2 : lead < 0xf0 ? 3 : 4;

		out[len] = (char)(n == 1 ? lead : n == 2 ? 0xc2 | (lead & 0x1c) :
				  n == 3 ? 0xe1 + lead % 12 : 0xf1 + lead % 3);
		for (size_t i = 1; i < n; i++)
			out[len + i] = (char)(0x80 | (fuzz_u8(in) & 0x3f));
		len += n;
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	char made[512];

	if (size > sizeof(made) / 4)
		return 0;
	if (fuzz_u8(&in) & 1)
		check_name(in.at, in.left);
	else
		check_name(made, make_utf8(&in, made));
	return 0;
}
