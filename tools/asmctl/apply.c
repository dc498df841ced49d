// SPDX-License-Identifier: GPL-2.0-only
/*
 * "asmctl apply", "diff" and "delete": make what a manifest says, or show it, or remove it.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asmctl.h"
#include "format.h"
#include "manifest.h"
#include "manifest_changes.h"
#include "manifest_plan.h"
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
 * @root: what it says
 * @plan: what is to be done
 */
struct request {
	const char *file;
	bool json;
	bool dry_run;
	struct agentsys *h;
	struct json_object *source;
	struct member *root;
	struct plan plan;
};

/* ---- Ctrl-C: the library ends a wait for it, and what was begun is undone ---- */

static volatile sig_atomic_t interrupted;

static void note_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = note_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

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
	char *path;

	take_options(request, argc, argv);
	request->source = manifest_read(request->file);
	path = realpath(request->file, NULL);
	if (path) /* a pipe has none */
		go_to_folder(path);
	request->root = manifest_check(request->source);
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
	manifest_free(request->root);
	json_object_put(request->source);
	agentsys_close(request->h);
}

/* ---- notes ---- */

static const struct member *find_member(const struct request *request,
					const struct agentsys_info *info)
{
	for (const struct member *member = request->root; member; member = next_member(member))
		if (!member->is_group && !strcmp(member->name, info->name) &&
		    !strcmp(member->up->name, info->group))
			return member;
	return NULL;
}

static bool has_group(const struct request *request, const char *name)
{
	for (const struct member *member = request->root->first; member; member = member->next)
		if (member->is_group && !strcmp(member->name, name))
			return true;
	return false;
}

static void note_groups(const struct request *request, struct json_object *state, bool applied)
{
	struct agentsys_group **groups;
	ssize_t n = agentsys_group_list(request->h, &groups);

	for (ssize_t i = 0; i < n; i++) {
		if (strcmp(groups[i]->parent, AGENTSYS_ROOT_GROUP))
			continue;
		if (applied && has_group(request, groups[i]->name))
			state_add_group(state, request->plan.manifest, groups[i]->name);
		else
			state_keep_group(state, request->plan.state, groups[i]->name);
	}
	if (n >= 0)
		agentsys_group_list_free(groups);
}

/* What is there now, which is what the manifest says if it was @applied. */
static bool note_all(const struct request *request, bool applied)
{
	struct json_object *state = state_new();
	struct agentsys_info **agents;
	ssize_t n = agentsys_list(request->h, &agents);
	bool saved;

	for (ssize_t i = 0; i < n; i++) {
		const struct member *member = applied ? find_member(request, agents[i]) : NULL;

		if (member)
			state_add_agent(state, request->plan.manifest, agents[i], member->made_of);
		else
			state_keep_agent(state, request->plan.state, agents[i]);
	}
	if (n >= 0)
		agentsys_list_free(agents);
	note_groups(request, state, applied);
	saved = state_save(state);
	json_object_put(state);
	return saved;
}

/* ---- doing it ---- */

static void say_done(const struct request *request, const struct step *step)
{
	if (request->json || step->part)
		return;
	plan_print_step(step);
	fflush(stdout);
}

static int remove_agent(struct agentsys *h, uint32_t id)
{
	int ret = agentsys_stop(h, id, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);

	if (!ret)
		ret = agentsys_remove(h, id);
	return ret == -ESRCH ? 0 : ret;
}

static int remove_group(struct agentsys *h, const char *name)
{
	int ret = agentsys_group_del(h, name);

	return ret == -ENOENT ? 0 : ret;
}

static int do_removal(const struct request *request, struct step *step)
{
	int ret;

	if (interrupted) {
		complain("interrupted");
		return EXIT_FAILED;
	}
	ret = step->agent ? remove_agent(request->h, step->agent->id) :
			    remove_group(request->h, step->group->name);
	if (ret) {
		complain("cannot remove %s '%s': %s", step->agent ? "agent" : "group",
			 step->agent ? step->agent->name : step->group->name,
			 agentsys_error(request->h));
		return exit_status_of(ret);
	}
	step->done = true;
	say_done(request, step);
	return EXIT_OK;
}

static struct agentsys_group_spec *group_spec(const struct group_policy *policy, const char *parent)
{
	struct agentsys_group_spec *spec = agentsys_group_spec_new();

