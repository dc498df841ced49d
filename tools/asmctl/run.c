// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asmctl.h"
#include "backend.h"
#include "follow.h"
#include "format.h"
#include "helper.h"
#include "parse.h"
#include "paths.h"
#include "spec.h"
#include "user.h"

enum {
	OPT_CWD = OPT_SPEC_END,
	OPT_USER,
	OPT_GROUP,
	OPT_REQUIRES, /* in the order of enum agentsys_relation */
	OPT_WANTS,
	OPT_PEER,
	OPT_LINK,
	OPT_MONITOR,
	OPT_SIGNIFICANT,
	OPT_GID,
	OPT_CLEAN_ENV,
	OPT_STDIN,
	OPT_STDOUT,
	OPT_STDERR,
	OPT_ALLOW_NEW_PRIVS,
	OPT_KEEP,
	OPT_NO_WAIT,
	OPT_NOTIFY,
};

/**
 * struct relative - an agent that it is related to
 * @kind: enum agentsys_relation
 * @agent: its id or name
 */
struct relative {
	uint32_t kind;
	const char *agent;
};

/**
 * struct request - what the command line asks for
 * @spec: the agent
 * @id: the id that it has to get, or 0
 * @name: its name, or NULL
 * @cwd: its working directory, or NULL
 * @user: USER[:GROUP], or NULL
 * @gid: GROUP to run as, or NULL
 * @group: of the supervision tree, or NULL
 * @backend: what executes it
 * @env: variables given
 * @nenv: how many
 * @relatives: agents that it is related to
 * @nrelatives: how many
 * @stdio: what --stdin, --stdout and --stderr said, or NULL
 * @restart: when to restart it was said
 * @restarts: how to restart it was said
 * @clean_env: no variables but those given
 * @foreground: stay until it has ended
 * @keep: and keep its record then
 * @wait: until it runs
 * @notify: it tells how it is
 * @json: print it as JSON
 */
struct request {
	struct agentsys_spec *spec;
	uint32_t id;
	const char *name;
	const char *cwd;
	const char *user;
	const char *gid;
	const char *group;
	struct backend_choice backend;
	const char **env;
	size_t nenv;
	struct relative *relatives;
	size_t nrelatives;
	const char *stdio[3];
	bool restart;
	bool restarts;
	bool clean_env;
	bool foreground;
	bool keep;
	bool wait;
	bool notify;
	bool json;
};

static const struct option_def options[] = {
	{ 'f', "foreground", NULL,
	  "stay until it has ended, with our stdio as its own, and\n"
	  "forget it then; Ctrl-C stops it, a second one kills it;\n"
	  "the exit status is the agent's: its exit code, or 128\n"
	  "and the signal that ended it" },
	{ OPT_KEEP, "keep", NULL, "with -f: keep its record, and with that our stdio open" },
	OPTIONS_IDENTITY,
	{ OPT_GROUP, "group", "NAME",
	  "the group of the supervision tree that it becomes the\n"
	  "last member of, see asmctl group (default: root)" },
	{ OPT_SIGNIFICANT, "significant", NULL,
	  "its end for good may stop the group, see --auto-shutdown\n"
	  "of asmctl group new" },
	{ OPT_REQUIRES, "requires", "AGENT",
	  "run only while that agent does; these may be repeated,\n"
	  "see asmctl relate" },
	{ OPT_WANTS, "wants", "AGENT", "wait for its start, if that is under way" },
	{ OPT_PEER, "peer", "AGENT", "each is told when the other ends" },
	{ OPT_LINK, "link", "AGENT", "a crash of one kills the other" },
	{ OPT_MONITOR, "monitor", "AGENT", "be told when it ends" },
	OPTIONS_RESTART,
	{ 'C', "cwd", "DIR", "working directory (default /)" },
	{ 'u', "user", "USER[:GROUP]", "run as this user, with its groups and its HOME" },
	{ OPT_GID, "gid", "GROUP", "run as this group, by its name or number" },
	{ 'e', "env", "NAME[=VALUE]", "set a variable, or pass it on; may be repeated" },
	{ OPT_CLEAN_ENV, "clean-env", NULL,
	  "no variables but these; else it also gets PATH, HOME,\n"
	  "USER, LOGNAME and LANG, and with -f TERM" },
	{ OPT_STDIN, "stdin", "WHAT", "null, inherit or a file (default null)" },
	{ OPT_STDOUT, "stdout", "WHAT", "null, inherit or a file to append to (default null)" },
	{ OPT_STDERR, "stderr", "WHAT", "likewise (default: as stdout)" },
	{ OPT_NICE, "nice", "N", "-20 (favoured) to 19" },
	{ OPT_OOM_SCORE_ADJ, "oom-score-adj", "N", "-1000 (spared) to 1000" },
	{ OPT_RLIMIT, "rlimit", "NAME=SOFT[:HARD]", "as nofile=1024:4096; may be repeated" },
	OPTIONS_LIMITS,
	OPTION_LIMIT,
	OPTIONS_STOP,
	OPTIONS_BACKEND,
	{ OPT_ALLOW_NEW_PRIVS, "allow-new-privs", NULL,
	  "let it gain privileges by set-user-ID programs" },
	{ OPT_NOTIFY, "notify", NULL,
	  "it tells how it is by sd_notify(), as services of systemd\n"
	  "do: NOTIFY_SOCKET is set; see asmctl health and info" },
	{ OPT_NO_WAIT, "no-wait", NULL, "do not wait until it runs" },
	OPTION_JSON,
	OPTION_END,
};

