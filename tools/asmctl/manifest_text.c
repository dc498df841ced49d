// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES (16 << 20)
#define PLACE_MAX      1024

/* Which file it is; there is one manifest at a time. */
static const char *file;

/* Where the text is gone through, or 0. */
static size_t line_now;

/* ---- errors ---- */

/* As much of the path as there is room for. */
static size_t put_path(char *buf, size_t room, const struct at *at)
{
	size_t used = at->up ? put_path(buf, room, at->up) : 0;
	int n = 0;

	if (at->key)
		n = snprintf(buf + used, room - used, "%s%s", used ? "." : "", at->key);
	else if (at->up)
		n = snprintf(buf + used, room - used, "[%zu]", at->index);
	used += n;
	return used < room ? used : room - 1;
}

static size_t line_of(const struct at *at)
{
	while (at && !at->value)
		at = at->up;
	return line_now ? line_now : at ? (uintptr_t)json_object_get_userdata(at->value) : 0;
}

static void put_place(char buf[2 * PLACE_MAX], const struct at *at)
{
	char path[PLACE_MAX] = "";

	put_path(path, sizeof(path), at);
	snprintf(buf, 2 * PLACE_MAX, "%.512s:%zu%s%s", file, line_of(at), *path ? ": " : "", path);
}

void manifest_about(const struct at *at)
{
	static char place[2 * PLACE_MAX];

	put_place(place, at);
	errors_about(place);
}

char *manifest_place(const struct at *at)
{
	char place[2 * PLACE_MAX], *copy;

	put_place(place, at);
	copy = strdup(place);
	if (!copy)
		out_of_memory();
	return copy;
}

void manifest_about_no_more(void)
{
	errors_about(NULL);
}

void manifest_wrong(const struct at *at, const char *format, ...)
{
	char text[PLACE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	manifest_about(at);
	usage_error("%s", text);
}

/* ---- lines: json-c does not tell them, so the text is gone through once more ---- */

/**
 * struct scan - a text that json-c could read
 * @at: the next character
 * @end: behind the last one
 * @line: the line of @at
 */
struct scan {
	const char *at, *end;
	size_t line;
};

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && strchr(" \t\r\n", *scan->at))
		scan->line += *scan->at++ == '\n';
}

/* Over the string that begins here, with its quotes. */
static void skip_string(struct scan *scan)
{
	scan->at++;
	while (scan->at < scan->end && *scan->at != '"') {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			scan->at++;
		scan->line += *scan->at++ == '\n';
	}
	if (scan->at < scan->end)
		scan->at++;
}

/* Over @c, if that is next. */
static bool skip(struct scan *scan, char c)
{
	skip_blanks(scan);
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static void need_text(const struct at *at, struct json_object *string)
{
	if (strlen(json_object_get_string(string)) != (size_t)json_object_get_string_len(string))
		manifest_wrong(at, "there is a character 0 in it");
}

/* The key that begins here, as a string of JSON. */
static struct json_object *take_key(struct scan *scan, const struct at *at)
{
	const char *from = scan->at;
	struct json_tokener *tokener;
	struct json_object *key;

	if (!skip(scan, '"'))
		return NULL;
	from = --scan->at;
	skip_string(scan);
	tokener = json_tokener_new();
	if (!tokener)
		out_of_memory();
	key = json_tokener_parse_ex(tokener, from, scan->at - from);
	json_tokener_free(tokener);
	if (!json_object_is_type(key, json_type_string)) {
		json_object_put(key);
		return NULL;
	}
	need_text(at, key);
	return key;
}

static bool begins(char c, enum json_type type)
{
	return type == json_type_object ? c == '{' :
	       type == json_type_array	? c == '[' :
	       type == json_type_string ? c == '"' :
					  !strchr("{[\"", c);
}

static void note_lines(struct scan *scan, const struct at *at);

/* json-c keeps the last value of a key, so that the text of others is not what it tells. */
static const char twice[] = "a key is there twice";

static void note_member(struct scan *scan, const struct at *at, struct json_object *key)
{
	struct at below = at_key(at, json_object_get_string(key));

	if (!json_object_object_get_ex(at->value, below.key, NULL))
		manifest_wrong(at, twice);
	line_now = scan->line;
	if (!json_object_is_type(below.value, json_type_double) && below.value &&
	    json_object_get_userdata(below.value))
		manifest_wrong(&below, "this key is there twice");
	skip(scan, ':');
	note_lines(scan, &below);
}

/* The value that begins here is @at: note the lines of all in it. */
static void note_lines(struct scan *scan, const struct at *at)
{
	size_t i = 0;

	skip_blanks(scan);
	line_now = scan->line;
	if (!at->value)
		manifest_wrong(at, "null is no value: leave the key out");
	if (scan->at == scan->end || !begins(*scan->at, json_object_get_type(at->value)))
		manifest_wrong(at, twice);
	if (json_object_is_type(at->value, json_type_double))
		manifest_wrong(at, "only whole numbers can be here");
	json_object_set_userdata(at->value, (void *)(uintptr_t)scan->line, NULL);
	switch (json_object_get_type(at->value)) {
	case json_type_object:
		skip(scan, '{');
		while (!skip(scan, '}')) {
			struct json_object *key = take_key(scan, at);

			if (!key)
				manifest_wrong(at, twice);
			note_member(scan, at, key);
			json_object_put(key);
			skip(scan, ',');
		}
		break;
	case json_type_array:
		skip(scan, '[');
		while (!skip(scan, ']')) {
			struct at below = at_index(at, i);

			if (i++ == json_object_array_length(at->value))
				manifest_wrong(at, twice);
			note_lines(scan, &below);
			skip(scan, ',');
		}
		break;
	case json_type_string:
		need_text(at, at->value);
		skip_string(scan);
		break;
	default:
		while (scan->at < scan->end && !strchr(" \t\r\n,]}", *scan->at))
			scan->at++;
	}
}

/* ---- reading ---- */

NORETURN static void syntax_error(const char *text, size_t at, const char *why)
{
	static char place[PLACE_MAX];
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	snprintf(place, sizeof(place), "%.512s:%zu:%zu", file, line, column);
	errors_about(place);
	usage_error("this is not JSON: %s", why);
}

struct json_object *manifest_parse(const char *path, const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct scan scan = { text, text + length, 1 };
	enum json_tokener_error error;
	struct json_object *object;
	struct at top = { 0 };
	size_t end;

	if (!tokener)
		out_of_memory();
	file = path;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, length);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_continue)
		syntax_error(text, length, "it ends too early");
	if (error != json_tokener_success)
		syntax_error(text, end, json_tokener_error_desc(error));
	scan.at += end;
	skip_blanks(&scan);
	if (scan.at < scan.end)
		syntax_error(text, scan.at - text, "something stands behind its end");

	scan = (struct scan){ text, text + length, 1 };
	top.value = object;
	note_lines(&scan, &top);
	line_now = 0;
	return object;
}

