// SPDX-License-Identifier: GPL-2.0-only
#include "report.h"

#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "agent.h"
#include "core/json.h"
#include "core/names.h"
#include "registry.h"
#include "telemetry.h"

/* The largest piece of a text: an agent of call 502 whose name is all quotes. */
#define PIECE_MAX 2048

void agentsys_report_status_head(struct seq_file *seq)
{
	struct agentsys_totals totals;

	agentsys_totals(&totals);
	seq_puts(seq, "Agent Supervision Module - Telemetry Status\n"
		      "===========================================\n"
		      "\n"
		      "System Metrics:\n");
	seq_printf(seq, "  Total Spawns:    %llu\n", totals.count[AGENTSYS_COUNT_SPAWNS]);
	seq_printf(seq, "  Total Exits:     %llu\n", totals.count[AGENTSYS_COUNT_EXITS]);
	seq_printf(seq, "  Total Crashes:   %llu\n", totals.count[AGENTSYS_COUNT_CRASHES]);
	seq_printf(seq, "  Total Faults:    %llu\n", totals.count[AGENTSYS_COUNT_FAULTS]);
	seq_printf(seq, "  Total Restarts:  %llu\n", totals.count[AGENTSYS_COUNT_RESTARTS]);
	seq_printf(seq, "  Active Agents:   %llu\n", totals.active);
	seq_printf(seq, "  Total Syscalls:  %llu\n", totals.count[AGENTSYS_COUNT_SYSCALLS]);
	seq_puts(seq, "\n"
		      "Per-Agent Metrics:\n"
		      "  ID    Spawns Exits  Faults CPU(us)   Mem(B)\n"
		      "  ----  ------ -----  ------ --------  -------\n");
}

void agentsys_report_status_row(struct seq_file *seq, struct agentsys_agent *agent)
{
	struct agentsys_status status;
	u64 cpu_us, memory;

	agentsys_agent_status(agent, &status);
	agentsys_agent_usage(agent, &cpu_us, &memory);
	seq_printf(seq, "  %-5u %-6llu %-6llu %-6llu %-9llu %llu\n", agent->id, status.spawns,
		   status.exits, status.faults, cpu_us, memory);
}

void agentsys_report_status_line(struct seq_file *seq, struct agentsys_agent *agent)
{
	struct agentsys_status status;

	agentsys_agent_status(agent, &status);
	seq_printf(seq, "Agent %u: spawns=%llu exits=%llu faults=%llu\n", agent->id, status.spawns,
		   status.exits, status.faults);
}

void agentsys_report_event_line(struct seq_file *seq, const struct agentsys_event *event)
{
	char text[AGENTSYS_EVENT_TEXT_MAX];

	agentsys_event_text(event, text, sizeof(text));
	seq_printf(seq, "[%llu] %s\n", div_u64(event->time_ns, NSEC_PER_USEC), text);
}

void agentsys_report_lost_line(struct seq_file *seq, u64 lost)
{
	seq_printf(seq, "# %llu events lost\n", lost);
}

void agentsys_report_head(struct agentsys_json *json)
{
	struct agentsys_totals totals;

	agentsys_totals(&totals);
	agentsys_json_object(json, NULL);
	agentsys_json_object(json, "system");
	agentsys_json_u64(json, "total_agents_spawned", totals.count[AGENTSYS_COUNT_SPAWNS]);
	agentsys_json_u64(json, "total_agents_exited", totals.count[AGENTSYS_COUNT_EXITS]);
	agentsys_json_u64(json, "active_agents", totals.active);
	agentsys_json_u64(json, "total_faults", totals.count[AGENTSYS_COUNT_FAULTS]);
	agentsys_json_u64(json, "total_crashes", totals.count[AGENTSYS_COUNT_CRASHES]);
	agentsys_json_u64(json, "total_restarts", totals.count[AGENTSYS_COUNT_RESTARTS]);
	agentsys_json_u64(json, "total_syscalls", totals.count[AGENTSYS_COUNT_SYSCALLS]);
	agentsys_json_object_end(json);
	agentsys_json_object(json, "agents");
}

void agentsys_report_agent(struct agentsys_json *json, struct agentsys_agent *agent)
{
	struct agentsys_status status;
	u64 cpu_us, memory;
	char key[12];

	agentsys_agent_status(agent, &status);
	agentsys_agent_usage(agent, &cpu_us, &memory);
	snprintf(key, sizeof(key), "%u", agent->id);
	agentsys_json_object(json, key);
	agentsys_json_u64(json, "spawn_count", status.spawns);
	agentsys_json_u64(json, "exit_count", status.exits);
	agentsys_json_u64(json, "fault_count", status.faults);
	agentsys_json_u64(json, "cpu_time_us", cpu_us);
	agentsys_json_u64(json, "memory_bytes", memory);
	agentsys_json_object_end(json);
}

