// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent in a manifest. Its keys are the options of "asmctl run", and so are its
 * values, which the same functions read.
 */
#include <stdlib.h>
#include <string.h>

#include "endings.h"
#include "manifest.h"
#include "manifest_backend.h"
#include "manifest_health.h"
#include "manifest_limits.h"
#include "manifest_text.h"
#include "parse.h"
#include "paths.h"
#include "spec.h"
#include "user.h"

#define KEYS_MAX 64
#define KEY_SIZE 32

static const struct option_def restart_options[] = { OPTIONS_RESTART, OPTION_END };
static const struct option_def stop_options[] = { OPTIONS_STOP, OPTION_END };

static const char *const agent_keys[] = {
	"name",	       "command", "env",      "clean_env", "cwd",   "user",
	"gid",	       "stdin",	  "stdout",   "stderr",	   "nice",  "oom_score_adj",
	"rlimit",      "restart", "limits",   "stop",	   "id",    "allow_new_privs",
	"significant", "backend", "requires", "wants",	   "peers", "links",
	"monitors",    "notify",  "health",
};

/* What others keep as it is. */
static const char *const noted_elsewhere[] = {
	"name",	       "restart",  "command", "cwd",   "stdin", "stdout",   "stderr",
	"significant", "requires", "wants",   "peers", "links", "monitors",
};

/* ---- values as the text of an option ---- */

static char *scalar_text(const struct at *at, const char *unit)
{
	const char *number;
	char *text;

	if (json_object_is_type(at->value, json_type_string)) {
		text = strdup(json_object_get_string(at->value));
		need_memory(text ? 0 : -1);
		return text;
	}
	if (!json_object_is_type(at->value, json_type_int))
		manifest_wrong(at, "is neither a string nor a number");
	number = json_object_get_string(at->value);
	need_memory(asprintf(&text, "%s%s", number, unit) < 0);
	return text;
}

char *option_text(const struct at *at, const char *unit)
{
	char *text = NULL;

	if (!json_object_is_type(at->value, json_type_array))
		return scalar_text(at, unit);
	for (size_t i = 0; i < json_object_array_length(at->value); i++) {
		struct at below = at_index(at, i);
		char *next = scalar_text(&below, unit), *joined;

		need_memory(asprintf(&joined, "%s%s%s", text ? text : "", text ? "," : "", next) <
			    0);
		free(next);
		free(text);
		text = joined;
	}
	if (!text)
		text = strdup("");
	need_memory(text ? 0 : -1);
	return text;
}

char *backoff_text(const struct at *at)
{
	static const char *const keys[] = { "initial_ms", "max_ms" };
	struct at initial, max;
	char *first, *second, *text;

	if (!json_object_is_type(at->value, json_type_object))
		return option_text(at, "");
	need_keys(at, keys, ARRAY_SIZE(keys));
	initial = at_key(at, "initial_ms");
	max = at_key(at, "max_ms");
	if (!initial.value)
		manifest_wrong(&initial, "is missing");
	first = option_text(&initial, "ms");
	second = max.value ? option_text(&max, "ms") : NULL;
	need_memory(asprintf(&text, "%s%s%s", first, second ? ":" : "", second ? second : "") < 0);
	free(first);
	free(second);
	return text;
}

/* ---- sections: restart, stop ---- */

/**
 * struct section - some options in an object of their own
 * @options: which
 * @prefix: what their names there are without
 * @main: the option that is as the section, and its key there
 */
struct section {
	const struct option_def *options;
	const char *prefix;
	const char *main;
};

static const struct section restart_section = { restart_options, "", "when" };
static const struct section stop_section = { stop_options, "stop-", NULL };

static bool takes_duration(const struct option_def *def)
{
	return def->arg && !strcmp(def->arg, "DURATION");
}

/* "timeout" for --stop-timeout in section stop. */
static void key_of(const struct section *section, const struct option_def *def, char key[KEY_SIZE])
{
	const char *name = def->name;

	if (def->key == OPT_RESTART)
		name = section->main;
	else if (!strncmp(name, section->prefix, strlen(section->prefix)))
		name += strlen(section->prefix);
	snprintf(key, KEY_SIZE, "%s", name);
	for (char *c = key; *c; c++)
		if (*c == '-')
			*c = '_';
}

