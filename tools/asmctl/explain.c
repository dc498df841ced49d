// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/agentsys_netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "asmctl.h"
#include "forecast.h"
#include "format.h"
#include "parse.h"
#include "relation.h"
#include "restarts.h"

#define ENDS_MAX   32
#define RUNS_SHOWN 12

enum {
	OPT_CODE = OPT_FIRST,
	OPT_SIGNAL,
	OPT_CAUSE,
	OPT_RUNS,
};

static const struct option_def options[] = {
	{ OPT_CODE, "code", "N", "when it exits with this code; may be repeated" },
	{ OPT_SIGNAL, "signal", "SIGNAL", "when this signal ends it; may be repeated" },
	{ OPT_CAUSE, "cause", "CAUSE",
	  "on oom, link, launch (a restart that fails), a type of fault, as\n"
	  "Unresponsive, or fault, for all of those that end it" },
	{ OPT_RUNS, "runs", "DURATION",
	  "when each instance runs so long; without it, it ends now,\n"
	  "and those after it at once" },
	OPTION_JSON,
	OPTION_END,
};

/**
 * struct ending - how it would end
 * @end: the end; if only the cause is fault, any of those
 * @fault: the fault that it comes of, or AGENTSYS_FAULT_NONE
 * @action: enum agentsys_recover, what is done about that
 * @from: with this fault within the time of the ladder, from 1
 */
struct ending {
	struct agentsys_end end;
	uint32_t fault;
	uint32_t action;
	uint64_t from;
};

/**
 * struct question - what the command line asks
 * @ends: how it would end
 * @nends: how many; 0 for the usual ends
 * @runs: it was said how long instances run
 * @runs_ms: and so long
 * @json: print it as JSON
 */
struct question {
	struct ending ends[ENDS_MAX];
	size_t nends;
	bool runs;
	uint32_t runs_ms;
	bool json;
};

static void ask_of(struct question *question, enum agentsys_cause cause, int code, uint32_t fault)
{
	if (question->nends == ENDS_MAX)
		usage_error("that is more than %d ends", ENDS_MAX);
	question->ends[question->nends++] = (struct ending){
		.end = { .cause = cause, .code = code },
		.fault = fault,
	};
}

static void ask(struct question *question, enum agentsys_cause cause, int code)
{
	ask_of(question, cause, code, AGENTSYS_FAULT_NONE);
}

/* The kernel kills for memory, and that is told as such. */
static void ask_fault(struct question *question, uint32_t fault)
{
	if (fault == AGENTSYS_FAULT_MEMORY_LIMIT)
		ask_of(question, AGENTSYS_CAUSE_OOM, SIGKILL, fault);
	else
		ask_of(question, AGENTSYS_CAUSE_FAULT, fault, fault);
}

static void take_cause(struct question *question, const char *arg)
{
	uint32_t fault = agentsys_fault_number(arg);
	struct endings endings;

	if (fault == AGENTSYS_FAULT_CRASH)
		usage_error("a crash is an end by itself: say which with --code or --signal");
	if (fault > AGENTSYS_FAULT_NONE && fault < __AGENTSYS_FAULTS) {
		ask_fault(question, fault);
		return;
	}
	if (!parse_endings(arg, true, &endings) || !endings.causes)
		usage_error("'%s' is not oom, link, launch, fault, or one, as Unresponsive", arg);
	for (int cause = 0; cause < __AGENTSYS_CAUSES; cause++)
		if (endings.causes >> cause & 1)
			ask(question, cause, cause == AGENTSYS_CAUSE_OOM ? SIGKILL : 0);
}

static void take_option(struct question *question, int key, const char *arg)
{
	const char *why;
	uint64_t code;
	int signal;

	switch (key) {
	case OPT_CODE:
		if (!parse_number(arg, 255, &code))
			usage_error("'%s' is not an exit code, 0 to 255", arg);
		ask(question, AGENTSYS_CAUSE_EXIT, code);
		break;
	case OPT_SIGNAL:
		if (!parse_signal(arg, &signal))
			usage_error("'%s' is not a signal", arg);
		ask(question, AGENTSYS_CAUSE_SIGNAL, signal);
		break;
	case OPT_CAUSE:
		take_cause(question, arg);
		break;
	case OPT_RUNS:
		if (!parse_duration(arg, false, &question->runs_ms, &why))
			usage_error("'%s' %s", arg, why);
		question->runs = true;
		break;
	case OPT_JSON:
		question->json = true;
		break;
	}
}

