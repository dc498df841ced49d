// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences about events, whatever is in them, against the same sentences put
 * together with room for all: none may be cut, in a buffer of any size.
 *
 * fuzz: -max_len=64 -runs=30000
 */
#include "fuzz.h"
#include "names.h"

#define ROOM 1024

static void naive_end(const struct agentsys_event *event, s32 code, char *text)
{
	static const char *const words[] = {
		[AGENTSYS_CAUSE_NONE] = "none",
		[AGENTSYS_CAUSE_EXIT] = "code %d",
		[AGENTSYS_CAUSE_SIGNAL] = "signal %d",
		[AGENTSYS_CAUSE_OOM] = "out of memory",
		[AGENTSYS_CAUSE_STOP] = "stopped",
		[AGENTSYS_CAUSE_KILL] = "killed",
		[AGENTSYS_CAUSE_RESTART] = "to be restarted",
		[AGENTSYS_CAUSE_GROUP] = "stopped with its group",
		[AGENTSYS_CAUSE_LAUNCH] = "launch failed, error %d",
		[AGENTSYS_CAUSE_DEPENDENCY] = "stopped with what it requires",
		[AGENTSYS_CAUSE_LINK] = "killed for a linked agent",
	};

	if (event->cause == AGENTSYS_CAUSE_FAULT) {
		snprintf(text, ROOM, "%s", agentsys_fault_text((u32)code));
		return;
	}
	snprintf(text, ROOM, event->cause < ARRAY_SIZE(words) ? words[event->cause] : "unknown",
		 code);
}

static void naive_launch(const struct agentsys_event *event, char *text)
{
	/* An errno that is no launch's has no text. */
	if (agentsys_error_text((u32)event->code))
		snprintf(text, ROOM, "%s: %s", agentsys_step_text((u32)event->value),
			 strerror(event->code));
	else
		snprintf(text, ROOM, "%s: error %u", agentsys_step_text((u32)event->value),
			 (u32)event->code);
}

/*
 * In a sentence: %c the code, %v the value, %e the end, %o the end of another, %l the
 * failed launch, %r the condition, %f the fault, %F its name, %L limits;
 * of a group, %n its name, %i the instance.
 */
static const char *const sentences[__AGENTSYS_EVENTS] = {
	[AGENTSYS_EVENT_SPAWN] = "spawned",
	[AGENTSYS_EVENT_EXEC] = "executed another program",
	[AGENTSYS_EVENT_EXIT] = "exited (%e)",
	[AGENTSYS_EVENT_CRASH] = "crashed (%e)",
	[AGENTSYS_EVENT_RESTART_SCHEDULED] = "restart %c in %v ms",
	[AGENTSYS_EVENT_RESTART] = "restarted (restart %c)",
	[AGENTSYS_EVENT_STOP] = "asked to stop (signal %c)",
	[AGENTSYS_EVENT_KILL] = "killed",
	[AGENTSYS_EVENT_FAILED] = "failed (%c of %v restarts used)",
	[AGENTSYS_EVENT_LAUNCH_FAILED] = "not started (%l)",
	[AGENTSYS_EVENT_ATTACH] = "attached",
	[AGENTSYS_EVENT_PAUSE] = "paused",
	[AGENTSYS_EVENT_RESUME] = "resumed",
	[AGENTSYS_EVENT_REMOVE] = "removed",
	[AGENTSYS_EVENT_POLICY] = "is restarted %r, at most %v times",
	[AGENTSYS_EVENT_CIRCUIT_OPEN] = "circuit open for %v ms after %c restarts in a row",
	[AGENTSYS_EVENT_REQUIRED] = "is not started: it requires agent %c",
	[AGENTSYS_EVENT_LINK] = "is killed: it is linked to agent %c, which crashed",
	[AGENTSYS_EVENT_DOWN] = "is told that agent %c ended (%o)",
	[AGENTSYS_EVENT_FAULT] = "fault: %f",
	[AGENTSYS_EVENT_WARNING] = "warning: close to %F",
	[AGENTSYS_EVENT_PRESSURE] = "waits for %p %V %% of the time",
	[AGENTSYS_EVENT_LIMITS] = "has other limits: %L",
	[AGENTSYS_EVENT_GROUP_RESTART] = "Group %n restarts in %v ms after the end of agent %c (restart %i)",
	[AGENTSYS_EVENT_GROUP_STARTED] = "Group %n started",
	[AGENTSYS_EVENT_GROUP_STOPPED] = "Group %n stopped as asked",
	[AGENTSYS_EVENT_GROUP_FAILED] = "Group %n failed after the end of agent %c (%i restarts, %v allowed)",
};