	need_memory(spec ? 0 : -1);
	agentsys_group_spec_set_strategy(spec, policy->strategy);
	agentsys_group_spec_set_budget(spec, policy->budget);
	agentsys_group_spec_set_within(spec, policy->within_ms);
	agentsys_group_spec_set_backoff(spec, policy->initial_ms, policy->max_ms);
	if (parent)
		need_memory(agentsys_group_spec_set_parent(spec, parent));
	return spec;
}

static int make_group(struct agentsys *h, const struct member *group)
{
	struct agentsys_group_spec *spec = group_spec(&group->policy, group->up->name);
	int ret = agentsys_group_new(h, group->name, spec);

	agentsys_group_spec_free(spec);
	return ret;
}

static int change_group(struct agentsys *h, const char *name, struct group_policy policy)
{
	struct agentsys_group_spec *spec = group_spec(&policy, NULL);
	int ret = agentsys_group_set(h, name, spec);

	agentsys_group_spec_free(spec);
	return ret;
}

static int do_group(const struct request *request, struct step *step)
{
	const struct member *group = step->member;
	int ret = step->action == CHANGE ? change_group(request->h, group->name, group->policy) :
					   make_group(request->h, group);

	if (!ret)
		return EXIT_OK;
	complain("cannot %s group '%s': %s", step->action == CHANGE ? "change" : "make",
		 group->name, agentsys_error(request->h));
	return exit_status_of(ret);
}

static int do_agent(const struct request *request, struct step *step)
{
	const struct member *agent = step->member;
	char what[2 * AGENTSYS_NAME_MAX + 64];
	int ret;

	if (step->action == CHANGE) {
		ret = agentsys_set(request->h, step->agent->id, agent->spec);
		if (!ret)
			return EXIT_OK;
		complain("cannot change agent '%s' in '%s': %s", agent->name, agent->up->name,
			 agentsys_error(request->h));
		return exit_status_of(ret);
	}
	ret = agentsys_spawn(request->h, agent->spec, AGENTSYS_WAIT, &step->id);
	if (!ret)
		return EXIT_OK;
	/* Whoever is interrupted has it; what fails has been forgotten. */
	step->done = ret == -EINTR;
	snprintf(what, sizeof(what), "start agent '%s' in '%s'", agent->name, agent->up->name);
	return start_failed(request->h, ret, what);
}

static int do_step(const struct request *request, struct step *step)
{
	int status;

	if (interrupted) {
		complain("interrupted");
		return EXIT_FAILED;
	}
	status = step->member->is_group ? do_group(request, step) : do_agent(request, step);
	if (status)
		return status;
	step->done = true;
	say_done(request, step);
	return EXIT_OK;
}

/* ---- undoing it ---- */

static int set_back(struct agentsys *h, const struct agentsys_info *info)
{
	struct agentsys_spec *spec = new_spec();
	int ret;

	set_restart(spec, info);
	ret = agentsys_set(h, info->id, spec);
	agentsys_spec_free(spec);
	return ret == -ESRCH ? 0 : ret;
}

static int undo_step(struct agentsys *h, const struct step *step)
{
	const struct member *member = step->member;

	if (step->action == CHANGE)
		return member->is_group ?
			       change_group(h, member->name, policy_of_group(step->group)) :
			       set_back(h, step->agent);
	return member->is_group ? remove_group(h, member->name) : remove_agent(h, step->id);
}

/* What was removed cannot be had back: nobody knows what else it had become. */
static void tell_gone(const struct steps *removals)
{
	for (size_t i = removals->n; i-- > 0;) {
		const struct step *step = &removals->at[i];

		if (!step->done)
			continue;
		if (step->agent)
			complain("agent '%s' in '%s', which was there before, stays removed",
				 step->agent->name, step->agent->group);
		else
			complain("group '%s', which was there before, stays removed",
				 step->group->name);
	}
}

static void undo(const struct request *request)
{
	const struct steps *steps = &request->plan.steps;
	bool all = true;

	interrupted = 0;
	for (size_t i = steps->n; i-- > 0;) {
		const struct step *step = &steps->at[i];

		if (!step->done || !undo_step(request->h, step))
			continue;
		all = false;
		complain("%s '%s' could not be undone: %s",
			 step->member->is_group ? "group" : "agent", step->member->name,
			 agentsys_error(request->h));
	}
	if (all)
		complain("all that was started, made or changed for \"%s\" was undone",
			 request->file);
	tell_gone(&request->plan.removals);
	note_all(request, false);
}