static void add_variable(struct request *request, const char *variable)
{
	request->env = reallocarray(request->env, request->nenv + 1, sizeof(*request->env));
	if (!request->env)
		out_of_memory();
	request->env[request->nenv++] = variable;
}

static void add_relative(struct request *request, uint32_t kind, const char *agent)
{
	struct relative *more;

	more = reallocarray(request->relatives, request->nrelatives + 1, sizeof(*more));
	if (!more)
		out_of_memory();
	more[request->nrelatives++] = (struct relative){ kind, agent };
	request->relatives = more;
}

static void take_option(struct request *request, int key, const char *arg)
{
	switch (key) {
	case 'f':
		request->foreground = true;
		break;
	case OPT_KEEP:
		request->keep = true;
		break;
	case 'C':
		request->cwd = arg;
		break;
	case 'u':
		request->user = arg;
		break;
	case OPT_GROUP:
		request->group = arg;
		need_memory(agentsys_spec_set_group(request->spec, arg));
		break;
	case OPT_REQUIRES:
	case OPT_WANTS:
	case OPT_PEER:
	case OPT_LINK:
	case OPT_MONITOR:
		add_relative(request, key - OPT_REQUIRES, arg);
		break;
	case OPT_SIGNIFICANT:
		agentsys_spec_set_significant(request->spec, true);
		break;
	case OPT_GID:
		request->gid = arg;
		break;
	case 'e':
		add_variable(request, arg);
		break;
	case OPT_CLEAN_ENV:
		request->clean_env = true;
		break;
	case OPT_STDIN:
	case OPT_STDOUT:
	case OPT_STDERR:
		request->stdio[key - OPT_STDIN] = arg;
		break;
	case OPT_ALLOW_NEW_PRIVS:
		agentsys_spec_set_new_privs(request->spec, true);
		break;
	case OPT_NO_WAIT:
		request->wait = false;
		break;
	case OPT_NOTIFY:
		request->notify = true;
		need_memory(agentsys_spec_set_notify(request->spec));
		break;
	case OPT_JSON:
		request->json = true;
		break;
	default:
		if (!take_backend_option(request->spec, &request->backend, key, arg))
			take_spec_option(request->spec, key, arg);
	}
	/* What of the spec matters here, too. */
	switch (key) {
	case OPT_ID:
		parse_id(arg, &request->id);
		break;
	case OPT_NAME:
		request->name = arg;
		break;
	case OPT_RESTART:
		request->restart = true;
		break;
	case OPT_MAX_RESTARTS:
	case OPT_BACKOFF:
	case OPT_BACKOFF_KIND:
	case OPT_JITTER:
	case OPT_STABLE:
	case OPT_BREAKER:
		request->restarts = true;
		break;
	}
}

static void set_variable(struct request *request, const char *name, const char *value)
{
	char *variable;

	if (!value)
		return;
	if (asprintf(&variable, "%s=%s", name, value) < 0)
		out_of_memory();
	need_memory(agentsys_spec_add_env(request->spec, variable));
	free(variable);
}