/* The option for @key, with the unit of a number there; NULL if there is none. */
static const struct option_def *find_option(const struct section *section, const char *key,
					    const char **unit)
{
	for (const struct option_def *def = section->options; def->key; def++) {
		char name[KEY_SIZE];
		size_t length;

		key_of(section, def, name);
		length = strlen(name);
		*unit = "";
		if (!strcmp(key, name))
			return def;
		*unit = "ms";
		if (takes_duration(def) && !strncmp(key, name, length) &&
		    !strcmp(key + length, "_ms"))
			return def;
	}
	return NULL;
}

NORETURN static void unknown_key(const struct section *section, const struct at *at)
{
	static char keys[KEYS_MAX][KEY_SIZE];
	const char *names[KEYS_MAX];
	struct at up = *at->up;
	size_t n = 0;

	for (const struct option_def *def = section->options; def->key; def++) {
		key_of(section, def, keys[n]);
		names[n] = keys[n];
		n++;
	}
	need_keys(&up, names, n);
	manifest_wrong(at, "there is no such key");
}

static void note_endings(uint64_t codes[], uint64_t *signals, uint32_t *causes, const char *text)
{
	struct endings endings;

	parse_endings(text, causes, &endings);
	memcpy(codes, endings.codes, sizeof(endings.codes));
	*signals = endings.signals;
	if (causes)
		*causes = endings.causes;
}

/* Also note what the module will tell of it. That @text is right has been seen. */
static void note_restart(struct agentsys_info *restart, int key, const char *text)
{
	const char *why;
	uint64_t n;

	switch (key) {
	case OPT_RESTART:
		parse_restart(text, &restart->restart);
		break;
	case OPT_MAX_RESTARTS:
		restart->max_restarts =
			parse_number(text, INT32_MAX, &n) ? n : AGENTSYS_RESTARTS_UNLIMITED;
		break;
	case OPT_BACKOFF:
		take_backoff(text, &restart->backoff_initial_ms, &restart->backoff_max_ms);
		break;
	case OPT_BACKOFF_KIND:
		parse_backoff_kind(text, &restart->backoff_kind);
		break;
	case OPT_JITTER:
		parse_percent(text, &restart->jitter);
		break;
	case OPT_STABLE:
		parse_duration(text, false, &restart->stable_ms, &why);
		break;
	case OPT_BREAKER:
		parse_breaker(text, &restart->breaker, &restart->breaker_open_ms, &why);
		break;
	case OPT_TRAPS:
		restart->flags = strcmp(text, "yes") ? 0 : AGENTSYS_AGENT_TRAPS;
		break;
	case OPT_SUCCESS_STATUS:
		note_endings(restart->success_codes, &restart->success_signals, NULL, text);
		break;
	case OPT_PREVENT_STATUS:
		note_endings(restart->never_codes, &restart->never_signals, &restart->never_causes,
			     text);
		break;
	}
}

void set_restart(struct agentsys_spec *spec, const struct agentsys_info *info)
{
	agentsys_spec_set_restart(spec, info->restart);
	agentsys_spec_set_max_restarts(spec, info->max_restarts);
	agentsys_spec_set_backoff(spec, info->backoff_initial_ms, info->backoff_max_ms);
	agentsys_spec_set_backoff_kind(spec, info->backoff_kind);
	agentsys_spec_set_jitter(spec, info->jitter);
	agentsys_spec_set_stable(spec, info->stable_ms);
	agentsys_spec_set_breaker(spec, info->breaker, info->breaker_open_ms);
	agentsys_spec_set_success_codes(spec, info->success_codes);
	agentsys_spec_set_success_signals(spec, info->success_signals);
	agentsys_spec_set_never_codes(spec, info->never_codes);
	agentsys_spec_set_never_signals(spec, info->never_signals);
	agentsys_spec_set_never_causes(spec, info->never_causes);
	agentsys_spec_set_traps(spec, info->flags & AGENTSYS_AGENT_TRAPS);
}

static void take_section_key(struct agentsys_spec *spec, const struct section *section,
			     const struct at *at, uint64_t *seen, struct agentsys_info *restart)
{
	const struct option_def *def;
	const char *unit;
	char *text;

	def = find_option(section, at->key, &unit);
	if (!def)
		unknown_key(section, at);
	if (*unit && !json_object_is_type(at->value, json_type_int))
		manifest_wrong(at, "is not a number of milliseconds");
	if (*seen & UINT64_C(1) << (def->key - OPT_FIRST))
		manifest_wrong(at, "this is there twice, with and without its unit");
	*seen |= UINT64_C(1) << (def->key - OPT_FIRST);
	text = def->key == OPT_BACKOFF ? backoff_text(at) : option_text(at, unit);
	manifest_about(at);
	take_spec_option(spec, def->key, text);
	note_restart(restart, def->key, text);
	free(text);
}

