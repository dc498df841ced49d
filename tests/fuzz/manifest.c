// SPDX-License-Identifier: GPL-2.0-only
/*
 * Manifests: what is refused has a place in the file and a reason, what is taken keeps
 * to the rules, differs in nothing from itself, and each value has the line that somebody
 * finds who counts.
 *
 * fuzz: -max_len=2048 -runs=4000 -detect_leaks=0 -rss_limit_mb=4096
 * build: -Wno-missing-field-initializers -Dexit=leave $(pkg-config --cflags json-c)
 * build: tools/asmctl/manifest.c tools/asmctl/manifest_agent.c tools/asmctl/manifest_text.c
 * build: tools/asmctl/manifest_health.c tools/asmctl/manifest_changes.c
 * build: tools/asmctl/parse.c tools/asmctl/suggest.c
 * build: tools/asmctl/manifest_backend.c tools/asmctl/manifest_relations.c tools/asmctl/backend.c
 * build: tools/asmctl/manifest_limits.c
 * build: tools/asmctl/spec.c tools/asmctl/limit.c tools/asmctl/user.c tools/asmctl/paths.c
 * build: tools/asmctl/restarts.c tools/asmctl/endings.c tools/asmctl/format.c tools/libasm/spec.c
 * build: tools/libasm/backend.c tools/libasm/words.c
 */
#include <setjmp.h>
#include <stdarg.h>

#include "fuzz.h"

#include "../../tools/asmctl/health.h"
#include "../../tools/asmctl/helper.h"
#include "../../tools/asmctl/manifest.h"
#include "../../tools/asmctl/manifest_changes.h"
#include "../../tools/asmctl/manifest_text.h"

#define FILE_NAME "fuzz.json"

/* ---- what asmctl does with an error: here it comes back ---- */

/* Whoever ends with an error has not tidied up. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

const struct command *this_command;
static jmp_buf refused;
static const char *place;
static bool has_reason;

void errors_about(const char *about)
{
	place = about;
}

void complain(const char *format, ...)
{
	has_reason = *format;
}

void usage_error(const char *format, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, format);
	has_reason = vsnprintf(text, sizeof(text), format, ap) > 0;
	va_end(ap);
	longjmp(refused, 1);
}

void leave(int status)
{
	longjmp(refused, 1);
}

void out_of_memory(void)
{
	abort();
}

int exit_status_of(int error)
{
	return 1;
}

int group_status_of(int error)
{
	return 1;
}

const char *agentsys_error(const struct agentsys *h)
{
	return "";
}

/* What is checked is the helper's, which is not there. */
struct json_object *health_checks(char *const words[])
{
	return json_object_new_array();
}

int health_set(struct agentsys *h, uint32_t id, struct json_object *checks)
{
	abort();
}

struct json_object *helper_request(const char *what, uint32_t id)
{
	abort();
}

struct json_object *helper_ask(struct json_object *request)
{
	abort();
}

struct json_object *helper_agent(uint32_t id)
{
	abort();
}

int helper_need(struct agentsys *h)
{
	abort();
}

enum agentsys_step agentsys_error_step(const struct agentsys *h)
{
	return AGENTSYS_STEP_NONE;
}

/* ---- a text: bytes from 0x80 on are words of it, others themselves ---- */

static const char *const words[] = {
	"{\"version\": 1,\n", "\"groups\": [\n", "\"agents\": [", "{\"name\": \"",
	"\"command\": [\"/bin/sleep\"]", "\"strategy\": \"one_for_all\"", "\"budget\": ",
	"{\"restarts\": 3, \"within_s\": 60}", "\"backoff\": ",
	"{\"initial_ms\": 100, \"max_ms\": 200}", "\"env\": {", "\"cwd\": \"/tmp\"",
	"\"user\": \"root\"", "\"stdout\": \"null\"", "\"nice\": ",
	"\"rlimit\": {\"nofile\": \"9\"}", "\"restart\": ", "{\"when\": \"always\"",
	"\"max_restarts\": ", "\"limits\": {\"memory_max\": \"1M\"", "\"cpu\": \"50%\"",
	"\"jitter\": 5", "\"breaker\": \"3:5s\"", "\"success_status\": [2, \"HUP\"]",
	"\"pids_max\": 7", "\"stop\": {\"signal\": \"INT\"", "\"timeout_ms\": 100",
	"\"timeout\": \"1s\"", "\"clean_env\": true", "\"id\": ", "\"allow_new_privs\": false",
	"\"},\n", "}]", "},\n{", ",\n", "\"g\"", "\"a\"", "null", "1.5", "-1", "\\u0000", "\\\"",
	"12345678901234567890", "\"auto_shutdown\": \"any\"", "\"significant\": true",
	"\"backoff_kind\": \"linear\"", "\"policy\": {}", "\"requires\": [\"", "\"wants\": [\"",
	"\"links\": [\"a\", \"g/a\"]", "\"peers\": [\"", "\"g/a\"", "\"members_max\": ",
};

#define WORDS (sizeof(words) / sizeof(*words))

static char *make_text(const uint8_t *data, size_t size, size_t *length)
{
	char *text;
	FILE *stream = open_memstream(&text, length);

	CHECK(stream);
	for (size_t i = 0; i < size; i++)
		if (data[i] < 0x80)
			fputc(data[i], stream);
		else
			fputs(words[(data[i] - 0x80) % WORDS], stream);
	CHECK(!fclose(stream));
	return text;
}

/* ---- lines ---- */

