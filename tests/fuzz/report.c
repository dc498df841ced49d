// SPDX-License-Identifier: GPL-2.0-only
/*
 * The texts of calls 500 and 502, made by the module's own code, for any agents
 * and events and a buffer of every size: whole JSON, as many of the newest
 * events as fit and no fewer; or the size needed, which must then do. Events
 * may come while the text is made.
 *
 * fuzz: -max_len=160 -runs=900
 * build: -Itests/fuzz/kernel
 */
#include <json-c/json.h>
#include <stdarg.h>

#include "fuzz.h"

#include "../../module/report.c"

#define AGENTS_MAX	3
#define RING		4
#define EVENTS_MAX	32
#define ROOM		16384

static struct {
	struct agentsys_totals totals;
	struct agentsys_agent agents[AGENTS_MAX];
	u64 cpu_us[AGENTS_MAX], memory[AGENTS_MAX];
	u32 nagents;
	struct agentsys_event events[EVENTS_MAX];	/* all there ever will be */
	u64 last;	/* how many there are by now */
	u64 left;	/* how many come while the text is made */
	bool killed;
	u64 writable;	/* bytes of user memory that can be written */
	char *user;
} world;

/* ---- what the module's code calls ---- */

void agentsys_totals(struct agentsys_totals *totals)
{
	*totals = world.totals;
}

struct agentsys_agent *agentsys_registry_next(u32 id)
{
	for (u32 i = 0; i < world.nagents; i++)
		if (world.agents[i].id >= id)
			return agentsys_agent_get(&world.agents[i]);
	return NULL;
}

void agentsys_agent_put(struct agentsys_agent *agent)
{
	agent->refs.refs--;
}

void agentsys_agent_status(struct agentsys_agent *agent, struct agentsys_status *status)
{
	*status = agent->status;
}

void agentsys_agent_usage(struct agentsys_agent *agent, u64 *cpu_us, u64 *memory)
{
	*cpu_us = world.cpu_us[agent - world.agents];
	*memory = world.memory[agent - world.agents];
}

u64 agentsys_event_last(void)
{
	return world.last;
}

bool agentsys_event_read(u64 after, struct agentsys_event *event, u64 *lost)
{
	u64 oldest;

	if (world.left) {
		world.left--;
		world.last++;
	}
	oldest = world.last > RING ? world.last - RING + 1 : 1;
	if (after + 1 < oldest) {
		*lost += oldest - 1 - after;
		after = oldest - 1;
	}
	if (after >= world.last)
		return false;
	*event = world.events[after];
	return true;
}

bool fatal_signal_pending(void *task)
{
	(void)task;
	return world.killed;
}

unsigned long copy_to_user(void *to, const void *from, unsigned long n)
{
	if ((u64)((char *)to - world.user) + n > world.writable)
		return n;
	memcpy(to, from, n);
	return 0;
}

void seq_puts(struct seq_file *seq, const char *s)
{
	(void)seq;
	(void)s;
}

void seq_printf(struct seq_file *seq, const char *format, ...)
{
	(void)seq;
	(void)format;
}

/* ---- what is expected ---- */

/* The text with the newest @n events of those there are, in one go. */
static size_t naive_text(char *text, u64 n)
{
	struct agentsys_json json;

	agentsys_json_init(&json, text, ROOM);
	agentsys_report_head(&json);
	for (u32 i = 0; i < world.nagents; i++)
		agentsys_report_agent(&json, &world.agents[i]);
	agentsys_report_middle(&json);
	for (u64 seq = world.last - n; seq < world.last; seq++)
		agentsys_report_event(&json, &world.events[seq]);
	agentsys_report_tail(&json);
	CHECK(json.len < ROOM && agentsys_json_done(&json));
	return json.len;
}

static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *read;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	read = json_tokener_parse_ex(tokener, text, (int)len + 1);
	CHECK(json_tokener_get_error(tokener) == json_tokener_success);
	CHECK(json_tokener_get_parse_end(tokener) == len);
	json_tokener_free(tokener);
	return read;
}