/* Which options there were, a bit for each. */
static uint64_t take_section(struct agentsys_spec *spec, const struct section *section,
			     const struct at *at, struct agentsys_info *restart)
{
	uint64_t seen = 0;

	need_object(at);
	json_object_object_foreach(at->value, key, value)
	{
		struct at below = { at, key, 0, value };

		take_section_key(spec, section, &below, &seen, restart);
	}
	return seen;
}

static void take_plain_section(struct agentsys_spec *spec, const struct section *section,
			       const struct at *at)
{
	struct agentsys_info unused;

	if (at->value)
		take_section(spec, section, at, &unused);
}

/* ---- restart ---- */

static bool has(uint64_t seen, int key)
{
	return seen & UINT64_C(1) << (key - OPT_FIRST);
}

/* "always" is short for {"when": "always"}. Like --restart, --max-restarts and so on. */
static void take_restart(struct member *agent, const struct at *at)
{
	struct agentsys_info *restart = &agent->restart;
	uint64_t seen = 0;

	if (json_object_is_type(at->value, json_type_string)) {
		const char *text = json_object_get_string(at->value);

		manifest_about(at);
		take_spec_option(agent->spec, OPT_RESTART, text);
		note_restart(restart, OPT_RESTART, text);
	} else if (at->value) {
		seen = take_section(agent->spec, &restart_section, at, restart);
		/* As run does, where no group says it. */
		if (seen && !has(seen, OPT_RESTART) && !agent->up->up)
			restart->restart = AGENTSYS_RESTART_ON_FAILURE;
	}
	if (restart->restart == AGENTSYS_RESTART_NEVER && !has(seen, OPT_MAX_RESTARTS))
		restart->max_restarts = 0;
	set_restart(agent->spec, restart);
}

/* ---- what is run ---- */

static void note(struct member *agent, const char *key, struct json_object *value)
{
	need_memory(!value || json_object_object_add(agent->made_of, key, value));
}

static void take_command(struct member *agent, const struct backend_choice *backend,
			 const struct at *at)
{
	struct json_object *words;
	struct at first;
	char *program;

	if (!at->value && backend_has_program(backend))
		return;
	need_array(at);
	first = at_index(at, 0);
	program = backend_program(backend, need_string(&first));
	if (!program)
		manifest_wrong(&first, "cannot find \"%s\" in PATH", need_string(&first));
	words = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(at->value); i++) {
		struct at below = at_index(at, i);
		const char *word = i ? need_string(&below) : program;

		need_memory(agentsys_spec_add_arg(agent->spec, word));
		need_memory(json_object_array_add(words, json_object_new_string(word)));
	}
	free(program);
	note(agent, "command", words);
}

static void take_cwd(struct member *agent, const struct at *at)
{
	char *path;

	if (!at->value)
		return;
	path = path_absolute(need_string(at));
	need_memory(agentsys_spec_set_cwd(agent->spec, path));
	note(agent, "cwd", json_object_new_string(path));
	free(path);
}

static void take_stdio(struct member *agent, const struct at *at, int n)
{
	const char *what;
	char *path;

	if (!at->value)
		return;
	what = need_string(at);
	if (!strcmp(what, "inherit"))
		manifest_wrong(at, "a file is wanted, or null: there is nothing to inherit");
	manifest_about(at);
	path = path_resolved(strcmp(what, "null") ? what : "/dev/null");
	need_memory(agentsys_spec_set_stdio_path(agent->spec, n, path));
	note(agent, at->key, json_object_new_string(path));
	free(path);
}

/* ---- who runs it, and in which environment ---- */

static void set_variable(struct member *agent, const char *name, const char *value)
{
	char *variable;

	if (!value)
		return;
	need_memory(asprintf(&variable, "%s=%s", name, value) < 0);
	need_memory(agentsys_spec_add_env(agent->spec, variable));
	free(variable);
}

