// SPDX-License-Identifier: GPL-2.0-only
/* The JSON writer; the oracle is a small strict reader below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core_random.h"
#include "json.h"

struct reader {
	const unsigned char *p;
	char *strings;		/* every string, decoded, with its length before it */
	size_t len;
};

static void skip_text(struct reader *r, const char *text)
{
	assert_memory_equal(r->p, text, strlen(text));
	r->p += strlen(text);
}

static void keep(struct reader *r, unsigned int byte)
{
	r->strings[r->len++] = (char)byte;
}

static void keep_code(struct reader *r, unsigned int code)
{
	if (code < 0x80) {
		keep(r, code);
	} else {
		assert_true(code < 0x800);
		keep(r, 0xc0 | code >> 6);
		keep(r, 0x80 | (code & 0x3f));
	}
}

static void read_string(struct reader *r)
{
	static const char shorts[] = "\"\"\\\\b\bf\fn\nr\rt\t//";

	skip_text(r, "\"");
	while (*r->p != '"') {
		assert_true(*r->p >= 0x20 && *r->p != 0x7f);
		if (*r->p != '\\') {
			keep(r, *r->p++);
			continue;
		}
		r->p++;
		if (*r->p == 'u') {
			char hex[5] = { 0 };

			memcpy(hex, r->p + 1, 4);
			assert_int_equal(strspn(hex, "0123456789abcdef"), 4);
			keep_code(r, (unsigned int)strtoul(hex, NULL, 16));
			r->p += 5;
			continue;
		}
		for (size_t i = 0;; i += 2) {
			assert_true(i < sizeof(shorts) - 1);
			if (*r->p == (unsigned char)shorts[i]) {
				keep(r, (unsigned char)shorts[i + 1]);
				break;
			}
		}
		r->p++;
	}
	r->p++;
}

static void read_value(struct reader *r);

static void read_members(struct reader *r, char end)
{
	r->p++;
	if (*r->p == end) {
		r->p++;
		return;
	}
	for (;;) {
		if (end == '}') {
			read_string(r);
			skip_text(r, ":");
		}
		read_value(r);
		if (*r->p == end)
			break;
		skip_text(r, ",");
	}
	r->p++;
}

static void read_value(struct reader *r)
{
	switch (*r->p) {
	case '{':
		read_members(r, '}');
		break;
	case '[':
		read_members(r, ']');
		break;
	case '"':
		read_string(r);
		break;
	case 't':
		skip_text(r, "true");
		break;
	case 'f':
		skip_text(r, "false");
		break;
	default:
		if (*r->p == '-')
			r->p++;
		assert_true(*r->p >= '0' && *r->p <= '9');
		while (*r->p >= '0' && *r->p <= '9')
			r->p++;
	}
}

/* Checks the grammar; returns the decoded strings, one behind the other. */
static size_t read_all(const char *text, char *strings)
{
	struct reader r = { .p = (const unsigned char *)text, .strings = strings };

	read_value(&r);
	assert_int_equal(*r.p, 0);
	return r.len;
}

static void write_sample(struct agentsys_json *json)
{
	agentsys_json_object(json, NULL);
	agentsys_json_object(json, "system");
	agentsys_json_u64(json, "spawned", 15);
	agentsys_json_s64(json, "code", -11);
	agentsys_json_bool(json, "on", true);
	agentsys_json_bool(json, "off", false);
	agentsys_json_object_end(json);
	agentsys_json_array(json, "list");
	agentsys_json_string(json, NULL, "a \"b\" \\ \n\x1b");
	agentsys_json_object(json, NULL);
	agentsys_json_object_end(json);
	agentsys_json_array(json, NULL);
	agentsys_json_array_end(json);
	agentsys_json_u64(json, NULL, ~0ULL);
	agentsys_json_s64(json, NULL, (s64)(1ULL << 63));
	agentsys_json_array_end(json);
	agentsys_json_object_end(json);
}

