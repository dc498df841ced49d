// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON writer, called in any order, rightly and wrongly. A text that it
 * calls complete must be read by json-c as the tree that was meant; in a buffer
 * of any size the beginning of the same text must stand, and pieces must add up.
 *
 * fuzz: -max_len=128 -runs=1500
 */
#include <json-c/json.h>

#include "fuzz.h"
#include "json.h"

#define OPS_MAX		64
#define STRING_MAX	12

enum op_type { OBJECT, OBJECT_END, ARRAY, ARRAY_END, STRING, U64, S64, BOOL, OP_TYPES };

struct op {
	enum op_type type;
	char *key;
	char *string;
	size_t len;
	u64 number;
};

struct script {
	struct op ops[OPS_MAX];
	size_t n;
};

/* ---- what is written ---- */

static void write_op(struct agentsys_json *json, const struct op *op)
{
	switch (op->type) {
	case OBJECT:
		agentsys_json_object(json, op->key);
		break;
	case OBJECT_END:
		agentsys_json_object_end(json);
		break;
	case ARRAY:
		agentsys_json_array(json, op->key);
		break;
	case ARRAY_END:
		agentsys_json_array_end(json);
		break;
	case STRING:
		if (op->number & 1)
			agentsys_json_string(json, op->key, op->string);
		else
			agentsys_json_string_n(json, op->key, op->string, op->len);
		break;
	case U64:
		agentsys_json_u64(json, op->key, op->number);
		break;
	case S64:
		agentsys_json_s64(json, op->key, (s64)op->number);
		break;
	default:
		agentsys_json_bool(json, op->key, op->number & 1);
	}
}

static void write_all(struct agentsys_json *json, const struct script *script)
{
	for (size_t i = 0; i < script->n; i++)
		write_op(json, &script->ops[i]);
}

/* ---- what is meant: a tree of json-c, or nothing ---- */

struct tree {
	struct json_object *root;
	struct json_object *open[AGENTSYS_JSON_DEPTH + 1];
	int depth;
	bool bad;
};

/* What is no UTF-8 becomes U+FFFD, byte by byte. */
static struct json_object *meant_string(const char *s, size_t len)
{
	char text[3 * STRING_MAX];
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		size_t character = fuzz_utf8(s + at, len - at);

		memcpy(text + n, character ? s + at : "\xef\xbf\xbd", character ? character : 3);
		n += character ? character : 3;
		at += character ? character : 1;
	}
	return json_object_new_string_len(text, (int)n);
}

static struct json_object *meant_value(const struct op *op)
{
	switch (op->type) {
	case OBJECT:
		return json_object_new_object();
	case ARRAY:
		return json_object_new_array();
	case STRING:
		return meant_string(op->string, op->number & 1 ? strlen(op->string) : op->len);
	case U64:
		return json_object_new_uint64(op->number);
	case S64:
		return json_object_new_int64((int64_t)op->number);
	default:
		return json_object_new_boolean(op->number & 1);
	}
}

static void add_value(struct tree *tree, const struct op *op, struct json_object *value)
{
	struct json_object *in = tree->depth ? tree->open[tree->depth - 1] : NULL;

	if (!in && !tree->root && !op->key) {
		tree->root = value;
	} else if (in && json_object_is_type(in, json_type_array) && !op->key) {
		json_object_array_add(in, value);
	} else if (in && json_object_is_type(in, json_type_object) && op->key) {
		struct json_object *key = meant_string(op->key, strlen(op->key));

		json_object_object_add(in, json_object_get_string(key), value);
		json_object_put(key);
	} else {
		json_object_put(value);
		tree->bad = true;
	}
}

static void mean_op(struct tree *tree, const struct op *op)
{
	struct json_object *value;

	if (tree->bad)
		return;
	if (op->type == OBJECT_END || op->type == ARRAY_END) {
		enum json_type type = op->type == ARRAY_END ? json_type_array : json_type_object;

		if (tree->depth && json_object_is_type(tree->open[tree->depth - 1], type))
			tree->depth--;
		else
			tree->bad = true;
		return;
	}
	value = meant_value(op);
	add_value(tree, op, value);
	if (tree->bad || (op->type != OBJECT && op->type != ARRAY))
		return;
	if (tree->depth == AGENTSYS_JSON_DEPTH)
		tree->bad = true;
	else
		tree->open[tree->depth++] = value;
}

/* ---- the comparison ---- */