static void set_environment(struct request *request, const struct user *user)
{
	if (!request->clean_env && !is_contained(&request->backend)) {
		set_variable(request, "PATH", getenv("PATH"));
		set_variable(request, "LANG", getenv("LANG"));
		set_variable(request, "HOME", user->given ? user->home : getenv("HOME"));
		set_variable(request, "USER", user->given ? user->name : getenv("USER"));
		set_variable(request, "LOGNAME", user->given ? user->name : getenv("LOGNAME"));
		if (request->foreground)
			set_variable(request, "TERM", getenv("TERM"));
	}
	for (size_t i = 0; i < request->nenv; i++) {
		const char *variable = request->env[i];

		if (!*variable || *variable == '=')
			usage_error("'%s' is not a variable", variable);
		if (strchr(variable, '='))
			need_memory(agentsys_spec_add_env(request->spec, variable));
		else
			set_variable(request, variable, getenv(variable));
	}
}

static void set_stdio(struct request *request)
{
	for (int n = 0; n < 3; n++) {
		const char *what = request->stdio[n];
		char *path;

		if (!what && request->foreground)
			what = "inherit";
		if (!what)
			continue;
		if (!strcmp(what, "inherit")) {
			agentsys_spec_set_stdio_fd(request->spec, n, n);
			continue;
		}
		path = path_resolved(strcmp(what, "null") ? what : "/dev/null");
		need_memory(agentsys_spec_set_stdio_path(request->spec, n, path));
		free(path);
	}
}

/* The program's own name, unless it would not do as one. */
static void set_default_name(struct request *request, const char *program)
{
	const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;

	if (name_fits(name))
		need_memory(agentsys_spec_set_name(request->spec, name));
}

static void set_program(struct request *request, char *const argv[])
{
	char *program;

	if (!argv[0])
		return;
	program = backend_program(&request->backend, argv[0]);
	if (!program) {
		complain("cannot find \"%s\" in PATH", argv[0]);
		exit(EXIT_FAILED);
	}
	if (!request->name)
		set_default_name(request, program);
	need_memory(agentsys_spec_add_arg(request->spec, program));
	while (*++argv)
		need_memory(agentsys_spec_add_arg(request->spec, *argv));
	free(program);
}

static void set_cwd(struct request *request)
{
	char *path;

	if (!request->cwd)
		return;
	path = path_absolute(request->cwd);
	need_memory(agentsys_spec_set_cwd(request->spec, path));
	free(path);
}

static void print_agent(const struct request *request, const struct agentsys_info *info)
{
	char end[FORMAT_MAX];

	if (request->json) {
		print_json(json_of_agent(info));
		return;
	}
	printf("Agent %u (%s) ", info->id, info->name);
	if (info->pid)
		printf("started, pid %u\n", info->pid);
	else if (info->state == AGENTSYS_STARTING)
		printf("is starting\n");
	else
		printf("started and has ended already (%s)%s\n", format_end(info, end),
		       info->state == AGENTSYS_BACKOFF ? ", to be restarted" : "");
}

/* Which group may have been meant by one that is not in the tree. */
static void explain_group(struct agentsys *h, const char *name)
{
	char *meant = meant_group(h, name);

	if (getgrnam(name))
		complain("--group is about supervision: to run as the group %s, give --gid %s",
			 name, name);
	else if (*meant)
		complain("there is no group '%s'%s", name, meant);
	free(meant);
}

static int start(struct agentsys *h, const struct request *request, uint32_t *id)
{
	struct agentsys_info *info;
	char what[64];
	int ret;

	ret = agentsys_spawn(h, request->spec, request->wait ? AGENTSYS_WAIT : 0, id);
	if (ret) {
		bool no_group = ret == -ENOENT && request->group &&
				agentsys_error_step(h) == AGENTSYS_STEP_NONE;
		int status;

		if (!*id)
			*id = request->id;
		if (*id)
			snprintf(what, sizeof(what), "start agent %u", *id);
		else
			snprintf(what, sizeof(what), "start the agent");
		status = start_failed(h, ret, what);
		if (no_group)
			explain_group(h, request->group);
		return status;
	}
	if (request->notify)
		json_object_put(helper_ask(helper_request("notify", *id)));
	/* In the foreground there is the agent's own output to see. */
	if ((request->foreground && !request->json) || agentsys_get(h, *id, &info))
		return EXIT_OK;
	print_agent(request, info);
	agentsys_info_free(info);
	return EXIT_OK;
}

/* Agents are known to the module by their ids alone. */
static int set_relatives(struct agentsys *h, const struct request *request)
{
	for (size_t i = 0; i < request->nrelatives; i++) {
		const struct relative *relative = &request->relatives[i];
		uint32_t id;
		int ret = resolve_agent(h, relative->agent, &id);

		if (ret)
			return ret;
		need_memory(agentsys_spec_add_relation(request->spec, relative->kind, id));
	}
	return EXIT_OK;
}