static const char sample[] =
	"{\"system\":{\"spawned\":15,\"code\":-11,\"on\":true,\"off\":false},"
	"\"list\":[\"a \\\"b\\\" \\\\ \\n\\u001b\",{},[],18446744073709551615,"
	"-9223372036854775808]}";

static void layout(void **unused)
{
	struct agentsys_json json;
	char text[512];

	(void)unused;
	agentsys_json_init(&json, text, sizeof(text));
	assert_false(agentsys_json_done(&json));
	write_sample(&json);
	assert_true(agentsys_json_done(&json));
	assert_string_equal(text, sample);
	assert_int_equal(json.len, strlen(sample));
}

/* Whatever the buffer's size: the same length, a terminated beginning, nothing behind it. */
static void every_size(void **unused)
{
	(void)unused;
	for (size_t cap = 0; cap < sizeof(sample) + 8; cap++) {
		char *text = malloc(cap ? cap : 1);	/* to the byte, for the sanitizer */
		struct agentsys_json json;

		agentsys_json_init(&json, cap ? text : NULL, cap);
		write_sample(&json);
		assert_true(agentsys_json_done(&json));
		assert_int_equal(json.len, strlen(sample));
		if (cap) {
			size_t kept = cap - 1 < strlen(sample) ? cap - 1 : strlen(sample);

			assert_memory_equal(text, sample, kept);
			assert_int_equal(text[kept], 0);
		}
		free(text);
	}
}

static void pieces(void **unused)
{
	char part[32], whole[512] = "";
	struct agentsys_json json;
	size_t len = 0;

	(void)unused;
	agentsys_json_init(&json, part, sizeof(part));
	agentsys_json_object(&json, NULL);
	agentsys_json_array(&json, "n");
	for (u64 i = 0; i < 30; i++) {
		agentsys_json_u64(&json, NULL, i);
		assert_true(json.len < sizeof(part));
		strcat(whole, part);
		len += agentsys_json_take(&json);
	}
	agentsys_json_array_end(&json);
	agentsys_json_object_end(&json);
	strcat(whole, part);
	len += agentsys_json_take(&json);
	assert_int_equal(len, strlen(whole));
	assert_int_equal(strncmp(whole, "{\"n\":[0,1,2,", 12), 0);
	assert_string_equal(whole + len - 8, ",28,29]}");
	assert_true(agentsys_json_done(&json));
}

static void check_string(const char *s, size_t len, const char *expected)
{
	struct agentsys_json json;
	char text[256];

	agentsys_json_init(&json, text, sizeof(text));
	agentsys_json_string_n(&json, NULL, s, len);
	assert_string_equal(text, expected);
}