static void ask_the_usual(struct question *question, const struct agentsys_info *info)
{
	ask(question, AGENTSYS_CAUSE_EXIT, 0);
	ask(question, AGENTSYS_CAUSE_EXIT, 1);
	ask(question, AGENTSYS_CAUSE_SIGNAL, SIGSEGV);
	/* That of its limit, if it has one, is among the faults. */
	if (!info->memory_max)
		ask(question, AGENTSYS_CAUSE_OOM, SIGKILL);
	ask(question, AGENTSYS_CAUSE_FAULT, 0);
}

/* ---- what it is about ---- */

/**
 * struct subject - an agent
 * @info: itself
 * @groups: those that it is in, inside out, root last
 * @ngroups: how many
 * @relations: of all agents
 * @recovery: what is done about its faults
 */
struct subject {
	struct agentsys_info *info;
	struct agentsys_group *groups[FORECAST_GROUPS];
	size_t ngroups;
	struct relations relations;
	struct agentsys_recovery *recovery;
};

static void subject_free(struct subject *subject)
{
	for (size_t i = 0; i < subject->ngroups; i++)
		agentsys_group_free(subject->groups[i]);
	agentsys_info_free(subject->info);
	free_relations(&subject->relations);
	agentsys_recovery_free(subject->recovery);
}

static int subject_get(struct agentsys *h, const char *text, struct subject *subject)
{
	const char *name;
	int ret;

	*subject = (struct subject){ 0 };
	subject->info = get_agent(h, text, &ret);
	if (!subject->info)
		return ret;
	for (name = subject->info->group; *name && subject->ngroups < FORECAST_GROUPS;
	     name = subject->groups[subject->ngroups++]->parent) {
		ret = agentsys_group_get(h, name, &subject->groups[subject->ngroups]);
		if (!ret)
			continue;
		complain("cannot read group %s: %s", name, agentsys_error(h));
		subject_free(subject);
		return exit_status_of(ret);
	}
	if (!get_relations(h, &subject->relations, &ret)) {
		subject_free(subject);
		return ret;
	}
	ret = agentsys_recovery(h, subject->info->id, &subject->recovery);
	if (!ret)
		return EXIT_OK;
	complain("cannot read what is done about faults: %s", agentsys_error(h));
	subject_free(subject);
	return exit_status_of(ret);
}

/* ---- how it ends ---- */

/**
 * struct endings_list - all the ends that are explained
 * @ends: these
 * @n: how many
 */
struct endings_list {
	struct ending *ends;
	size_t n;
};

static void list_add(struct endings_list *list, const struct ending *ending)
{
	list->ends = reallocarray(list->ends, list->n + 1, sizeof(*list->ends));
	if (!list->ends)
		out_of_memory();
	list->ends[list->n++] = *ending;
}

/* The kernel kills for memory, whatever is said to be done about it. */
static bool ends_it(const struct ending *ending)
{
	return !ending->fault || ending->fault == AGENTSYS_FAULT_MEMORY_LIMIT ||
	       ending->action >= AGENTSYS_RECOVER_RESTART;
}

/* With a ladder more than one thing may be done about it. @all: also if none of that ends it. */
static void list_fault(struct endings_list *list, const struct subject *subject,
		       struct ending ending, bool all)
{
	const struct agentsys_recovery *recovery = subject->recovery;
	struct forecast_rung rungs[FORECAST_RUNGS];
	size_t n, before = list->n;

	/* A module that does not know it does nothing about it. */
	if (ending.fault >= recovery->types)
		n = forecast_rungs(ending.fault, AGENTSYS_RECOVER_ALERT, 0, rungs);
	else
		n = forecast_rungs(ending.fault, recovery->action[ending.fault], recovery->after,
				   rungs);
	for (size_t i = 0; i < n; i++) {
		ending.action = rungs[i].action;
		ending.from = rungs[i].from;
		if (ends_it(&ending))
			list_add(list, &ending);
	}
	if (list->n > before || !all)
		return;
	ending.action = rungs[0].action;
	ending.from = rungs[0].from;
	list_add(list, &ending);
}

