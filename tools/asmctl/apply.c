// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl apply", "diff" and "delete": make what a manifest says, or show it, or remove it.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asmctl.h"
#include "format.h"
#include "manifest.h"
#include "manifest_do.h"
#include "manifest_state.h"
#include "manifest_text.h"
#include "spec.h"

enum {
	OPT_PRUNE = OPT_SPEC_END,
};

enum {
	NO_DIFFERENCE = EXIT_OK,
	DIFFERENCES = 2, /* as diff(1) and its like have it, but for errors, which are 1 */
};

/**
 * struct request - what the command line asks for, and what becomes of it
 * @file: as it was given
 * @json: print it as JSON
 * @dry_run: and do nothing
 * @h: the module
 * @source: the manifest as it stands in the file
 * @plan: what is to be done
 */
struct request {
	const char *file;
	bool json;
	bool dry_run;
	struct agentsys *h;
	struct json_object *source;
	struct plan plan;
};

/* ---- begin and end ---- */

static void take_options(struct request *request, int argc, char **argv)
{
	int key;

	*request = (struct request){ 0 };
	while ((key = next_option(argc, argv)) != -1) {
		if (key == OPT_JSON)
			request->json = true;
		else if (key == OPT_PRUNE)
			request->plan.prune = true;
		else
			request->dry_run = true;
	}
	need_operands(argc, 1, 1, "the manifest");
	request->file = argv[optind];
}

/* Relative paths in it are below its folder, wherever somebody applies it from. */
static void go_to_folder(const char *manifest)
{
	char *copy = strdup(manifest);

	need_memory(copy ? 0 : -1);
	if (chdir(dirname(copy))) {
		complain("cannot change to the folder of \"%s\": %s", manifest, strerror(errno));
		exit(EXIT_FAILED);
	}
	free(copy);
}

static void begin(struct request *request, int argc, char **argv)
{
	bool from_stdin;
	char *path;

	take_options(request, argc, argv);
	from_stdin = !strcmp(request->file, "-");
	if (from_stdin)
		request->file = "stdin";
	request->source = from_stdin ? manifest_from(STDIN_FILENO, request->file) :
				       manifest_read(request->file);
	path = from_stdin ? NULL : realpath(request->file, NULL);
	if (path) /* a pipe has none */
		go_to_folder(path);
	request->plan.root = manifest_check(request->source);
	request->plan.manifest = path ? path : strdup(request->file);
	need_memory(request->plan.manifest ? 0 : -1);
	request->h = connect_module();
	request->plan.state = state_open();
}

static void end(struct request *request)
{
	plan_free(&request->plan);
	json_object_put(request->plan.state);
	free((char *)request->plan.manifest);
	manifest_free(request->plan.root);
	json_object_put(request->source);
	agentsys_close(request->h);
}

static struct work work_of(struct request *request)
{
	return (struct work){ request->h, &request->plan, request->file, request->json };
}

/* ---- what is said in the end ---- */

static void print_summary(const struct request *request, const char *to)
{
	const struct plan *plan = &request->plan;

	if (plan_is_empty(plan))
		printf("Nothing to do: all is as %s says\n", request->file);
	else
		printf("%s: %zu %sadded, %zu %schanged, %zu %smoved, %zu %sreplaced, %zu %sremoved\n",
		       request->file, plan_count(plan, ADD), to, plan_count(plan, CHANGE), to,
		       plan_count(plan, MOVE), to, plan_count(plan, REPLACE), to,
		       plan_count(plan, REMOVE), to);
}

/* An end is nothing that a manifest could be about, but may come as a surprise. */
static void print_ended(const struct request *request)
{
	for (ssize_t i = 0; i < request->plan.nagents; i++) {
		const struct agentsys_info *info = request->plan.agents[i];
		const struct member *member = member_of(&request->plan, info);
		char end[FORMAT_MAX];

		if ((info->state != AGENTSYS_EXITED && info->state != AGENTSYS_FAILED) || !member)
			continue;
		printf("Agent %u (%s) in %s has ended (%s) and is left like that: asmctl start %u\n",
		       info->id, info->name, info->group, format_end(info, end), info->id);
	}
}

static void show_plan(const struct request *request)
{
	if (request->json) {
		print_json(plan_json(&request->plan));
		return;
	}
	plan_print(&request->plan);
	print_summary(request, "to be ");
}

/* ---- apply ---- */