static int run_request(const struct request *request)
{
	struct agentsys *h = connect_module();
	struct agentsys_events *events = NULL;
	uint32_t id;
	int status;

	status = set_relatives(h, request);
	/* It may have something to say at once. */
	if (!status && request->notify)
		status = helper_need(h);
	if (status) {
		agentsys_close(h);
		return status;
	}
	if (request->foreground)
		events = follow_begin();
	status = start(h, request, &id);
	fflush(stdout);
	if (!status && request->foreground) {
		status = follow(h, events, id);
		/* The record holds our descriptors: a pipe would never end. */
		if (!request->keep)
			agentsys_remove(h, id);
	}
	agentsys_events_close(events);
	agentsys_close(h);
	return status;
}

static int run(int argc, char **argv)
{
	struct request request = { .spec = new_spec(), .wait = true };
	struct user user;
	int key, status;

	while ((key = next_option(argc, argv)) != -1)
		take_option(&request, key, optarg);
	check_backend(request.spec, &request.backend);
	need_operands(argc, !backend_has_program(&request.backend), INT_MAX, "the program");
	if (request.notify && is_contained(&request.backend))
		usage_error("--notify is of no use in a container: it has no way out");
	if (request.keep && !request.foreground)
		usage_error("--keep goes with --foreground");
	if (request.restarts && !request.restart && !request.group)
		agentsys_spec_set_restart(request.spec, AGENTSYS_RESTART_ON_FAILURE);

	user_resolve(&user, request.user, request.gid);
	if (is_contained(&request.backend))
		user_alone(&user);
	user_set(request.spec, &user);
	set_environment(&request, &user);
	set_stdio(&request);
	set_cwd(&request);
	set_program(&request, argv + optind);
	user_free(&user);

	status = run_request(&request);
	agentsys_spec_free(request.spec);
	free(request.env);
	free(request.relatives);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.usage = "[OPTION]... [--] PROGRAM [ARGUMENT]...",
	.summary = "Make an agent of a program and start it",
	.description =
		"Options end at the first argument that is none, so that the program's own are\n"
		"left to it. A PROGRAM without a slash is searched for in PATH.\n"
		"\n"
		"By default it is not restarted; with --restart it is, up to 3 times, after 100ms\n"
		"that double up to 30s. --max-restarts, --backoff and the like without --restart\n"
		"mean on-failure. In a group, when and how often is up to the group unless told\n"
		"here. Its standard descriptors are /dev/null, and it cannot gain\n"
		"privileges. Files for --stdout and --stderr are made if they are missing, and\n"
		"belong to the agent's user then.\n"
		"\n"
		"With --rootfs, --bundle or --image it runs in a container inside the agent's\n"
		"cgroup: PROGRAM, --cwd, --user (by number) and the variables of --env, which are\n"
		"all it gets, are meant in there. It has no capabilities, and this machine's network\n"
		"unless told otherwise. With --backend wasm PROGRAM is a WebAssembly module.",
	.examples =
		"  asmctl run sleep 1000\n"
		"  asmctl run --id 100 --name fs_monitor --restart always --backoff 100ms:10s \\\n"
		"      --stdout /var/log/fs_monitor.log /usr/bin/fs_monitor --verbose\n"
		"  asmctl run --restart always --breaker 5:10m --prevent-status 'CONFIG oom' ./agent\n"
		"  asmctl run --user nobody --memory-max 200M --cpu 50% --pids-max 20 -- ./agent -x\n"
		"  asmctl run --limit watchdog=30s --limit watchdog_mode=passive -- ./agent\n"
		"  asmctl run --limit syscall_rate=1000 --limit cpu_budget=2h -- ./agent\n"
		"  asmctl run --group web --name server -- /usr/bin/server --port 80\n"
		"  asmctl run --requires database --link planner -- /usr/bin/executor\n"
		"  asmctl run -f sh -c 'echo I am pid $$; exit 3'\n"
		"  asmctl run --rootfs /srv/agent --user 1000:1000 --mount /work:/work -- python3 agent.py\n"
		"  asmctl run --backend wasm --mount /work:/ --restart always ./agent.wasm\n",
	.options = options,
	.operands = OPERANDS_PROGRAM,
	.run = run,
};
