// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"
#include "utf8.h"

static void terminate(struct agentsys_json *json)
{
	if (json->cap)
		json->buf[json->len < json->cap ? json->len : json->cap - 1] = '\0';
}

void agentsys_json_init(struct agentsys_json *json, char *buf, size_t cap)
{
	memset(json, 0, sizeof(*json));
	json->buf = buf;
	json->cap = cap;
	terminate(json);
}

static void put(struct agentsys_json *json, const char *s, size_t len)
{
	if (json->len < json->cap) {
		size_t room = json->cap - 1 - json->len;

		memcpy(json->buf + json->len, s, len < room ? len : room);
	}
	json->len += len;
	terminate(json);
}

static void put_text(struct agentsys_json *json, const char *s)
{
	put(json, s, strlen(s));
}

static void put_unicode(struct agentsys_json *json, u32 code)
{
	char text[8];

	put(json, text, (size_t)snprintf(text, sizeof(text), "\\u%04x", code & 0xffff));
}

/* A single character escape, or 0 where there is none. */
static char short_escape(u32 code)
{
	switch (code) {
	case '"':
	case '\\':
		return (char)code;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static void put_quoted(struct agentsys_json *json, const char *s, size_t len)
{
	size_t at = 0;

	put(json, "\"", 1);
	while (at < len) {
		u32 code;
		size_t n = agentsys_utf8_decode(s + at, len - at, &code);

		if (!n) {
			put(json, "\xef\xbf\xbd", 3); /* U+FFFD */
			at++;
			continue;
		}
		if (short_escape(code)) {
			char escape[2] = { '\\', short_escape(code) };

			put(json, escape, sizeof(escape));
		} else if (agentsys_utf8_control(code)) {
			put_unicode(json, code);
		} else {
			put(json, s + at, n);
		}
		at += n;
	}
	put(json, "\"", 1);
}

/* Everything that stands before a value: the comma and the key. */
static void begin_value(struct agentsys_json *json, const char *key)
{
	u32 bit = 1U << json->depth;
	bool keyed = json->depth && !(json->array & bit);

	if (keyed != !!key || (!json->depth && json->filled & bit))
		json->bad = true;
	if (json->filled & bit)
		put(json, ",", 1);
	json->filled |= bit;
	if (key) {
		put_quoted(json, key, strlen(key));
		put(json, ":", 1);
	}
}

static void open_value(struct agentsys_json *json, const char *key, bool array)
{
	begin_value(json, key);
	put(json, array ? "[" : "{", 1);
	if (json->depth == AGENTSYS_JSON_DEPTH) {
		json->bad = true;
		return;
	}
	json->depth++;
	json->filled &= ~(1U << json->depth);
	json->array &= ~(1U << json->depth);
	if (array)
		json->array |= 1U << json->depth;
}

static void close_value(struct agentsys_json *json, bool array)
{
	put(json, array ? "]" : "}", 1);
	if (!json->depth || !!(json->array & 1U << json->depth) != array) {
		json->bad = true;
		return;
	}
	json->depth--;
}

void agentsys_json_object(struct agentsys_json *json, const char *key)
{
	open_value(json, key, false);
}

void agentsys_json_object_end(struct agentsys_json *json)
{
	close_value(json, false);
}

void agentsys_json_array(struct agentsys_json *json, const char *key)
{
	open_value(json, key, true);
}

void agentsys_json_array_end(struct agentsys_json *json)
{
	close_value(json, true);
}

void agentsys_json_string_n(struct agentsys_json *json, const char *key, const char *s, size_t len)
{
	begin_value(json, key);
	put_quoted(json, s, len);
}

void agentsys_json_string(struct agentsys_json *json, const char *key, const char *s)
{
	agentsys_json_string_n(json, key, s, strlen(s));
}

void agentsys_json_u64(struct agentsys_json *json, const char *key, u64 value)
{
	char text[24];

	begin_value(json, key);
	put(json, text, (size_t)snprintf(text, sizeof(text), "%llu", value));
}

void agentsys_json_s64(struct agentsys_json *json, const char *key, s64 value)
{
	char text[24];

	begin_value(json, key);
	put(json, text, (size_t)snprintf(text, sizeof(text), "%lld", value));
}

void agentsys_json_bool(struct agentsys_json *json, const char *key, bool value)
{
	begin_value(json, key);
	put_text(json, value ? "true" : "false");
}

size_t agentsys_json_take(struct agentsys_json *json)
{
	size_t len = json->len;

	json->len = 0;
	return len;
}

bool agentsys_json_done(const struct agentsys_json *json)
{
	return !json->bad && !json->depth && json->filled & 1;
}