static int do_all(const struct request *request)
{
	const struct plan *plan = &request->plan;
	int status = EXIT_OK;

	catch_signals();
	for (size_t i = plan->removals.n; i-- > 0 && !status;)
		status = do_removal(request, &plan->removals.at[i]);
	for (size_t i = 0; i < plan->steps.n && !status; i++)
		status = do_step(request, &plan->steps.at[i]);
	if (status)
		undo(request);
	else if (!note_all(request, true))
		status = EXIT_FAILED;
	return status;
}

/* ---- what is said in the end ---- */

static void print_summary(const struct request *request, const char *to)
{
	const struct plan *plan = &request->plan;

	if (plan_is_empty(plan))
		printf("Nothing to do: all is as %s says\n", request->file);
	else
		printf("%s: %zu %sadded, %zu %schanged, %zu %sreplaced, %zu %sremoved\n",
		       request->file, plan_count(plan, ADD), to, plan_count(plan, CHANGE), to,
		       plan_count(plan, REPLACE), to, plan_count(plan, REMOVE), to);
}

/* An end is nothing that a manifest could be about, but may come as a surprise. */
static void print_ended(const struct request *request)
{
	for (ssize_t i = 0; i < request->plan.nagents; i++) {
		const struct agentsys_info *info = request->plan.agents[i];
		const struct member *member = find_member(request, info);
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
	int status = EXIT_OK;

	begin(&request, argc, argv);
	plan_apply(&request.plan, request.h, request.root);
	if (request.dry_run) {
		show_plan(&request);
	} else {
		status = do_all(&request);
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
		"FILE is JSON: an object with version (1), agents and groups, which are arrays.\n"
		"A group has name, strategy, budget, backoff, agents and groups. An agent has\n"
		"name and command (an array), and may have env (an object), clean_env, cwd, user,\n"
		"gid, stdin, stdout, stderr, nice, oom_score_adj, rlimit (an object), id,\n"
		"allow_new_privs, and the objects restart (when, max_restarts, backoff ...), stop\n"
		"(signal, timeout) and limits (memory_max, memory_high, cpu, pids_max). Keys and\n"
		"values are those of the options of \"asmctl run\" and \"asmctl group new\", with _ for\n"
		"-; also timeout_ms, backoff {initial_ms, max_ms} and budget {restarts, within_s}.\n"
		"Relative paths are below the folder of FILE.\n"
		"\n"
		"All of it is checked first. Agents are known by their name in their group. What is\n"
		"as FILE says is left alone, so that a second apply does nothing. How something is\n"
		"restarted is changed in place; for anything else an agent is stopped, removed and\n"
		"made anew, and where the order counts (one_for_all, rest_for_one) so is all that\n"
		"comes after it in its group. What is not in FILE is left alone without --prune.\n"
		"If something cannot be started, what was started, made or changed is undone.",
	.examples = "  asmctl apply tree.json\n"
		    "  asmctl apply --dry-run tree.json\n"
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
	plan_apply(&request.plan, request.h, request.root);
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
		"-/+ for what would be removed and made anew, and - for what would be removed. Of\n"
		"variables of the environment only the names are shown. The exit status is 0 if\n"
		"there is nothing to do, 2 if there is something, and 1 for any error of FILE or\n"
		"the command line.",
	.examples = "  asmctl diff tree.json\n"
		    "  asmctl diff --json tree.json | jq .steps[].name\n",
	.options = diff_options,
	.operands = OPERANDS_FILES,
	.usage_status = EXIT_FAILED,
	.run = run_diff,
};

/* ---- delete ---- */

/* What cannot be removed keeps nothing else. */
static int delete_all(const struct request *request)
{
	const struct plan *plan = &request->plan;
	int status = EXIT_OK;

	catch_signals();
	for (size_t i = plan->removals.n; i-- > 0 && !interrupted;) {
		int ret = do_removal(request, &plan->removals.at[i]);

		if (!status)
			status = ret;
	}
	if (interrupted) {
		complain("interrupted");
		status = EXIT_FAILED;
	}
	if (!note_all(request, false))
		status = EXIT_FAILED;
	return status;
}

static int run_delete(int argc, char **argv)
{
	struct request request;
	int status = EXIT_OK;

	begin(&request, argc, argv);
	plan_delete(&request.plan, request.h, request.root);
	if (request.dry_run)
		plan_print(&request.plan);
	else
		status = delete_all(&request);
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