/* Those that it can have, and that end it. */
static void list_faults(struct endings_list *list, const struct subject *subject)
{
	struct question faults = { .nends = 0 };

	for (uint32_t fault = AGENTSYS_FAULT_NONE + 1; fault < __AGENTSYS_FAULTS; fault++)
		if (fault != AGENTSYS_FAULT_CRASH &&
		    (fault != AGENTSYS_FAULT_MEMORY_LIMIT || subject->info->memory_max))
			ask_fault(&faults, fault);
	for (size_t i = 0; i < faults.nends; i++)
		list_fault(list, subject, faults.ends[i], false);
}

static void list_ends(struct endings_list *list, const struct subject *subject,
		      const struct question *question)
{
	*list = (struct endings_list){ NULL };
	for (size_t i = 0; i < question->nends; i++) {
		struct ending ending = question->ends[i];

		/* Of the memory of one that has a limit, it is that which runs out. */
		if (ending.end.cause == AGENTSYS_CAUSE_OOM && subject->info->memory_max)
			ending.fault = AGENTSYS_FAULT_MEMORY_LIMIT;
		if (ending.fault)
			list_fault(list, subject, ending, true);
		else if (ending.end.cause == AGENTSYS_CAUSE_FAULT)
			list_faults(list, subject);
		else
			list_add(list, &ending);
	}
}

static void fill_policy(struct agentsys_restart_policy *policy, const struct agentsys_info *info)
{
	*policy = (struct agentsys_restart_policy){
		.condition = info->restart,
		.max_restarts = info->max_restarts,
		.backoff_initial_ms = info->backoff_initial_ms,
		.backoff_max_ms = info->backoff_max_ms,
		.backoff_kind = info->backoff_kind,
		.jitter = info->jitter,
		.stable_ms = info->stable_ms,
		.breaker = info->breaker,
		.breaker_ms = info->breaker_open_ms,
		.never_causes = info->never_causes,
		.success_signals = info->success_signals,
		.never_signals = info->never_signals,
	};
	memcpy(policy->success_codes, info->success_codes, sizeof(policy->success_codes));
	memcpy(policy->never_codes, info->never_codes, sizeof(policy->never_codes));
	if (info->flags & AGENTSYS_AGENT_ATTACHED)
		policy->condition = AGENTSYS_RESTART_NEVER;
}

/* At the end that is to come: one that has ended has to be started before. */
static void fill_past(struct agentsys_restart_past *past, const struct agentsys_info *info)
{
	bool by_hand = info->state == AGENTSYS_EXITED || info->state == AGENTSYS_FAILED;
	bool scheduled = info->state == AGENTSYS_BACKOFF && info->cause != AGENTSYS_CAUSE_GROUP;

	memset(past, 0, sizeof(*past));
	if (by_hand)
		return;
	past->used = info->restarts + scheduled;
	past->streak = info->streak;
	past->survival_ms = info->survival_ms;
}

static void fill_group(struct forecast_group *to, const struct agentsys_group *group)
{
	*to = (struct forecast_group){
		.name = group->name,
		.strategy = group->strategy,
		.budget = group->budget,
		.within_ms = group->within_ms,
		.backoff_initial_ms = group->backoff_initial_ms,
		.backoff_max_ms = group->backoff_max_ms,
		.backoff_kind = group->backoff_kind,
		.jitter = group->jitter,
		.recent = group->recent,
	};
}

static void look_ahead(const struct question *question, const struct subject *subject,
		       const struct ending *ending, struct forecast *result)
{
	const struct agentsys_info *info = subject->info;

	fill_policy(&result->policy, info);
	fill_past(&result->past, info);
	result->end = ending->end;
	result->restart = ending->action == AGENTSYS_RECOVER_RESTART;
	/* Or the kernel alone has killed it. */
	result->fault = ending->action >= AGENTSYS_RECOVER_RESTART ? ending->fault :
								     AGENTSYS_FAULT_NONE;
	result->later_ms = question->runs_ms;
	if (question->runs)
		result->end.ran_ms = question->runs_ms;
	else if (info->pid)
		result->end.ran_ms = (boot_time() - info->start_time) / 1000000;
	/* What could not be started did not run. */
	if (ending->end.cause == AGENTSYS_CAUSE_LAUNCH)
		result->end.ran_ms = result->later_ms = 0;
	result->ngroups = subject->ngroups;
	for (size_t i = 0; i < subject->ngroups; i++)
		fill_group(&result->groups[i], subject->groups[i]);
	forecast(result);
}

static bool is_endless(const struct forecast *forecast)
{
	return forecast->why == FORECAST_ENDLESS;
}