static struct json_object *member(struct json_object *in, const char *key)
{
	struct json_object *value = NULL;

	CHECK(json_object_object_get_ex(in, key, &value));
	return value;
}

/* Whole, with every agent, and events that follow each other. Returns how many of these. */
static size_t check_text(const char *text, size_t len)
{
	struct json_object *read = parse(text, len);
	struct json_object *agents = member(read, "agents");
	struct json_object *events = member(read, "recent_events");
	size_t n = json_object_array_length(events);
	u64 first = 0;

	CHECK(json_object_get_uint64(member(member(read, "system"), "active_agents")) ==
	      world.totals.active);
	CHECK((u32)json_object_object_length(agents) == world.nagents);
	for (u32 i = 0; i < world.nagents; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%u", world.agents[i].id);
		CHECK(json_object_get_uint64(member(member(agents, key), "memory_bytes")) ==
		      world.memory[i]);
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *event = json_object_array_get_idx(events, i);
		u64 seq = json_object_get_uint64(member(event, "seq"));

		CHECK(seq >= 1 && seq <= world.last);
		first = i ? first : seq;
		CHECK(seq > first || !i);
		CHECK(json_object_get_uint64(member(event, "value")) ==
		      world.events[seq - 1].value);
	}
	json_object_put(read);
	return n;
}

/* ---- the calls ---- */

struct call {
	u64 len;	/* as it comes back */
	ssize_t ret;
	char *text;	/* to be freed; to the byte, for the sanitizer */
};

static struct call telemetry(u64 cap)
{
	struct call call = { .len = cap, .text = malloc(cap ? cap : 1) };

	world.user = call.text;
	memset(call.text, '?', cap ? cap : 1);
	call.ret = agentsys_report_telemetry(call.text, &call.len);
	for (u32 i = 0; i < world.nagents; i++)
		CHECK(!world.agents[i].refs.refs);
	return call;
}

/* The texts with no event, with the newest one, the newest two and so on. */
static struct {
	char text[ROOM];
	size_t len;
} expected[RING + 1];

/* Nothing happens meanwhile: the text is the longest one that fits. */
static void check_quiet(u64 cap, u64 n)
{
	struct call call = telemetry(cap);

	while (n && expected[n].len >= cap)
		n--;
	CHECK(call.len == expected[n].len + 1);
	if (expected[n].len < cap) {
		CHECK(call.ret == (ssize_t)expected[n].len);
		CHECK(!memcmp(call.text, expected[n].text, call.len));
	} else {
		size_t at = 0;

		CHECK(call.ret == -EMSGSIZE);
		while (at < cap && call.text[at] == expected[0].text[at])
			at++;
		/* The beginning of the text, and nothing behind. */
		for (; at < cap; at++)
			CHECK(call.text[at] == '?');
	}
	free(call.text);
}

/* Every size at which the answer may become another one, and some more. */
static void check_sizes(u64 any)
{
	u64 all = world.last < RING ? world.last : RING;

	for (u64 n = 0; n <= all; n++)
		expected[n].len = naive_text(expected[n].text, n);
	CHECK(check_text(expected[all].text, expected[all].len) == all);
	for (u64 n = 0; n <= all; n++)
		for (u64 cap = expected[n].len - 1; cap < expected[n].len + 3; cap++)
			check_quiet(cap, all);
	check_quiet(any % 4, all);
	check_quiet(any % expected[all].len, all);
	check_quiet(any + expected[0].len, all);
}

/* Events come and go while it is made: the text may hold fewer, and is whole all the same. */
static void check_busy(u64 cap, u64 events)
{
	struct call call;

	world.left = EVENTS_MAX - world.last < events ? EVENTS_MAX - world.last : events;
	call = telemetry(cap);
	if (call.ret >= 0) {
		CHECK((u64)call.ret < cap && call.len == (u64)call.ret + 1);
		CHECK(strlen(call.text) == (size_t)call.ret);
		CHECK(check_text(call.text, call.ret) <= RING);
	} else {
		CHECK(call.ret == -EMSGSIZE);
		CHECK(call.len == expected[0].len + 1 && call.len > cap);
	}
	world.left = 0;
	free(call.text);
}