static void take_env(struct member *agent, const struct backend_choice *backend,
		     const struct at *at, const struct user *user)
{
	struct at clean = at_key(at, "clean_env"), env = at_key(at, "env");
	bool none = clean.value && need_bool(&clean);

	if (!none && !is_contained(backend)) {
		set_variable(agent, "PATH", getenv("PATH"));
		set_variable(agent, "LANG", getenv("LANG"));
		set_variable(agent, "HOME", user->given ? user->home : getenv("HOME"));
		set_variable(agent, "USER", user->given ? user->name : getenv("USER"));
		set_variable(agent, "LOGNAME", user->given ? user->name : getenv("LOGNAME"));
	}
	if (!env.value)
		return;
	need_object(&env);
	json_object_object_foreach(env.value, name, value)
	{
		struct at below = { &env, name, 0, value };
		char *text = scalar_text(&below, "");

		if (!*name || strchr(name, '='))
			manifest_wrong(&below, "'%s' is not a variable", name);
		set_variable(agent, name, text);
		free(text);
	}
}

static void take_user(struct member *agent, const struct backend_choice *backend,
		      const struct at *at)
{
	struct at name = at_key(at, "user"), gid = at_key(at, "gid");
	char *user_text = name.value ? option_text(&name, "") : NULL;
	char *gid_text = gid.value ? option_text(&gid, "") : NULL;
	struct user user;

	manifest_about(name.value ? &name : &gid);
	user_resolve(&user, user_text, gid_text);
	if (is_contained(backend))
		user_alone(&user);
	user_set(agent->spec, &user);
	take_env(agent, backend, at, &user);
	user_free(&user);
	free(user_text);
	free(gid_text);
}

/* ---- the rest ---- */

static void take_option(struct member *agent, const struct at *at, const char *key, int option)
{
	struct at below = at_key(at, key);
	char *text;

	if (!below.value)
		return;
	text = option_text(&below, "");
	manifest_about(&below);
	take_spec_option(agent->spec, option, text);
	free(text);
}

static void take_rlimits(struct member *agent, const struct at *at)
{
	if (!at->value)
		return;
	need_object(at);
	json_object_object_foreach(at->value, name, value)
	{
		struct at below = { at, name, 0, value };
		char *limits = scalar_text(&below, ""), *text;

		need_memory(asprintf(&text, "%s=%s", name, limits) < 0);
		manifest_about(&below);
		take_spec_option(agent->spec, OPT_RLIMIT, text);
		free(limits);
		free(text);
	}
}

/* What was not resolved is compared as it is written. */
static void note_rest(struct member *agent, const struct at *at)
{
	json_object_object_foreach(at->value, key, value)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(noted_elsewhere) && strcmp(key, noted_elsewhere[i]))
			i++;
		if (i == ARRAY_SIZE(noted_elsewhere))
			note(agent, key, json_object_get(value));
	}
}

void manifest_agent(struct member *agent, const struct at *at)
{
	struct at command = at_key(at, "command"), cwd = at_key(at, "cwd");
	struct at in = at_key(at, "stdin"), out = at_key(at, "stdout"), err = at_key(at, "stderr");
	struct at restart = at_key(at, "restart"), stop = at_key(at, "stop");
	struct at limits = at_key(at, "limits"), rlimit = at_key(at, "rlimit");
	struct at new_privs = at_key(at, "allow_new_privs"), where = at_key(at, "backend");
	struct backend_choice backend = { 0 };

	need_keys(at, agent_keys, ARRAY_SIZE(agent_keys));
	agent->spec = new_spec();
	agent->made_of = json_object_new_object();
	need_memory(agentsys_spec_set_group(agent->spec, agent->up->name));
	take_option(agent, at, "name", OPT_NAME);
	take_option(agent, at, "id", OPT_ID);
	manifest_backend(agent, &backend, &where);
	take_command(agent, &backend, &command);
	take_cwd(agent, &cwd);
	take_stdio(agent, &in, 0);
	take_stdio(agent, &out, 1);
	take_stdio(agent, &err, 2);
	take_user(agent, &backend, at);
	take_option(agent, at, "nice", OPT_NICE);
	take_option(agent, at, "oom_score_adj", OPT_OOM_SCORE_ADJ);
	take_rlimits(agent, &rlimit);
	take_restart(agent, &restart);
	manifest_limits(agent, &limits);
	take_plain_section(agent->spec, &stop_section, &stop);
	if (new_privs.value)
		agentsys_spec_set_new_privs(agent->spec, need_bool(&new_privs));
	manifest_health(agent, at, is_contained(&backend));
	note_rest(agent, at);
}
