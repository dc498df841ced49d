// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "name.h"
#include "utf8.h"

/* Naive twin, the other way round: encode every code point and compare. */
static size_t encode(u32 c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void utf8_every_code_point(void **unused)
{
	(void)unused;
	for (u32 c = 0; c < 0x200000; c++) {
		char text[4];
		size_t n = encode(c, text);
		bool valid = c <= 0x10ffff && !(c >= 0xd800 && c < 0xe000);
		u32 code = 0xffffffff;

		assert_int_equal(agentsys_utf8_decode(text, n, &code), valid ? n : 0);
		if (valid)
			assert_int_equal(code, c);
		for (size_t cut = 1; cut < n; cut++)
			assert_int_equal(agentsys_utf8_decode(text, cut, &code), 0);
	}
}

/* All sequences of two bytes, and random ones of four: valid only if encoding gives them back. */
static void utf8_clean(void **unused)
{
	static const char *const texts[][2] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },
		{ "cut \xc3", "cut ?" },
		{ "\xe2\x82", "??" },
		{ "\x1b[1m\n\x7f", "?[1m??" },
		{ "\xc2\x9b", "??" },		/* C1 */
		{ "\xff\xfe", "??" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[32];

		strcpy(text, texts[i][0]);
		agentsys_utf8_clean(text, strlen(text));
		assert_string_equal(texts[i][1], text);
	}
}

static void utf8_bytes(void **unused)
{
	(void)unused;
	for (u32 i = 0; i < 65536 + 500000; i++) {
		u64 r = core_random();
		char text[4] = { (char)(i < 65536 ? i >> 8 : r), (char)(i < 65536 ? i : r >> 8),
				 (char)(r >> 16), (char)(r >> 24) };
		char again[4];
		u32 code;
		size_t n;

		/* Random bytes are seldom UTF-8: help them. */
		if (i >= 65536 && r >> 63) {
			text[0] = (char)(0xc0 | (text[0] & 0x3f));
			for (int b = 1; b < 4; b++)
				text[b] = (char)(0x80 | (text[b] & 0x3f));
		}
		n = agentsys_utf8_decode(text, i < 65536 ? 2 : 4, &code);
		if (n) {
			assert_int_equal(encode(code, again), n);
			assert_memory_equal(text, again, n);
		}
	}
}

static void accepted(void **unused)
{
	static const char *const names[] = {
		"a", "fs_monitor", "agent-7", "with blanks in it", "team/agent", "..", "/",
		"gr\xc3\xbc\xc3\x9f", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\xa4\x96", "\xc2\xa0",
		"\"quoted\\\"", "\xef\xbf\xbd",
	};
	char longest[AGENTSYS_NAME_MAX];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(agentsys_name_check(names[i], strlen(names[i])), 0);
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(agentsys_name_check(longest, sizeof(longest)), 0);
}

static void refused(void **unused)
{
	static const char *const names[] = {
		"", "a\n", "\t", "\x1b[31m", "a\x7f", "\xc2\x80", "a\xc2\x9f", "\xff", "\xc3",
		"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80", "\x80", "a\xe6\x97",
	};
	char longer[AGENTSYS_NAME_MAX + 1];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(agentsys_name_check(names[i], strlen(names[i])), -EINVAL);
	assert_int_equal(agentsys_name_check("a\0b", 3), -EINVAL);
	memset(longer, 'x', sizeof(longer));
	assert_int_equal(agentsys_name_check(longer, sizeof(longer)), -ENAMETOOLONG);
	/* The length is looked at before the bytes. */
	longer[0] = '\n';
	assert_int_equal(agentsys_name_check(longer, sizeof(longer)), -ENAMETOOLONG);
	/* What lies behind the length is not. */
	assert_int_equal(agentsys_name_check("ab\n", 2), 0);
}

static void fit_keeps_characters_whole(void **unused)
{
	(void)unused;
	assert_int_equal(agentsys_name_fit("abc", 3, 16), 3);
	assert_int_equal(agentsys_name_fit("abcd", 4, 3), 3);
	assert_int_equal(agentsys_name_fit("ab\xc3\xbc", 4, 3), 2);
	assert_int_equal(agentsys_name_fit("\xf0\x9f\xa4\x96", 4, 3), 0);

	for (int i = 0; i < 20000; i++) {
		char text[64];
		size_t len = 0, max = core_random_below(40), fit, at = 0;

		while (len < 50) {
			u32 c = core_random_u32() % 0x110000;

			if (c < 0xd800 || c >= 0xe000)
				len += encode(c, text + len);
		}
		fit = agentsys_name_fit(text, len, max);
		assert_true(fit <= max);
		assert_true(max - fit < 4);
		while (at < fit) {
			u32 code;
			size_t n = agentsys_utf8_decode(text + at, fit - at, &code);

			assert_int_not_equal(n, 0);
			at += n;
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_every_code_point),
		cmocka_unit_test(utf8_clean),
		cmocka_unit_test(utf8_bytes),
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(fit_keeps_characters_whole),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
