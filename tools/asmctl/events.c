// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asmctl.h"
#include "format.h"
#include "parse.h"

enum {
	OPT_SINCE = OPT_FIRST,
	OPT_AGENT,
};

static const struct option_def options[] = {
	{ 'f', "follow", NULL, "go on as events happen" },
	{ 'n', "lines", "N", "of the past ones only the last N" },
	{ OPT_SINCE, "since", "SEQ", "only those behind number SEQ" },
	{ OPT_AGENT, "agent", "AGENT", "only those of this agent" },
	{ OPT_JSON, "json", NULL, "print JSON, an object in each line" },
	OPTION_END,
};

/**
 * struct view - which events are shown, and how
 * @since: those behind this number
 * @skip: so many of the first ones are not shown
 * @agent: 0, or only those of this one
 * @follow: wait for more
 * @json: as JSON
 */
struct view {
	uint64_t since;
	uint64_t skip;
	uint32_t agent;
	bool follow;
	bool json;
};

static enum colour colour_of(const struct agentsys_event *event)
{
	switch (event->type) {
	case AGENTSYS_EVENT_CRASH:
	case AGENTSYS_EVENT_FAULT:
	case AGENTSYS_EVENT_FAILED:
	case AGENTSYS_EVENT_LAUNCH_FAILED:
	case AGENTSYS_EVENT_LAUNCHER:
	case AGENTSYS_EVENT_GROUP_FAILED:
		return RED;
	case AGENTSYS_EVENT_RESTART_SCHEDULED:
	case AGENTSYS_EVENT_KILL:
	case AGENTSYS_EVENT_WARNING:
	case AGENTSYS_EVENT_PRESSURE:
	case AGENTSYS_EVENT_STOP:
	case AGENTSYS_EVENT_GROUP_RESTART:
	case AGENTSYS_EVENT_GROUP_STOPPED:
		return YELLOW;
	case AGENTSYS_EVENT_SPAWN:
	case AGENTSYS_EVENT_RESTART:
	case AGENTSYS_EVENT_ATTACH:
	case AGENTSYS_EVENT_GROUP_STARTED:
		return GREEN;
	default:
		return PLAIN;
	}
}

static void print_event(const struct agentsys_event *event)
{
	char text[256], when[64], name[sizeof(event->name) + 1];

	agentsys_event_text(event, text, sizeof(text));
	format_time(event->time_ns, when, sizeof(when));
	snprintf(name, sizeof(name), "%.*s", (int)sizeof(event->name), event->name);
	printf("%6" PRIu64 "  %s%s%s  ", (uint64_t)event->seq, colour(DIM), when, colour_end());
	print_padded(name, 16);
	printf("  %s%s%s\n", colour(colour_of(event)), text, colour_end());
}

static void print_lost(uint64_t lost, bool json)
{
	if (json)
		printf("{\"lost\":%" PRIu64 "}\n", lost);
	else
		printf("%s# %" PRIu64 " events lost%s\n", colour(YELLOW), lost, colour_end());
}

static bool is_shown(const struct view *view, const struct agentsys_event *event)
{
	return !view->agent || event->agent_id == view->agent;
}

/* How many of those that are there are to be shown. */
static uint64_t count_shown(const struct view *view)
{
	struct agentsys_events *events;
	struct agentsys_event event;
	uint64_t n = 0;

	if (agentsys_events_open(&events, view->since))
		return 0;
	while (agentsys_events_next(events, &event, NULL, 0) == 1)
		n += is_shown(view, &event);
	agentsys_events_close(events);
	return n;
}

static int show(const struct view *view)
{
	struct agentsys_events *events;
	struct agentsys_event event;
	uint64_t skip = view->skip;
	uint64_t lost;
	int ret;

	ret = agentsys_events_open(&events, view->since);
	if (ret == -ENODEV)
		module_missing();
	if (ret) {
		complain("cannot subscribe to events: %s", strerror(-ret));
		return exit_status_of(ret);
	}
	while ((ret = agentsys_events_next(events, &event, &lost, view->follow ? -1 : 0)) == 1) {
		if (lost)
			print_lost(lost, view->json);
		if (!is_shown(view, &event))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		if (view->json)
			print_json_line(json_of_event(&event));
		else
			print_event(&event);
		if (view->follow && fflush(stdout))
			break; /* nobody reads any more */
	}
	agentsys_events_close(events);
	if (ret == -ENODEV)
		complain("the agentsys module was unloaded");
	else if (ret < 0)
		complain("cannot receive events: %s", strerror(-ret));
	return ret < 0 ? exit_status_of(ret) : EXIT_OK;
}

/*
 * A number that was not reached yet: nothing is behind it but what is to come.
 * (The library would give everything then, for those who go on after the module
 * was loaded again.)
 */
static int limit_since(struct view *view)
{
	struct agentsys *h = connect_module();
	struct agentsys_system *system;
	int ret = agentsys_system(h, &system);

	if (ret) {
		complain("cannot read the counters: %s", agentsys_error(h));
	} else {
		if (view->since > system->events)
			view->since = AGENTSYS_EVENTS_NEW;
		agentsys_system_free(system);
	}
	agentsys_close(h);
	return exit_status_of(ret);
}

static int run(int argc, char **argv)
{
	struct view view = { 0 };
	const char *agent = NULL;
	uint64_t lines = UINT64_MAX;
	int key, status;

	while ((key = next_option(argc, argv)) != -1) {
		switch (key) {
		case 'f':
			view.follow = true;
			break;
		case 'n':
			if (!parse_number(optarg, UINT64_MAX, &lines))
				usage_error("'%s' is not a number of events", optarg);
			break;
		case OPT_SINCE:
			if (!parse_number(optarg, UINT64_MAX - 1, &view.since))
				usage_error("'%s' is not the number of an event", optarg);
			break;
		case OPT_AGENT:
			agent = optarg;
			break;
		case OPT_JSON:
			view.json = true;
			break;
		}
	}
	need_operands(argc, 0, 0, "");

	/* A record that is gone has left its events, so an id need not be known. */
	if (agent && !parse_id(agent, &view.agent)) {
		struct agentsys *h = connect_module();

		status = resolve_agent(h, agent, &view.agent);
		agentsys_close(h);
		if (status)
			return status;
	}
	if (view.since) {
		status = limit_since(&view);
		if (status)
			return status;
	}
	if (lines != UINT64_MAX) {
		uint64_t n = count_shown(&view);

		view.skip = n > lines ? n - lines : 0;
	}
	return show(&view);
}

const struct command cmd_events = {
	.name = "events",
	.usage = "[OPTION]...",
	.summary = "Show what happened, and what happens",
	.description =
		"The past events that the module keeps come first. Each has a number, a time, the\n"
		"agent's name and what it says. Where a reader was so slow that events have gone\n"
		"by, a line says how many. Behind a number that was not reached yet there are none\n"
		"but those to come.",
	.examples = "  asmctl events\n"
		    "  asmctl events -f --agent fs_monitor\n"
		    "  asmctl events -n 20 --json\n"
		    "  asmctl events --since 4711\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
