/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Manifests as text: the JSON of a file, where each value knows its line, and
 * errors that name file, line and path.
 */
#ifndef ASMCTL_MANIFEST_TEXT_H
#define ASMCTL_MANIFEST_TEXT_H

#include <json-c/json.h>

#include "asmctl.h"

/**
 * struct at - a value in a manifest, and how it is reached
 * @up: what it is in, or NULL
 * @key: its key there, or NULL if that is an array
 * @index: its place there
 * @value: itself
 */
struct at {
	const struct at *up;
	const char *key;
	size_t index;
	struct json_object *value;
};

/*
 * The JSON of the file @path. In it is no null, no fraction, no key twice in an object
 * and no character 0; whoever wrote something else is told so, and asmctl exits. The
 * result is the caller's, and must not be copied deeply: it carries lines.
 */
struct json_object *manifest_read(const char *path);

/* The same of what can be read from @fd, which is closed. */
struct json_object *manifest_from(int fd, const char *path);

/* The same of @length bytes of text, called @path. */
struct json_object *manifest_parse(const char *path, const char *text, size_t length);

/* "tree.json:12: groups[1].agents[0].name" is what errors are about from now on. */
void manifest_about(const struct at *at);

/* That, to be told later; free() frees it. */
char *manifest_place(const struct at *at);

/* And about the command line again. */
void manifest_about_no_more(void);

/* What is wrong with a value; exits. */
PRINTF(2, 3) NORETURN void manifest_wrong(const struct at *at, const char *format, ...);

/* What is below @at under @key; its value is NULL if there is nothing. */
struct at at_key(const struct at *at, const char *key);
struct at at_index(const struct at *at, size_t index);

/* These exit unless it is one. */
void need_object(const struct at *at);
void need_array(const struct at *at);
const char *need_string(const struct at *at);
bool need_bool(const struct at *at);

/* Exits if a key of the object is none of @n names, and says which may have been meant. */
void need_keys(const struct at *at, const char *const names[], size_t n);

#endif