static bool is_of_group(const struct agentsys_event *event)
{
	return event->type < ARRAY_SIZE(sentences) && sentences[event->type] &&
	       !strncmp(sentences[event->type], "Group", 5);
}

static const char *find_sentence(const struct agentsys_event *event)
{
	if (event->type == AGENTSYS_EVENT_GROUP_RESTART && !event->code)
		return "Group %n restarts as asked";
	if (event->type == AGENTSYS_EVENT_GROUP_RESTART && event->cause == AGENTSYS_CAUSE_GROUP)
		return "Group %n restarts in %v ms after the end of agent %c "
		       "(restart %i of its group)";
	if (event->type == AGENTSYS_EVENT_GROUP_STOPPED && event->cause == AGENTSYS_CAUSE_GROUP)
		return "Group %n stopped with its group";
	if (event->type == AGENTSYS_EVENT_GROUP_STOPPED && event->cause == AGENTSYS_CAUSE_EXIT)
		return "Group %n stopped: its significant agent %c is done";
	if (event->type == AGENTSYS_EVENT_GROUP_STOPPED && event->code)
		return "Group %n stopped for a shutdown";
	if (is_of_group(event))
		return sentences[event->type];
	if (!event->agent_id && event->type == AGENTSYS_EVENT_LAUNCHER)
		return "Launcher ended (%e), %v in a row";
	if (!event->agent_id && event->type == AGENTSYS_EVENT_SHUTDOWN)
		return "Shutdown of all agents within %v ms";
	if (!event->agent_id && event->type == AGENTSYS_EVENT_LIMITS)
		return "New agents have other limits: %L";
	if (!event->agent_id)
		return "Event %t";
	if (event->type == AGENTSYS_EVENT_POLICY && event->code == AGENTSYS_RESTART_NEVER)
		return "is not restarted any more";
	if (event->type == AGENTSYS_EVENT_POLICY && event->value >= AGENTSYS_RESTARTS_UNLIMITED)
		return "is restarted %r";
	if (event->type == AGENTSYS_EVENT_FAILED && event->value >= AGENTSYS_RESTARTS_UNLIMITED)
		return "failed: the budget of its group is spent (%c restarts)";
	if (event->type == AGENTSYS_EVENT_FAILED && !event->value &&
	    event->cause == AGENTSYS_CAUSE_LAUNCH)
		return "failed: its start did, and is not repeated";
	if (event->type == AGENTSYS_EVENT_REQUIRED && !event->value)
		return "is stopped: it requires agent %c";
	if (event->type == AGENTSYS_EVENT_REQUIRED && event->value == 1)
		return "waits for agent %c";
	if (event->type == AGENTSYS_EVENT_LINK && !event->value)
		return "survives: it is linked to agent %c, which crashed";
	if (event->type == AGENTSYS_EVENT_RESTART && !event->code)
		return "restarted with its group";
	if (event->type < ARRAY_SIZE(sentences) && sentences[event->type])
		return sentences[event->type];
	return "event %t";
}

/* The first three, each behind the one before, and then how many there were. */
static void naive_limits(u64 changed, char *text)
{
	int n = 0;

	for (u32 i = 0; changed; i++, changed >>= 1)
		if (changed & 1 && ++n <= 3)
			sprintf(text + strlen(text), "%s%s", n == 1 ? "" : ", ",
				agentsys_limit_name(i));
	if (n > 3)
		sprintf(text + strlen(text), " and %d more", n - 3);
}