static void escapes(void **unused)
{
	(void)unused;
	check_string("", 0, "\"\"");
	check_string("a\0b", 3, "\"a\\u0000b\"");
	check_string("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
	check_string("\x01\x1f\x7f", 3, "\"\\u0001\\u001f\\u007f\"");
	check_string("\xc2\x85", 2, "\"\\u0085\"");
	check_string("/<>&'", 5, "\"/<>&'\"");
	check_string("gr\xc3\xbc\xc3\x9f", 6, "\"gr\xc3\xbc\xc3\x9f\"");
	check_string("\xf0\x9f\xa4\x96", 4, "\"\xf0\x9f\xa4\x96\"");
	check_string("\xff" "a", 2, "\"\xef\xbf\xbd" "a\"");
	check_string("\xc3", 1, "\"\xef\xbf\xbd\"");
	check_string("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	check_string("\xc3\"", 2, "\"\xef\xbf\xbd\\\"\"");
}

/* Any ASCII comes back as it was; any bytes at all give a well-formed text. */
static void random_strings(void **unused)
{
	(void)unused;
	for (int i = 0; i < 50000; i++) {
		size_t len = core_random_below(60);
		bool ascii = core_random_below(2);
		char s[64], text[1024], strings[1024];
		struct agentsys_json json;
		size_t n;

		for (size_t b = 0; b < len; b++)
			s[b] = (char)(core_random() & (ascii ? 0x7f : 0xff));
		agentsys_json_init(&json, text, sizeof(text));
		agentsys_json_array(&json, NULL);
		agentsys_json_string_n(&json, NULL, s, len);
		agentsys_json_array_end(&json);
		assert_int_equal(json.len, strlen(text));
		n = read_all(text, strings);
		if (ascii) {
			assert_int_equal(n, len);
			assert_memory_equal(strings, s, len);
		}
	}
}

static void random_member(struct agentsys_json *json, bool keyed, int depth)
{
	const char *key = keyed ? "k\"" : NULL;
	bool array = core_random_below(2);

	switch (core_random_below(depth < 6 ? 6 : 4)) {
	case 0:
		agentsys_json_u64(json, key, core_random());
		break;
	case 1:
		agentsys_json_s64(json, key, (s64)core_random());
		break;
	case 2:
		agentsys_json_bool(json, key, core_random_below(2));
		break;
	case 3:
		agentsys_json_string(json, key, "text");
		break;
	default:
		if (array)
			agentsys_json_array(json, key);
		else
			agentsys_json_object(json, key);
		for (unsigned int n = core_random_below(4); n; n--)
			random_member(json, !array, depth + 1);
		if (array)
			agentsys_json_array_end(json);
		else
			agentsys_json_object_end(json);
	}
}

static void random_trees(void **unused)
{
	static char text[1 << 20], strings[1 << 20];

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		struct agentsys_json json;

		agentsys_json_init(&json, text, sizeof(text));
		random_member(&json, false, 0);
		assert_true(agentsys_json_done(&json));
		assert_int_equal(json.len, strlen(text));
		read_all(text, strings);
	}
}

static void depth_is_bounded(void **unused)
{
	struct agentsys_json json;
	char text[128];

	(void)unused;
	agentsys_json_init(&json, text, sizeof(text));
	for (int i = 0; i < AGENTSYS_JSON_DEPTH; i++)
		agentsys_json_array(&json, NULL);
	assert_false(json.bad);
	for (int i = 0; i < AGENTSYS_JSON_DEPTH; i++)
		agentsys_json_array_end(&json);
	assert_true(agentsys_json_done(&json));

	agentsys_json_init(&json, text, sizeof(text));
	for (int i = 0; i < 1000; i++)
		agentsys_json_array(&json, NULL);
	for (int i = 0; i < 1000; i++)
		agentsys_json_array_end(&json);
	assert_false(agentsys_json_done(&json));
}

static void misuse_is_seen(void **unused)
{
	struct agentsys_json json;

	(void)unused;
	agentsys_json_init(&json, NULL, 0);
	agentsys_json_object_end(&json);
	assert_true(json.bad);

	agentsys_json_init(&json, NULL, 0);
	agentsys_json_object(&json, NULL);
	assert_false(agentsys_json_done(&json));
	agentsys_json_array_end(&json);
	assert_true(json.bad);

	agentsys_json_init(&json, NULL, 0);
	agentsys_json_object(&json, NULL);
	agentsys_json_u64(&json, NULL, 1);
	assert_true(json.bad);

	agentsys_json_init(&json, NULL, 0);
	agentsys_json_array(&json, NULL);
	agentsys_json_u64(&json, "key", 1);
	assert_true(json.bad);

	agentsys_json_init(&json, NULL, 0);
	agentsys_json_u64(&json, "key", 1);
	assert_true(json.bad);

	agentsys_json_init(&json, NULL, 0);
	agentsys_json_u64(&json, NULL, 1);
	assert_true(agentsys_json_done(&json));
	agentsys_json_u64(&json, NULL, 1);
	assert_false(agentsys_json_done(&json));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(every_size),
		cmocka_unit_test(pieces),
		cmocka_unit_test(escapes),
		cmocka_unit_test(random_strings),
		cmocka_unit_test(random_trees),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(misuse_is_seen),
	};

	core_random_init(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
