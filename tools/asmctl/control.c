// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that do one thing to each of the agents named.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "format.h"
#include "parse.h"

enum {
	OPT_NO_WAIT = OPT_FIRST,
	OPT_ENDED,
};

/* What the options of these commands said. */
struct how {
	unsigned int flags; /* AGENTSYS_WAIT */
	int64_t timeout_ms;
	bool quiet;
	bool force;
	bool ended;
};

/**
 * struct action - what one of the commands does
 * @infinitive: "stop", for "cannot stop agent 100"
 * @done: says what was done, for an agent as it is now
 * @accepted: says what will be done, where it is not waited for
 * @act: does it
 */
struct action {
	const char *infinitive;
	void (*done)(const struct agentsys_info *info);
	const char *accepted;
	int (*act)(struct agentsys *h, uint32_t id, const struct how *how);
};

static void print_name(const struct agentsys_info *info)
{
	printf("Agent %u (%s) ", info->id, info->name);
}

static int act_on(struct agentsys *h, uint32_t id, const struct action *action,
		  const struct how *how)
{
	struct agentsys_info *info = NULL;
	bool waited = how->flags & AGENTSYS_WAIT || !action->accepted;
	int ret;

	/* A record that goes away has to be looked at before. */
	if (!action->done && !how->quiet && agentsys_get(h, id, &info))
		info = NULL;
	ret = action->act(h, id, how);
	if (ret) {
		complain("cannot %s agent %u: %s", action->infinitive, id, agentsys_error(h));
		agentsys_info_free(info);
		return exit_status_of(ret);
	}
	if (!how->quiet && !info && agentsys_get(h, id, &info))
		info = NULL;
	if (info) {
		print_name(info);
		if (waited && action->done)
			action->done(info);
		else
			printf("%s\n", action->accepted);
	}
	agentsys_info_free(info);
	return EXIT_OK;
}

/* All of them, whatever becomes of one; the first failure is the status. */
static int act_on_all(int argc, char **argv, const struct action *action, const struct how *how)
{
	struct agentsys *h = connect_module();
	int status = EXIT_OK;

	for (int i = optind; i < argc; i++) {
		uint32_t id;
		int ret = resolve_agent(h, argv[i], &id);

		if (!ret)
			ret = act_on(h, id, action, how);
		if (!status)
			status = ret;
		fflush(stdout);
	}
	agentsys_close(h);
	return status;
}

static void parse_options(int argc, char **argv, struct how *how)
{
	const char *why;
	uint32_t ms;
	int key;

	*how = (struct how){ AGENTSYS_WAIT, AGENTSYS_DEFAULT_TIMEOUT, false, false, false };
	while ((key = next_option(argc, argv)) != -1) {
		switch (key) {
		case 't':
			if (!parse_stop_timeout(optarg, &ms, &why))
				usage_error("'%s' %s", optarg, why);
			how->timeout_ms = ms;
			break;
		case 'q':
			how->quiet = true;
			break;
		case 'f':
			how->force = true;
			break;
		case OPT_NO_WAIT:
			how->flags = 0;
			break;
		case OPT_ENDED:
			how->ended = true;
			break;
		}
	}
	if (!how->ended)
		need_operands(argc, 1, INT_MAX, "the id or name of an agent");
}

/* clang-format off */
#define OPTION_QUIET { 'q', "quiet", NULL, "print nothing but errors" }
#define OPTION_NO_WAIT { OPT_NO_WAIT, "no-wait", NULL, "do not wait until it is done" }
#define OPTION_TIMEOUT                                                                 \
	{ 't', "timeout", "DURATION",                                                  \
	  "until it is killed, as 500ms, 10s (default: its own);\n"                    \
	  "infinity never kills it, kill or 0 does at once" }
/* clang-format on */

/* ---- what was done ---- */

static void say_started(const struct agentsys_info *info)
{
	char end[FORMAT_MAX];

	if (info->pid)
		printf("started, pid %u\n", info->pid);
	else
		printf("started and has ended already (%s)\n", format_end(info, end));
}

static void say_restarted(const struct agentsys_info *info)
{
	printf("re");
	say_started(info);
}