void agentsys_report_middle(struct agentsys_json *json)
{
	agentsys_json_object_end(json);
	agentsys_json_array(json, "recent_events");
}

void agentsys_report_event(struct agentsys_json *json, const struct agentsys_event *event)
{
	char text[AGENTSYS_EVENT_TEXT_MAX];

	agentsys_event_text(event, text, sizeof(text));
	agentsys_json_object(json, NULL);
	agentsys_json_u64(json, "seq", event->seq);
	agentsys_json_u64(json, "time_us", div_u64(event->time_ns, NSEC_PER_USEC));
	agentsys_json_u64(json, "agent_id", event->agent_id);
	agentsys_json_string(json, "type", agentsys_event_name(event->type));
	agentsys_json_string(json, "cause", agentsys_cause_name(event->cause));
	agentsys_json_s64(json, "code", event->code);
	agentsys_json_u64(json, "value", event->value);
	agentsys_json_u64(json, "instance", event->instance);
	if (event->type == AGENTSYS_EVENT_FAULT) {
		agentsys_json_u64(json, "limit", event->limit);
		agentsys_json_string(json, "action", agentsys_recover_name(event->action));
	}
	agentsys_json_string(json, "text", text);
	agentsys_json_object_end(json);
}

void agentsys_report_tail(struct agentsys_json *json)
{
	agentsys_json_array_end(json);
	agentsys_json_object_end(json);
}

/**
 * struct sink - a text on its way to user memory
 * @json: its writer, which writes into @piece
 * @buf: where to
 * @cap: size of @buf
 * @len: bytes of text pushed so far, whether they fitted or not
 * @fault: user memory could not be written
 * @piece: what is not pushed yet
 */
struct sink {
	struct agentsys_json json;
	char __user *buf;
	u64 cap;
	u64 len;
	bool fault;
	char piece[PIECE_MAX];
};

static struct sink *sink_new(char __user *buf, u64 cap)
{
	struct sink *sink = kmalloc(sizeof(*sink), GFP_KERNEL);

	if (!sink)
		return NULL;
	agentsys_json_init(&sink->json, sink->piece, sizeof(sink->piece));
	sink->buf = buf;
	/* The length is returned as an int by the system call behind it. */
	sink->cap = min_t(u64, cap, INT_MAX);
	sink->len = 0;
	sink->fault = false;
	return sink;
}

static void sink_push(struct sink *sink)
{
	size_t len = agentsys_json_take(&sink->json);

	if (WARN_ON_ONCE(len >= sizeof(sink->piece)))
		len = sizeof(sink->piece) - 1;
	/* "<": there is to be room for the terminator. */
	if (sink->len + len < sink->cap && copy_to_user(sink->buf + sink->len, sink->piece, len))
		sink->fault = true;
	sink->len += len;
}

/* The end of the text; also frees @sink. */
static ssize_t sink_finish(struct sink *sink, u64 *needed)
{
	ssize_t ret = sink->len;

	WARN_ON_ONCE(!agentsys_json_done(&sink->json));
	if (sink->fault)
		ret = -EFAULT;
	else if (sink->len >= sink->cap)
		ret = -EMSGSIZE;
	else if (put_user('\0', sink->buf + sink->len))
		ret = -EFAULT;
	*needed = sink->len + 1;
	kfree(sink);
	return ret;
}

