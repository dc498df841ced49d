/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A JSON writer into a buffer of fixed size. It puts the commas, and counts on
 * past the end of the buffer as snprintf does, so that the size needed can be
 * learned. A long text can be written piece by piece: take what is there, then
 * go on in the same buffer.
 */
#ifndef AGENTSYS_CORE_JSON_H
#define AGENTSYS_CORE_JSON_H

#include "env.h"

#define AGENTSYS_JSON_DEPTH 16

/**
 * struct agentsys_json - a text being written
 * @buf: where to, may be NULL when @cap is 0
 * @cap: bytes of @buf; the last one is kept for the terminator
 * @len: bytes of text since the start, or since the last take, written or not
 * @depth: how many objects and arrays are open
 * @filled: bit d: something stands in the open object or array of depth d already
 * @array: bit d: it is an array
 * @bad: misuse: nested too deeply, closed what was not open, a key missing or too many
 */
struct agentsys_json {
	char *buf;
	size_t cap;
	size_t len;
	u32 depth;
	u32 filled;
	u32 array;
	bool bad;
};

void agentsys_json_init(struct agentsys_json *json, char *buf, size_t cap);

/* @key is NULL for the outermost value and for elements of an array. */
void agentsys_json_object(struct agentsys_json *json, const char *key);
void agentsys_json_object_end(struct agentsys_json *json);
void agentsys_json_array(struct agentsys_json *json, const char *key);
void agentsys_json_array_end(struct agentsys_json *json);
void agentsys_json_string(struct agentsys_json *json, const char *key, const char *s);
void agentsys_json_string_n(struct agentsys_json *json, const char *key, const char *s, size_t len);
void agentsys_json_u64(struct agentsys_json *json, const char *key, u64 value);
void agentsys_json_s64(struct agentsys_json *json, const char *key, s64 value);
void agentsys_json_bool(struct agentsys_json *json, const char *key, bool value);

/* Bytes of text so far, which is terminated; the next one goes to the start of the buffer. */
size_t agentsys_json_take(struct agentsys_json *json);

/* Is the text complete: one value, everything closed, no misuse? */
bool agentsys_json_done(const struct agentsys_json *json);

#endif /* AGENTSYS_CORE_JSON_H */