/* ---- as text ---- */

static const char *end_name(const struct agentsys_end *end, char buf[FORMAT_MAX])
{
	if (end->cause == AGENTSYS_CAUSE_EXIT)
		snprintf(buf, FORMAT_MAX, "exit %d", end->code);
	else if (end->cause == AGENTSYS_CAUSE_SIGNAL)
		format_signal(end->code, buf);
	else
		snprintf(buf, FORMAT_MAX, "%s", agentsys_cause_name(end->cause));
	return buf;
}

static void print_why(FILE *to, const struct subject *subject, const struct forecast *forecast)
{
	const struct agentsys_info *info = subject->info;

	switch (forecast->why) {
	case FORECAST_CONDITION:
		if (info->flags & AGENTSYS_AGENT_ATTACHED)
			fprintf(to, "it was attached");
		else
			fprintf(to, "the policy is %s", agentsys_restart_name(info->restart));
		break;
	case FORECAST_SUCCESS:
		fprintf(to, "that counts as a success");
		break;
	case FORECAST_PREVENTED:
		fprintf(to, "that prevents a restart");
		break;
	case FORECAST_SPENT:
		fprintf(to, "what is spent is spent for the next instance too");
		break;
	case FORECAST_RESTARTS:
		fprintf(to, "its %" PRIu32 " restarts are spent", info->max_restarts);
		break;
	case FORECAST_BUDGET:
		fprintf(to, "the budget of group %s is spent", forecast->failed);
		break;
	case FORECAST_ENDLESS:
		break;
	}
}

/* How many restarts from @first on are the same. */
static size_t equal_steps(const struct forecast *forecast, size_t first)
{
	const struct forecast_step *a = &forecast->steps[first], *b = a + 1;

	while (b < forecast->steps + forecast->nsteps && a->least_ms == b->least_ms &&
	       a->most_ms == b->most_ms && a->opens == b->opens && a->group == b->group)
		b++;
	return b - a;
}

static void print_wait(const struct forecast_step *step)
{
	char least[FORMAT_MAX], most[FORMAT_MAX];

	printf("%s", format_ms(step->least_ms, least));
	if (step->most_ms != step->least_ms)
		printf(" to %s", format_ms(step->most_ms, most));
}

static void print_steps(const struct forecast *forecast)
{
	const struct forecast_step *steps = forecast->steps;
	const char *group = NULL;
	size_t shown = 0, n;

	printf("restarted after ");
	for (size_t i = 0; i < forecast->nsteps; i += n) {
		n = equal_steps(forecast, i);
		if (shown++ == RUNS_SHOWN) {
			printf(", and so on");
			break;
		}
		printf("%s", i ? ", " : "");
		print_wait(&steps[i]);
		if (n > 1)
			printf(" (%zu%s times)", n,
			       i + n == forecast->nsteps && is_endless(forecast) ? " and more" :
										   "");
		if (steps[i].opens)
			printf(" with its circuit open");
		if (steps[i].group != group && steps[i].group)
			printf(" with group %s", steps[i].group);
		else if (steps[i].group != group)
			printf(" alone");
		group = steps[i].group;
	}
}

/* What is done about a fault; on a ladder, from which one on. */
static void print_action(const struct subject *subject, const struct ending *ending)
{
	char within[FORMAT_MAX];

	printf("  %-20s %s", agentsys_fault_name(ending->fault),
	       agentsys_recover_name(ending->action));
	if (ending->from > 1)
		printf(", from fault %" PRIu64 " within %s on", ending->from,
		       format_ms(subject->recovery->within_ms, within));
	printf(": ");
}

static void print_forecast(const struct subject *subject, const struct forecast *forecast)
{
	if (forecast->nsteps)
		print_steps(forecast);
	else
		printf("not restarted");
	if (!is_endless(forecast)) {
		printf(", then %s: ", agentsys_state_name(forecast->state));
		print_why(stdout, subject, forecast);
	}
	putchar('\n');
}

static void print_ending(const struct question *question, const struct subject *subject,
			 const struct ending *ending, struct forecast *forecast)
{
	char end[FORMAT_MAX];

	if (ending->fault)
		print_action(subject, ending);
	else
		printf("  %-12s ", end_name(&ending->end, end));
	if (!ends_it(ending)) {
		printf("does not end it\n");
		return;
	}
	look_ahead(question, subject, ending, forecast);
	print_forecast(subject, forecast);
}