static void check_info(struct agentsys_agent *agent)
{
	struct json_object *read;
	u64 needed = 0, len;
	char *text;

	CHECK(agentsys_report_info(agent, NULL, &needed) == -EMSGSIZE);
	text = world.user = malloc(needed);
	len = needed - 1;
	CHECK(agentsys_report_info(agent, text, &len) == -EMSGSIZE && len == needed);
	CHECK(agentsys_report_info(agent, text, &len) == (ssize_t)needed - 1 && len == needed);
	read = parse(text, needed - 1);
	CHECK(json_object_get_uint64(member(read, "agent_id")) == agent->id);
	CHECK(json_object_get_int64(member(read, "pid")) == agent->status.pid);
	json_object_put(read);
	free(text);
}

/* Memory that ends too early, and a caller who is killed. */
static void check_failures(u64 cap, u64 writable)
{
	struct call whole = telemetry(cap), call;

	world.writable = writable;
	call = telemetry(cap);
	if (whole.ret < 0 || (u64)whole.ret < writable)
		CHECK(call.ret == whole.ret || call.ret == -EFAULT);
	else
		CHECK(call.ret == -EFAULT);
	world.writable = ~0ULL;
	free(call.text);
	free(whole.text);

	world.killed = true;
	call = telemetry(cap);
	CHECK(!world.nagents || call.ret == -EINTR);
	world.killed = false;
	free(call.text);
}

static void make_agent(struct agentsys_agent *agent, struct fuzz *in)
{
	u32 i = world.nagents++;
	char *name = fuzz_string(in, fuzz_u8(in) % (AGENTSYS_NAME_MAX + 1));

	memset(agent, 0, sizeof(*agent));
	agent->id = (i ? world.agents[i - 1].id + 1 : 2) + fuzz_u8(in);
	strcpy(agent->name, name);
	free(name);
	agent->status.state = fuzz_u8(in) % (__AGENTSYS_STATES + 1);
	agent->status.cause = fuzz_u8(in) % (__AGENTSYS_CAUSES + 1);
	agent->status.code = (s32)fuzz_any(in);
	agent->status.pid = (s32)fuzz_any(in);
	agent->status.start_ns = fuzz_any(in);
	agent->status.crashes = fuzz_any(in);
	agent->status.policy.condition = fuzz_u8(in) % (__AGENTSYS_RESTARTS + 1);
	world.cpu_us[i] = fuzz_any(in);
	world.memory[i] = fuzz_any(in);
}

static void make_events(struct fuzz *in, u8 seed)
{
	for (u64 i = 0; i < EVENTS_MAX; i++) {
		struct agentsys_event *event = &world.events[i];

		*event = (struct agentsys_event){
			.seq = i + 1,
			.type = fuzz_u8(in) % (__AGENTSYS_EVENTS + 1),
			.cause = (seed + i) % (__AGENTSYS_CAUSES + 1),
			.agent_id = (u32)fuzz_any(in),
			.code = (s32)fuzz_any(in),
			.value = fuzz_any(in),
		};
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	u8 agents, busy, seed;
	size_t most;

	memset(&world, 0, sizeof(world));
	world.writable = ~0ULL;
	agents = fuzz_u8(&in) % (AGENTS_MAX + 1);
	busy = fuzz_u8(&in);
	seed = fuzz_u8(&in);
	world.last = seed % (2 * RING + 1);
	world.totals.active = fuzz_any(&in);
	while (world.nagents < agents)
		make_agent(&world.agents[world.nagents], &in);
	make_events(&in, seed);

	check_sizes(busy * 8 + seed / 8);
	most = expected[world.last < RING ? world.last : RING].len;
	check_failures(most + 1 - seed % 4, busy * 8);
	for (u32 i = 0; i < world.nagents; i++)
		check_info(&world.agents[i]);
	check_busy(most - busy % 128, busy % 32);
	return 0;
}