static void naive_text(const struct agentsys_event *event, char *text)
{
	static const char *const conditions[] = { "never", "on-failure", "always",
						      "on-abnormal" };
	static const char *const pressures[] = { "memory", "the CPU", "I/O" };
	char part[ROOM];

	text[0] = '\0';
	if (event->agent_id && !is_of_group(event))
		sprintf(text, "Agent %u ", event->agent_id);
	for (const char *c = find_sentence(event); *c; c++) {
		snprintf(part, sizeof(part), "%c", *c);
		switch (*c == '%' ? *++c : 0) {
		case 'c':
			sprintf(part, "%d", event->code);
			break;
		case 'v':
			sprintf(part, "%llu", event->value);
			break;
		case 't':
			sprintf(part, "%u", event->type);
			break;
		case 'i':
			sprintf(part, "%u", event->instance);
			break;
		case 'n':
			snprintf(part, sizeof(part), "%.*s", (int)sizeof(event->name), event->name);
			break;
		case 'e':
			naive_end(event, event->code, part);
			break;
		case 'o':
			naive_end(event, (s32)event->value, part);
			break;
		case 'l':
			naive_launch(event, part);
			break;
		case 'f':
			strcpy(part, agentsys_fault_text((u32)event->code));
			break;
		case 'p':
			strcpy(part, (u32)event->code < 3 ? pressures[event->code] : "unknown");
			break;
		case 'V':
			sprintf(part, "%llu.%02llu", event->value / 100, event->value % 100);
			break;
		case 'L':
			part[0] = '\0';
			naive_limits(event->value, part);
			break;
		case 'F':
			strcpy(part, agentsys_fault_name((u32)event->code));
			break;
		case 'r':
			strcpy(part, (u32)event->code < 4 ? conditions[event->code] : "unknown");
			break;
		}
		strcat(text, part);
	}
}

static void check_event(const struct agentsys_event *event)
{
	char expected[2 * ROOM];
	size_t len;

	naive_text(event, expected);
	len = strlen(expected);
	CHECK(len < AGENTSYS_EVENT_TEXT_MAX);
	for (size_t cap = 0; cap < len + 2; cap++) {
		char *text = malloc(cap ? cap : 1);	/* to the byte, for the sanitizer */
		size_t kept = cap - 1 < len ? cap - 1 : len;

		CHECK(agentsys_event_text(event, text, cap) == (int)len);
		if (cap)
			CHECK(!memcmp(text, expected, kept) && !text[kept]);
		free(text);
	}
}

/* Every number has a name, "unknown" if it is none of ours; and a name has one number. */
static void check_names(u32 a, u32 b)
{
	static const struct {
		const char *(*name)(u32 number);
		u32 first, end;
	} all[] = {
		{ agentsys_state_name, 0, __AGENTSYS_STATES },
		{ agentsys_cause_name, 0, __AGENTSYS_CAUSES },
		{ agentsys_restart_name, 0, __AGENTSYS_RESTARTS },
		{ agentsys_strategy_name, 0, __AGENTSYS_STRATEGIES },
		{ agentsys_relation_name, 0, __AGENTSYS_RELATIONS },
		{ agentsys_event_name, 1, __AGENTSYS_EVENTS },
		{ agentsys_step_text, 0, __AGENTSYS_STEPS },
		{ agentsys_fault_name, 0, __AGENTSYS_FAULTS },
		{ agentsys_fault_text, 0, __AGENTSYS_FAULTS },
		{ agentsys_recover_name, 0, __AGENTSYS_RECOVERS },
		{ agentsys_preset_name, 0, __AGENTSYS_PRESETS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool a_known = a >= all[i].first && a < all[i].end;
		bool b_known = b >= all[i].first && b < all[i].end;
		const char *a_name = all[i].name(a), *b_name = all[i].name(b);

		CHECK(!strcmp(a_name, "unknown") == !a_known);
		CHECK(*a_name);
		CHECK(!strcmp(a_name, b_name) == (a == b || (!a_known && !b_known)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct agentsys_event event = { 0 };
	u32 a, b, error;
	const char *text;

	event.type = (u16)fuzz_number(&in, 1 + fuzz_u8(&in) % 2);
	event.cause = (u16)fuzz_number(&in, 1 + fuzz_u8(&in) % 2);
	event.agent_id = (u32)fuzz_any(&in);
	event.code = (s32)fuzz_any(&in);
	event.value = fuzz_any(&in);
	a = (u32)fuzz_any(&in);
	b = (u32)fuzz_any(&in);
	error = (u32)fuzz_any(&in);
	event.instance = (u32)fuzz_any(&in);
	for (size_t i = fuzz_u8(&in) % (sizeof(event.name) + 1); i--;)
		event.name[i] = (char)fuzz_u8(&in);
	check_event(&event);
	check_names(a, b);
	text = agentsys_error_text(error);
	if (text)
		CHECK(!strcmp(text, strerror((int)error)));
	return 0;
}