/* Another's end may be its end too. */
static void print_relations(const struct subject *subject)
{
	char *text = relations_text(&subject->relations, subject->info->id);

	if (*text)
		printf("It %s: see asmctl relate --help\n", text);
	if (subject->info->flags & AGENTSYS_AGENT_WAITS)
		printf("It waits until what it depends on runs\n");
	free(text);
}

static void print_subject(const struct subject *subject)
{
	const struct agentsys_info *info = subject->info;
	char buf[FORMAT_MAX];

	printf("Agent %u (%s) is %s, restarts %s, ", info->id, info->name, format_state(info, buf),
	       agentsys_restart_name(info->restart));
	if (info->max_restarts == AGENTSYS_RESTARTS_UNLIMITED)
		printf("%" PRIu32 " restarts so far, as many as its group allows\n",
		       info->restarts);
	else
		printf("%" PRIu32 " of %" PRIu32 " restarts used\n", info->restarts,
		       info->max_restarts);
	print_restarts(info);
	for (size_t i = 0; i + 1 < subject->ngroups; i++)
		printf("%s group %s: %s, %" PRIu32 " of %" PRIu32 " restarts within %s used\n",
		       i ? "which is in" : "It is in", subject->groups[i]->name,
		       agentsys_strategy_name(subject->groups[i]->strategy),
		       subject->groups[i]->recent, subject->groups[i]->budget,
		       format_ms(subject->groups[i]->within_ms, buf));
	print_relations(subject);
	printf("\n");
}

static void print_resets(const struct subject *subject)
{
	char buf[FORMAT_MAX];

	printf("\nThe waits start anew after a run of %s.\n",
	       format_ms(subject->info->stable_ms, buf));
	printf("Waits and restarts start anew when it is started by hand.\n");
	if (subject->ngroups > 1)
		printf("A group forgets a restart when its window has passed.\n");
}

/* ---- as JSON ---- */

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		out_of_memory();
}

static struct json_object *string_or_null(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static struct json_object *string_of_why(const struct subject *subject,
					 const struct forecast *forecast)
{
	struct json_object *string;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		out_of_memory();
	print_why(to, subject, forecast);
	if (fclose(to))
		out_of_memory();
	string = json_object_new_string(text);
	free(text);
	return string;
}

static struct json_object *json_of_steps(const struct forecast *forecast)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < forecast->nsteps; i++) {
		const struct forecast_step *step = &forecast->steps[i];
		struct json_object *object = json_object_new_object();

		add(object, "least_ms", json_object_new_uint64(step->least_ms));
		add(object, "most_ms", json_object_new_uint64(step->most_ms));
		add(object, "circuit_open", json_object_new_boolean(step->opens));
		add(object, "with_group", string_or_null(step->group));
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *json_of_ending(const struct subject *subject,
					  const struct ending *ending)
{
	const struct agentsys_end *end = &ending->end;
	struct json_object *object = json_object_new_object();
	struct agentsys_restart_policy policy;

	fill_policy(&policy, subject->info);
	add(object, "cause", json_object_new_string(agentsys_cause_name(end->cause)));
	add(object, "code", json_object_new_int(end->code));
	add(object, "fault",
	    string_or_null(ending->fault ? agentsys_fault_name(ending->fault) : NULL));
	add(object, "action",
	    string_or_null(ending->fault ? agentsys_recover_name(ending->action) : NULL));
	if (ending->fault)
		add(object, "from_fault", json_object_new_uint64(ending->from));
	add(object, "ends", json_object_new_boolean(ends_it(ending)));
	add(object, "failure",
	    json_object_new_boolean(ends_it(ending) &&
				    agentsys_end_abnormal(&policy, end->cause, end->code)));
	return object;
}

static void add_nothing(struct json_object *object, const struct subject *subject)
{
	add(object, "restarted", json_object_new_boolean(false));
	add(object, "delays", json_object_new_array());
	add(object, "endless", json_object_new_boolean(false));
	add(object, "then", json_object_new_string(agentsys_state_name(subject->info->state)));
	add(object, "why", json_object_new_string("that does not end it"));
}

static void add_forecast(struct json_object *object, const struct subject *subject,
			 const struct forecast *forecast)
{
	add(object, "restarted", json_object_new_boolean(forecast->nsteps));
	add(object, "delays", json_of_steps(forecast));
	add(object, "endless", json_object_new_boolean(is_endless(forecast)));
	if (is_endless(forecast))
		return;
	add(object, "then", json_object_new_string(agentsys_state_name(forecast->state)));
	add(object, "why", string_of_why(subject, forecast));
}

static struct json_object *json_of_subject(const struct subject *subject)
{
	struct json_object *object = json_object_new_object();
	struct json_object *groups = json_object_new_array();