static int push_agents(struct sink *sink)
{
	struct agentsys_agent *agent;
	u32 id;

	for (id = 0; (agent = agentsys_registry_next(id));) {
		id = agent->id + 1;
		agentsys_report_agent(&sink->json, agent);
		sink_push(sink);
		agentsys_agent_put(agent);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Length of an event in a text, with the comma before it. */
static size_t event_len(const struct agentsys_event *event)
{
	struct agentsys_json json;

	agentsys_json_init(&json, NULL, 0);
	agentsys_report_event(&json, event);
	return agentsys_json_take(&json) + 1;
}

/* The oldest of the events up to @last that fit in @room bytes together. */
static u64 first_event_within(u64 last, u64 room)
{
	struct agentsys_event event;
	u64 first = last + 1;
	u64 lost = 0;

	while (first > 1 && agentsys_event_read(first - 2, &event, &lost) && !lost) {
		size_t len = event_len(&event);

		if (len > room)
			break;
		room -= len;
		first--;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return first;
}

static void push_events(struct sink *sink)
{
	u64 rest = sink->len + strlen("]}") + 1;
	u64 last = agentsys_event_last();
	struct agentsys_event event;
	u64 after, lost = 0;

	if (rest > sink->cap)
		return;
	/*
	 * One byte more, because there is no comma before the first one. What is
	 * overwritten meanwhile is missing, but nothing longer takes its place.
	 */
	after = first_event_within(last, sink->cap - rest + 1) - 1;
	while (agentsys_event_read(after, &event, &lost) && event.seq <= last) {
		agentsys_report_event(&sink->json, &event);
		sink_push(sink);
		after = event.seq;
		cond_resched();
	}
}

ssize_t agentsys_report_telemetry(char __user *buf, u64 *len)
{
	struct sink *sink = sink_new(buf, *len);
	int ret;

	if (!sink)
		return -ENOMEM;
	agentsys_report_head(&sink->json);
	sink_push(sink);
	ret = push_agents(sink);
	if (ret) {
		kfree(sink);
		return ret;
	}
	agentsys_report_middle(&sink->json);
	sink_push(sink);
	push_events(sink);
	agentsys_report_tail(&sink->json);
	sink_push(sink);
	return sink_finish(sink, len);
}

static void info_identity(struct agentsys_json *json, struct agentsys_agent *agent,
			  const struct agentsys_status *status)
{
	agentsys_json_u64(json, "agent_id", agent->id);
	agentsys_json_s64(json, "pid", status->pid);
	agentsys_json_string(json, "name", agent->name);
	/* Nothing is enforced, so nothing is granted. */
	agentsys_json_array(json, "capabilities");
	agentsys_json_array_end(json);
	agentsys_json_string(json, "state", agentsys_state_name(status->state));
	agentsys_json_bool(json, "paused", status->flags & AGENTSYS_AGENT_PAUSED);
	agentsys_json_bool(json, "throttled", status->flags & AGENTSYS_AGENT_THROTTLED);
	agentsys_json_bool(json, "attached", status->flags & AGENTSYS_AGENT_ATTACHED);
	agentsys_json_u64(json, "parent_id", agent->parent_id);
	agentsys_json_u64(json, "parent_instance", agent->parent_instance);
}

static void info_policy(struct agentsys_json *json, const struct agentsys_status *status)
{
	const struct agentsys_restart_policy *policy = &status->policy;

	agentsys_json_bool(json, "auto_restart", policy->condition != AGENTSYS_RESTART_NEVER);
	agentsys_json_string(json, "restart", agentsys_restart_name(policy->condition));
	agentsys_json_u64(json, "max_restarts", policy->max_restarts);
	agentsys_json_u64(json, "restart_count", status->restarts);
	agentsys_json_u64(json, "backoff_initial_ms", policy->backoff_initial_ms);
	agentsys_json_u64(json, "backoff_max_ms", policy->backoff_max_ms);
	agentsys_json_u64(json, "stop_signal", status->stop_signal);
	agentsys_json_u64(json, "stop_timeout_ms", status->stop_timeout_ms);
}

static void info_metrics(struct agentsys_json *json, struct agentsys_agent *agent,
			 const struct agentsys_status *status)
{
	u64 cpu_us, memory;

	agentsys_agent_usage(agent, &cpu_us, &memory);
	agentsys_json_u64(json, "instance", status->instance);
	agentsys_json_u64(json, "spawn_count", status->spawns);
	agentsys_json_u64(json, "exit_count", status->exits);
	agentsys_json_u64(json, "crash_count", status->crashes);
	agentsys_json_u64(json, "fault_count", status->faults);
	agentsys_json_u64(json, "heartbeat_count", atomic64_read(&agent->heartbeats));
	agentsys_json_u64(json, "cpu_time_us", cpu_us);
	agentsys_json_u64(json, "memory_bytes", memory);
	agentsys_json_u64(json, "start_time_us", div_u64(status->start_ns, NSEC_PER_USEC));
	agentsys_json_u64(json, "end_time_us", div_u64(status->end_ns, NSEC_PER_USEC));
	agentsys_json_u64(json, "last_activity_us",
			  div_u64(READ_ONCE(agent->activity_ns), NSEC_PER_USEC));
}

ssize_t agentsys_report_info(struct agentsys_agent *agent, char __user *buf, u64 *len)
{
	struct sink *sink = sink_new(buf, *len);
	struct agentsys_status status;
	struct agentsys_json *json;

	if (!sink)
		return -ENOMEM;
	json = &sink->json;
	agentsys_agent_status(agent, &status);
	agentsys_json_object(json, NULL);
	info_identity(json, agent, &status);
	info_policy(json, &status);
	info_metrics(json, agent, &status);
	agentsys_json_object(json, "last_exit");
	agentsys_json_string(json, "cause", agentsys_cause_name(status.cause));
	agentsys_json_s64(json, "code", status.code);
	agentsys_json_object_end(json);
	agentsys_json_object_end(json);
	sink_push(sink);
	return sink_finish(sink, len);
}