static void say_ended(const struct agentsys_info *info)
{
	char text[64];

	switch (info->cause) {
	case AGENTSYS_CAUSE_NONE:
		printf("has ended\n");
		break;
	case AGENTSYS_CAUSE_STOP:
	case AGENTSYS_CAUSE_KILL:
		agentsys_end_text(info->cause, info->code, text, sizeof(text));
		printf("%s\n", text);
		break;
	default:
		agentsys_end_text(info->cause, info->code, text, sizeof(text));
		printf("has ended (%s)\n", text);
	}
}

static void say_paused(const struct agentsys_info *info)
{
	(void)info;
	printf("paused\n");
}

static void say_resumed(const struct agentsys_info *info)
{
	(void)info;
	printf("resumed\n");
}

/* ---- start ---- */

static int do_start(struct agentsys *h, uint32_t id, const struct how *how)
{
	return agentsys_start(h, id, how->flags);
}

static int run_start(int argc, char **argv)
{
	static const struct action action = { "start", say_started, "is being started", do_start };
	struct how how;

	parse_options(argc, argv, &how);
	return act_on_all(argc, argv, &action, &how);
}

static const struct option_def start_options[] = { OPTION_NO_WAIT, OPTION_QUIET, OPTION_END };

const struct command cmd_start = {
	.name = "start",
	.usage = "[OPTION]... AGENT...",
	.summary = "Start agents that have ended",
	.description = "As they were made with run. A restart that is scheduled happens at once.\n"
		       "Their restarts are counted from 0 again.",
	.examples = "  asmctl start 100\n"
		    "  asmctl start fs_monitor net_agent\n",
	.options = start_options,
	.operands = OPERANDS_AGENTS,
	.run = run_start,
};

/* ---- stop ---- */

static int do_stop(struct agentsys *h, uint32_t id, const struct how *how)
{
	return agentsys_stop(h, id, how->timeout_ms, how->flags);
}

/* Ask all of them first, so that they end side by side. */
static void ask_to_stop(int argc, char **argv, const struct how *how)
{
	struct agentsys *h = connect_module();

	for (int i = optind; i < argc; i++) {
		uint32_t id;

		if (parse_id(argv[i], &id) || !agentsys_find(h, argv[i], &id))
			agentsys_stop(h, id, how->timeout_ms, 0);
	}
	agentsys_close(h);
}

static int run_stop(int argc, char **argv)
{
	static const struct action action = { "stop", say_ended, "was asked to stop", do_stop };
	struct how how;

	parse_options(argc, argv, &how);
	if (how.flags && argc - optind > 1)
		ask_to_stop(argc, argv, &how);
	return act_on_all(argc, argv, &action, &how);
}

static const struct option_def stop_options[] = { OPTION_TIMEOUT, OPTION_NO_WAIT, OPTION_QUIET,
						  OPTION_END };

const struct command cmd_stop = {
	.name = "stop",
	.usage = "[OPTION]... AGENT...",
	.summary = "Ask agents to end, and kill what is left after a while",
	.description = "No restart follows. An agent that has ended already is a success.",
	.examples = "  asmctl stop 100\n"
		    "  asmctl stop --timeout 30s fs_monitor\n"
		    "  asmctl stop --timeout kill 100 101 102\n",
	.options = stop_options,
	.operands = OPERANDS_RUNNING,
	.run = run_stop,
};

/* ---- kill ---- */

static int do_kill(struct agentsys *h, uint32_t id, const struct how *how)
{
	return agentsys_kill(h, id, how->flags);
}

static int run_kill(int argc, char **argv)
{
	static const struct action action = { "kill", say_ended, "is being killed", do_kill };
	struct how how;

	parse_options(argc, argv, &how);
	return act_on_all(argc, argv, &action, &how);
}

static const struct option_def kill_options[] = { OPTION_NO_WAIT, OPTION_QUIET, OPTION_END };

const struct command cmd_kill = {
	.name = "kill",
	.usage = "[OPTION]... AGENT...",
	.summary = "Kill all processes of agents at once",
	.description = "No restart follows.",
	.examples = "  asmctl kill 100\n",
	.options = kill_options,
	.operands = OPERANDS_RUNNING,
	.run = run_kill,
};

/* ---- restart ---- */

static int do_restart(struct agentsys *h, uint32_t id, const struct how *how)
{
	return agentsys_restart(h, id, how->timeout_ms, how->flags);
}