	for (size_t i = 0; i + 1 < subject->ngroups; i++)
		json_object_array_add(groups, json_of_group(subject->groups[i]));
	add(object, "agent", json_of_agent(subject->info));
	add(object, "groups", groups);
	add(object, "relations", json_of_relations(&subject->relations, subject->info->id));
	return object;
}

/* ---- the command ---- */

static void explain(const struct question *question, const struct subject *subject,
		    const struct endings_list *list)
{
	bool faults = false;
	struct forecast *forecast = malloc(sizeof(*forecast));

	if (!forecast)
		out_of_memory();
	print_subject(subject);
	for (size_t i = 0; i < list->n; i++)
		if (list->ends[i].fault)
			faults = true;
		else
			print_ending(question, subject, &list->ends[i], forecast);
	if (faults)
		printf("%sFaults, and what is done about them:\n", list->ends[0].fault ? "" : "\n");
	for (size_t i = 0; i < list->n; i++)
		if (list->ends[i].fault)
			print_ending(question, subject, &list->ends[i], forecast);
	if (!list->n)
		printf("No fault ends it\n");
	print_resets(subject);
	free(forecast);
}

static void explain_as_json(const struct question *question, const struct subject *subject,
			    const struct endings_list *list)
{
	struct json_object *object = json_of_subject(subject);
	struct json_object *ends = json_object_new_array();
	struct forecast *forecast = malloc(sizeof(*forecast));

	if (!forecast)
		out_of_memory();
	for (size_t i = 0; i < list->n; i++) {
		struct json_object *one = json_of_ending(subject, &list->ends[i]);

		json_object_array_add(ends, one);
		if (!ends_it(&list->ends[i])) {
			add_nothing(one, subject);
			continue;
		}
		look_ahead(question, subject, &list->ends[i], forecast);
		add_forecast(one, subject, forecast);
	}
	add(object, "ends", ends);
	print_json(object);
	free(forecast);
}

static int run(int argc, char **argv)
{
	struct question question = { .nends = 0 };
	struct endings_list list;
	struct subject subject;
	struct agentsys *h;
	int key, status;

	while ((key = next_option(argc, argv)) != -1)
		take_option(&question, key, optarg);
	need_operands(argc, 1, 1, "the id or name of an agent");

	h = connect_module();
	status = subject_get(h, argv[optind], &subject);
	if (!status) {
		if (!question.nends)
			ask_the_usual(&question, subject.info);
		list_ends(&list, &subject, &question);
		if (question.json)
			explain_as_json(&question, &subject, &list);
		else
			explain(&question, &subject, &list);
		free(list.ends);
		subject_free(&subject);
	}
	agentsys_close(h);
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.usage = "[OPTION]... AGENT",
	.summary = "Tell whether and when an agent would be restarted",
	.description =
		"What would become of it if it ended now, and each instance after that again in the\n"
		"same way, at once: the wait before each of the restarts, and why there are no\n"
		"more. It is worked out by the module's own code. For the restarts of a group, the\n"
		"recent ones are taken to be as new as can be. Without options, for exit codes 0\n"
		"and 1, SIGSEGV, running out of memory, and all faults that end it.\n"
		"\n"
		"Of a fault it tells what is done about it (\"asmctl recovery --agent AGENT\"), and\n"
		"what becomes of the end that this makes; on a ladder so for each rung that ends\n"
		"it, with the number of the fault, of whatever types, from which on it is done.\n"
		"Running out of memory is the fault MemoryLimit for an agent with memory_max, and\n"
		"what happens to anybody on the system for one without.",
	.examples = "  asmctl explain 100\n"
		    "  asmctl explain --code 75 --signal HUP --cause launch fs_monitor\n"
		    "  asmctl explain --cause Unresponsive --cause MemoryLimit 100\n"
		    "  asmctl explain --runs 2m 100\n"
		    "  asmctl explain --json 100 | jq '.ends[].delays[].least_ms'\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};