/* @fd: negative if it could not be opened */
static char *read_file(int fd, const char *path, size_t *length)
{
	char *text = NULL;
	ssize_t n = fd;

	for (*length = 0; n >= 0; *length += n) {
		if (*length > FILE_MAX_BYTES) {
			errno = EFBIG;
			n = -1;
			break;
		}
		/* One byte more, for a terminator. */
		text = realloc(text, *length + 65537);
		if (!text)
			out_of_memory();
		n = read(fd, text + *length, 65536);
		if (n <= 0)
			break;
	}
	if (n < 0) {
		complain("cannot read \"%s\": %s", path, strerror(errno));
		exit(EXIT_FAILED);
	}
	close(fd);
	text[*length] = '\0';
	return text;
}

struct json_object *manifest_read(const char *path)
{
	return manifest_from(open(path, O_RDONLY | O_CLOEXEC), path);
}

struct json_object *manifest_from(int fd, const char *path)
{
	size_t length;
	char *text = read_file(fd, path, &length);
	struct json_object *object = manifest_parse(path, text, length);

	free(text);
	return object;
}

/* ---- looking into it ---- */

struct at at_key(const struct at *at, const char *key)
{
	struct at below = { at, key, 0, NULL };

	json_object_object_get_ex(at->value, key, &below.value);
	return below;
}

struct at at_index(const struct at *at, size_t index)
{
	return (struct at){ at, NULL, index, json_object_array_get_idx(at->value, index) };
}

static void need_type(const struct at *at, enum json_type type, const char *what)
{
	if (!at->value)
		manifest_wrong(at, "is missing");
	if (!json_object_is_type(at->value, type))
		manifest_wrong(at, "is not %s", what);
}

void need_object(const struct at *at)
{
	need_type(at, json_type_object, "an object, as {\"key\": ...}");
}

void need_array(const struct at *at)
{
	need_type(at, json_type_array, "an array, as [...]");
}

const char *need_string(const struct at *at)
{
	need_type(at, json_type_string, "a string, as \"...\"");
	return json_object_get_string(at->value);
}

bool need_bool(const struct at *at)
{
	need_type(at, json_type_boolean, "true or false");
	return json_object_get_boolean(at->value);
}

/* Whoever was not near to any is told of all. */
NORETURN static void no_such_key(const struct at *at, const char *const names[], size_t n)
{
	char text[PLACE_MAX] = "";
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s", i ? ", " : "", names[i]);
	manifest_wrong(at, "there is no such key; there are %s", text);
}

void need_keys(const struct at *at, const char *const names[], size_t n)
{
	need_object(at);
	json_object_object_foreach(at->value, key, value)
	{
		struct at below = { at, key, 0, value };
		const char *meant;
		size_t i = 0;

		while (i < n && strcmp(key, names[i]))
			i++;
		if (i < n)
			continue;
		meant = nearest(key, names, n);
		if (meant)
			manifest_wrong(&below, "there is no such key; did you mean '%s'?", meant);
		no_such_key(&below, names, n);
	}
}