static int run_restart(int argc, char **argv)
{
	static const struct action action = { "restart", say_restarted, "is being restarted",
					      do_restart };
	struct how how;

	parse_options(argc, argv, &how);
	return act_on_all(argc, argv, &action, &how);
}

const struct command cmd_restart = {
	.name = "restart",
	.usage = "[OPTION]... AGENT...",
	.summary = "Stop agents and start them again",
	.description = "One that has ended is started.",
	.examples = "  asmctl restart 100\n"
		    "  asmctl restart --timeout 2s fs_monitor\n",
	.options = stop_options,
	.operands = OPERANDS_AGENTS,
	.run = run_restart,
};

/* ---- pause, resume ---- */

static const struct option_def quiet_options[] = { OPTION_QUIET, OPTION_END };

static int do_pause(struct agentsys *h, uint32_t id, const struct how *how)
{
	(void)how;
	return agentsys_pause(h, id);
}

static int run_pause(int argc, char **argv)
{
	static const struct action action = { "pause", say_paused, NULL, do_pause };
	struct how how;

	parse_options(argc, argv, &how);
	return act_on_all(argc, argv, &action, &how);
}

const struct command cmd_pause = {
	.name = "pause",
	.usage = "[OPTION]... AGENT...",
	.summary = "Freeze all processes of agents",
	.description = "They keep their memory and descriptors and use no CPU time until they are\n"
		       "resumed, stopped or killed.",
	.examples = "  asmctl pause 100\n",
	.options = quiet_options,
	.operands = OPERANDS_RUNNING,
	.run = run_pause,
};

static int do_resume(struct agentsys *h, uint32_t id, const struct how *how)
{
	(void)how;
	return agentsys_resume(h, id);
}

static int run_resume(int argc, char **argv)
{
	static const struct action action = { "resume", say_resumed, NULL, do_resume };
	struct how how;

	parse_options(argc, argv, &how);
	return act_on_all(argc, argv, &action, &how);
}

const struct command cmd_resume = {
	.name = "resume",
	.usage = "[OPTION]... AGENT...",
	.summary = "Let paused agents go on",
	.examples = "  asmctl resume 100\n",
	.options = quiet_options,
	.operands = OPERANDS_RUNNING,
	.run = run_resume,
};

/* ---- rm ---- */

static int do_remove(struct agentsys *h, uint32_t id, const struct how *how)
{
	int ret = how->force ? agentsys_kill(h, id, AGENTSYS_WAIT) : 0;

	return ret ? ret : agentsys_remove(h, id);
}

static const struct action action_remove = { "remove", NULL, "removed", do_remove };

static int remove_ended(const struct how *how)
{
	struct agentsys *h = connect_module();
	struct agentsys_info **list;
	int status = EXIT_OK;
	ssize_t n = agentsys_list(h, &list);

	if (n < 0) {
		complain("cannot list agents: %s", agentsys_error(h));
		return exit_status_of(n);
	}
	for (struct agentsys_info **info = list; *info; info++) {
		int ret;

		if ((*info)->state != AGENTSYS_EXITED && (*info)->state != AGENTSYS_FAILED)
			continue;
		ret = act_on(h, (*info)->id, &action_remove, how);
		if (!status)
			status = ret;
	}
	agentsys_list_free(list);
	agentsys_close(h);
	return status;
}

static int run_rm(int argc, char **argv)
{
	struct how how;

	parse_options(argc, argv, &how);
	if (!how.ended)
		return act_on_all(argc, argv, &action_remove, &how);
	need_operands(argc, 0, 0, "");
	return remove_ended(&how);
}

static const struct option_def rm_options[] = {
	{ 'f', "force", NULL, "kill them first" },
	{ OPT_ENDED, "ended", NULL, "all that have ended" },
	OPTION_QUIET,
	OPTION_END,
};

const struct command cmd_rm = {
	.name = "rm",
	.alias = "remove",
	.usage = "[OPTION]... AGENT...",
	.summary = "Forget agents that have ended",
	.description =
		"Returns when their ids are free, for which all they have left behind has to die.",
	.examples = "  asmctl rm 100\n"
		    "  asmctl rm --force fs_monitor\n"
		    "  asmctl rm --ended\n",
	.options = rm_options,
	.operands = OPERANDS_AGENTS,
	.run = run_rm,
};