static int run_apply(int argc, char **argv)
{
	struct request request;
	struct work work;
	int status = EXIT_OK;

	begin(&request, argc, argv);
	work = work_of(&request);
	plan_apply(&request.plan, request.h);
	if (request.dry_run) {
		show_plan(&request);
	} else {
		status = do_plan(&work);
		if (!status && request.json)
			print_json(plan_json(&request.plan));
		else if (!status)
			print_summary(&request, "");
		if (!status && !request.json && plan_is_empty(&request.plan))
			print_ended(&request);
	}
	end(&request);
	return status;
}

/* clang-format off */
#define OPTION_PRUNE                                                                   \
	{ OPT_PRUNE, "prune", NULL,                                                    \
	  "also remove what is in its groups and not in it, and from\n"                \
	  "root what was applied from this file before" }
#define OPTION_DRY_RUN { 'n', "dry-run", NULL, "only print what would be done" }
/* clang-format on */

static const struct option_def apply_options[] = {
	OPTION_DRY_RUN,
	OPTION_PRUNE,
	OPTION_JSON,
	OPTION_END,
};

const struct command cmd_apply = {
	.name = "apply",
	.usage = "[OPTION]... FILE",
	.summary = "Make groups and agents as a manifest says",
	.description =
		"FILE is JSON: an object with version (1), agents and groups, which are arrays. All\n"
		"keys are under MANIFESTS in asmctl(1); relative paths are below the folder of FILE.\n"
		"If FILE is -, standard input is read, and paths are below the working directory.\n"
		"\n"
		"All of it is checked first. Agents are known by their name in their group. What is\n"
		"as FILE says is left alone, so that a second apply does nothing. How something is\n"
		"restarted and what it is to others is changed in place, and what stands in another\n"
		"group is moved there; for anything else an agent is stopped, and another one is\n"
		"started in its stead, and in that of what requires it. Where the order counts\n"
		"(one_for_all, rest_for_one) it becomes that of FILE. What is not in FILE is left\n"
		"alone without --prune.\n"
		"\n"
		"If something cannot be started, or Ctrl-C ends it, all is undone: what was started\n"
		"goes, and what was stopped, changed or moved is again as and where it was.",
	.examples = "  asmctl apply tree.json\n"
		    "  asmctl apply --dry-run tree.json\n"
		    "  jq .tree all.json | asmctl apply -\n"
		    "  asmctl apply --prune --json tree.json | jq .steps\n",
	.options = apply_options,
	.operands = OPERANDS_FILES,
	.run = run_apply,
};

/* ---- diff ---- */

static int run_diff(int argc, char **argv)
{
	struct request request;
	int status;

	begin(&request, argc, argv);
	plan_apply(&request.plan, request.h);
	show_plan(&request);
	status = plan_is_empty(&request.plan) ? NO_DIFFERENCE : DIFFERENCES;
	end(&request);
	return status;
}

static const struct option_def diff_options[] = { OPTION_PRUNE, OPTION_JSON, OPTION_END };

const struct command cmd_diff = {
	.name = "diff",
	.usage = "[OPTION]... FILE",
	.summary = "Show what apply would do with a manifest",
	.description =
		"A line begins with + for what would be added, ~ for what would be changed in place,\n"
		"-> for what would go to another group or to the end of its own, -/+ for what would\n"
		"be replaced, and - for what would be removed. Of variables of the environment only\n"
		"the names are shown. The exit status is 0 if there is nothing to do, 2 if there is\n"
		"something, and 1 for any error of FILE or the command line.",
	.examples = "  asmctl diff tree.json\n"
		    "  asmctl diff --json tree.json | jq .steps[].name\n",
	.options = diff_options,
	.operands = OPERANDS_FILES,
	.usage_status = EXIT_FAILED,
	.run = run_diff,
};

/* ---- delete ---- */

static int run_delete(int argc, char **argv)
{
	struct request request;
	struct work work;
	int status = EXIT_OK;

	begin(&request, argc, argv);
	work = work_of(&request);
	plan_delete(&request.plan, request.h);
	if (request.dry_run)
		plan_print(&request.plan);
	else
		status = do_delete(&work);
	if (plan_is_empty(&request.plan))
		printf("Nothing to do: nothing of %s is there\n", request.file);
	end(&request);
	return status;
}

static const struct option_def delete_options[] = { OPTION_DRY_RUN, OPTION_END };

const struct command cmd_delete = {
	.name = "delete",
	.usage = "[OPTION]... FILE",
	.summary = "Stop and remove what a manifest names",
	.description =
		"The last one first. Groups in which is something else stay, which is a failure;\n"
		"what has gone already is none.",
	.examples = "  asmctl delete tree.json\n"
		    "  asmctl delete --dry-run tree.json\n",
	.options = delete_options,
	.operands = OPERANDS_FILES,
	.run = run_delete,
};