static const char *after_string(const char *s, const char *end)
{
	for (s++; s < end && *s != '"'; s++)
		s += *s == '\\';
	return s + 1;
}

/* From the start again each time. */
static uintptr_t naive_line(const char *text, const char *s)
{
	uintptr_t line = 1;

	while (text < s)
		line += *text++ == '\n';
	return line;
}

/* The next value in the text, behind the keys and signs in front of it. */
static const char *next_value(const char *s, const char *end)
{
	for (;;) {
		const char *behind = s;

		while (s < end && strchr(" \t\r\n,:]}", *s))
			s++;
		if (s >= end || *s != '"')
			return s;
		behind = after_string(s, end);
		while (behind < end && strchr(" \t\r\n", *behind))
			behind++;
		if (behind >= end || *behind != ':')
			return s;
		s = after_string(s, end);
	}
}

static const char *check_lines(struct json_object *value, const char *text, const char *s,
			       const char *end)
{
	struct json_object_iter it;

	s = next_value(s, end);
	CHECK(s < end && (uintptr_t)json_object_get_userdata(value) == naive_line(text, s));
	switch (json_object_get_type(value)) {
	case json_type_object:
		s++;
		json_object_object_foreachC(value, it)
			s = check_lines(it.val, text, s, end);
		return s;
	case json_type_array:
		s++;
		for (size_t i = 0; i < json_object_array_length(value); i++)
			s = check_lines(json_object_array_get_idx(value, i), text, s, end);
		return s;
	case json_type_string:
		return after_string(s, end);
	default:
		return s + strcspn(s, " \t\r\n,:]}");
	}
}

/* "fuzz.json:3: ...", in a line that there is. */
static void check_place(const char *text, size_t length)
{
	size_t lines = 1, line;

	CHECK(has_reason && place && !strncmp(place, FILE_NAME ":", strlen(FILE_NAME) + 1));
	while (length--)
		lines += *text++ == '\n';
	line = strtoul(place + strlen(FILE_NAME) + 1, NULL, 10);
	CHECK(line >= 1 && line <= lines);
}

/* ---- what is taken ---- */

static size_t count_named(const struct member *in, const char *group)
{
	size_t n = in->is_group && !strcmp(in->name, group);

	for (const struct member *member = in->first; member; member = member->next)
		n += count_named(member, group);
	return n;
}

/* How many members stand ahead of @agent in the file? */
static size_t place_of(const struct member *agent)
{
	const struct member *member = agent;
	size_t n = 0;

	while (member->up)
		member = member->up;
	for (; member != agent; member = next_member(member))
		n++;
	return n;
}

static void check_wish(const struct member *agent, const struct wish *wish)
{
	CHECK(wish->kind < __AGENTSYS_RELATIONS && wish->place && !wish->outside);
	if (!wish->to)
		return;
	CHECK(wish->to != agent && !wish->to->is_group);
	if (wish->kind == AGENTSYS_RELATION_REQUIRES || wish->kind == AGENTSYS_RELATION_WANTS)
		CHECK(place_of(wish->to) < place_of(agent));
}

static void check_agent(const struct member *agent)
{
	struct json_object *noted = json_object_new_object(), *changes, *command;

	CHECK(agent->spec && json_object_object_get_ex(agent->made_of, "command", &command));
	CHECK(json_object_array_length(command) >= 1);
	CHECK(*json_object_get_string(json_object_array_get_idx(command, 0)) == '/');
	CHECK(agent->restart.restart < __AGENTSYS_RESTARTS);
	CHECK(agent->restart.max_restarts <= INT32_MAX);
	CHECK(agent->restart.backoff_initial_ms <= agent->restart.backoff_max_ms);
	for (size_t i = 0; i < agent->nwishes; i++)
		check_wish(agent, &agent->wishes[i]);
	json_object_object_add(noted, "made_of", json_object_get(agent->made_of));
	CHECK(agent_difference(agent, &agent->restart, noted, &changes) == SAME && !changes);
	json_object_put(noted);
}

static void check_group(const struct member *root, const struct member *group, int depth)
{
	const struct group_policy *policy = &group->policy;

	CHECK(depth <= AGENTSYS_TREE_DEPTH && count_named(root, group->name) == 1);
	CHECK(policy->strategy < __AGENTSYS_STRATEGIES && policy->budget <= AGENTSYS_BUDGET_MAX);
	CHECK(policy->within_ms && policy->within_ms <= 86400000);
	CHECK(policy->initial_ms <= policy->max_ms);
	CHECK(policy->members_max && policy->members_max <= AGENTSYS_MEMBERS_MAX);
	for (const struct member *member = group->first; member; member = member->next) {
		CHECK(*member->name && strlen(member->name) <= AGENTSYS_NAME_MAX);
		CHECK(member->up == group);
		for (const struct member *other = member->next; other; other = other->next)
			CHECK(other->is_group != member->is_group ||
			      strcmp(other->name, member->name));
		if (member->is_group)
			check_group(root, member, depth + 1);
		else
			check_agent(member);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	volatile size_t length;
	struct json_object *volatile json = NULL;
	struct member *root;
	char *volatile text;

	text = make_text(data, size, (size_t *)&length);
	place = NULL;
	has_reason = false;
	if (setjmp(refused)) {
		check_place(text, length);
	} else {
		json = manifest_parse(FILE_NAME, text, length);
		check_lines(json, text, text, text + length);
		root = manifest_check(json);
		CHECK(!place);
		check_group(root, root, 0);
		manifest_free(root);
	}
	json_object_put(json);
	free(text);
	return 0;
}