static void check_read(const char *text, size_t len, struct json_object *meant)
{
	struct json_tokener *tokener = json_tokener_new_ex(AGENTSYS_JSON_DEPTH + 2);
	struct json_object *read;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* With the terminator: a number alone has no other end. */
	read = json_tokener_parse_ex(tokener, text, (int)len + 1);
	CHECK(json_tokener_get_error(tokener) == json_tokener_success);
	CHECK(json_tokener_get_parse_end(tokener) == len);
	CHECK(json_object_equal(read, meant));
	json_object_put(read);
	json_tokener_free(tokener);
}

/* Nothing that makes a terminal do things stands there as it is. */
static void check_harmless(const char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = fuzz_utf8(text + at, len - at);
		CHECK(n && !fuzz_control(text + at, n));
	}
}

static void check_every_size(const struct script *script, const char *whole, size_t len, bool done)
{
	for (size_t cap = 0; cap < len + 2; cap++) {
		char *text = malloc(cap ? cap : 1);	/* to the byte, for the sanitizer */
		size_t kept = cap - 1 < len ? cap - 1 : len;
		struct agentsys_json json;

		agentsys_json_init(&json, cap ? text : NULL, cap);
		write_all(&json, script);
		CHECK(agentsys_json_done(&json) == done);
		CHECK(json.len == len);
		if (cap)
			CHECK(!memcmp(text, whole, kept) && !text[kept]);
		CHECK(agentsys_json_take(&json) == len);
		free(text);
	}
}

/* Each piece that fits is where it should be in the text. */
static void check_pieces(const struct script *script, const char *whole, size_t len, bool done,
			 size_t cap)
{
	char *piece = malloc(cap);
	struct agentsys_json json;
	size_t at = 0, n;

	agentsys_json_init(&json, piece, cap);
	for (size_t i = 0; i < script->n; i++) {
		write_op(&json, &script->ops[i]);
		if (i % 3)
			continue;
		n = agentsys_json_take(&json);
		CHECK(strlen(piece) == (n < cap ? n : cap - 1));
		CHECK(!memcmp(piece, whole + at, strlen(piece)));
		at += n;
	}
	CHECK(at + agentsys_json_take(&json) == len);
	CHECK(agentsys_json_done(&json) == done);
	free(piece);
}

static void check_script(const struct script *script, size_t cap)
{
	static char text[1 << 16];
	struct agentsys_json json;
	struct tree tree = { 0 };
	bool done;

	for (size_t i = 0; i < script->n; i++)
		mean_op(&tree, &script->ops[i]);
	done = tree.root && !tree.depth && !tree.bad;

	agentsys_json_init(&json, text, sizeof(text));
	write_all(&json, script);
	CHECK(json.len < sizeof(text) && json.len == strlen(text));
	CHECK(agentsys_json_done(&json) == done);
	CHECK(json.bad == tree.bad);
	check_harmless(text, json.len);
	if (done)
		check_read(text, json.len, tree.root);
	check_every_size(script, text, json.len, done);
	check_pieces(script, text, json.len, done, cap);
	json_object_put(tree.root);
}

/* ---- the script ---- */

/* Rightly mostly: a high bit does something wrong. */
static void add_op(struct script *script, struct fuzz *in, u32 *objects, u32 *depth)
{
	struct op *op = &script->ops[script->n++];
	u8 choice = fuzz_u8(in);
	bool wrong = choice >= 0xf0;
	bool keyed = (*depth && *objects & 1) != wrong;

	*op = (struct op){ .type = choice % OP_TYPES };
	if ((op->type == OBJECT_END || op->type == ARRAY_END) && !wrong)
		op->type = *objects & 1 ? OBJECT_END : ARRAY_END;
	if (op->type == OBJECT_END || op->type == ARRAY_END) {
		*objects >>= 1;
		*depth -= !!*depth;
		return;
	}
	if (keyed)
		op->key = fuzz_string(in, choice / OP_TYPES % 4);
	if (op->type == OBJECT || op->type == ARRAY) {
		*objects = *objects << 1 | (op->type == OBJECT);
		(*depth)++;
	} else if (op->type == STRING) {
		op->number = fuzz_u8(in);
		op->string = fuzz_bytes(in, op->number / 2 % STRING_MAX, &op->len);
	} else {
		op->number = fuzz_any(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct script script = { .n = 0 };
	size_t cap = 1 + fuzz_u8(&in) % 64;
	bool close = !(fuzz_u8(&in) & 1);
	u32 objects = 0, depth = 0;

	while (in.left && script.n < OPS_MAX / 2)
		add_op(&script, &in, &objects, &depth);
	for (; close && depth && script.n < OPS_MAX; depth--, objects >>= 1)
		script.ops[script.n++].type = objects & 1 ? OBJECT_END : ARRAY_END;
	check_script(&script, cap);
	for (size_t i = 0; i < script.n; i++) {
		free(script.ops[i].key);
		free(script.ops[i].string);
	}
	return 0;
}
