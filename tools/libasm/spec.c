// SPDX-License-Identifier: LGPL-2.1-only
#include "spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "words.h"

/* Numbers of a spec; each is an attribute of its own. */
enum number {
	N_ID,
	N_UID,
	N_GID,
	N_NICE,
	N_OOM_SCORE_ADJ,
	N_BOUNDING,
	N_RESTART,
	N_MAX_RESTARTS,
	N_BACKOFF_INITIAL,
	N_BACKOFF_MAX,
	N_STOP_SIGNAL,
	N_STOP_TIMEOUT,
	N_MEMORY_MAX,
	N_MEMORY_HIGH,
	N_CPU_QUOTA,
	N_CPU_PERIOD,
	N_PIDS_MAX,
	N_BACKOFF_KIND,
	N_JITTER,
	N_STABLE,
	N_BREAKER,
	N_BREAKER_OPEN,
	N_SUCCESS_SIGNALS,
	N_NEVER_SIGNALS,
	N_NEVER_CAUSES,
	N_TRAPS,

	NUMBERS
};

static const struct {
	int attr;
	bool wide;   /* u64 */
	bool attach; /* taken by AGENTSYS_CMD_ATTACH */
	bool policy; /* taken by AGENTSYS_CMD_SET */
	bool inner;  /* of the program: not for the module where a backend sets that up */
} numbers[NUMBERS] = {
	[N_ID] = { AGENTSYS_A_ID, .attach = true },
	[N_UID] = { AGENTSYS_A_UID, .inner = true },
	[N_GID] = { AGENTSYS_A_GID, .inner = true },
	[N_NICE] = { AGENTSYS_A_NICE },
	[N_OOM_SCORE_ADJ] = { AGENTSYS_A_OOM_SCORE_ADJ },
	[N_BOUNDING] = { AGENTSYS_A_BOUNDING, .wide = true, .inner = true },
	[N_RESTART] = { AGENTSYS_A_RESTART, .policy = true },
	[N_MAX_RESTARTS] = { AGENTSYS_A_MAX_RESTARTS, .policy = true },
	[N_BACKOFF_INITIAL] = { AGENTSYS_A_BACKOFF_INITIAL, .policy = true },
	[N_BACKOFF_MAX] = { AGENTSYS_A_BACKOFF_MAX, .policy = true },
	[N_STOP_SIGNAL] = { AGENTSYS_A_STOP_SIGNAL, .attach = true },
	[N_STOP_TIMEOUT] = { AGENTSYS_A_STOP_TIMEOUT, .attach = true },
	[N_MEMORY_MAX] = { AGENTSYS_A_MEMORY_MAX, .wide = true, .attach = true },
	[N_MEMORY_HIGH] = { AGENTSYS_A_MEMORY_HIGH, .wide = true, .attach = true },
	[N_CPU_QUOTA] = { AGENTSYS_A_CPU_QUOTA, .wide = true, .attach = true },
	[N_CPU_PERIOD] = { AGENTSYS_A_CPU_PERIOD, .wide = true, .attach = true },
	[N_PIDS_MAX] = { AGENTSYS_A_PIDS_MAX, .wide = true, .attach = true },
	[N_BACKOFF_KIND] = { AGENTSYS_A_BACKOFF_KIND, .policy = true },
	[N_JITTER] = { AGENTSYS_A_JITTER, .policy = true },
	[N_STABLE] = { AGENTSYS_A_STABLE, .policy = true },
	[N_BREAKER] = { AGENTSYS_A_BREAKER, .policy = true },
	[N_BREAKER_OPEN] = { AGENTSYS_A_BREAKER_OPEN, .policy = true },
	[N_SUCCESS_SIGNALS] = { AGENTSYS_A_SUCCESS_SIGNALS, .wide = true, .policy = true },
	[N_NEVER_SIGNALS] = { AGENTSYS_A_NEVER_SIGNALS, .wide = true, .policy = true },
	[N_NEVER_CAUSES] = { AGENTSYS_A_NEVER_CAUSES, .policy = true },
	[N_TRAPS] = { AGENTSYS_A_TRAPS, .policy = true },
};

/* Sets of exit codes. */
enum code_set {
	C_SUCCESS,
	C_NEVER,

	CODE_SETS
};

static const int code_attrs[CODE_SETS] = {
	[C_SUCCESS] = AGENTSYS_A_SUCCESS_CODES,
	[C_NEVER] = AGENTSYS_A_NEVER_CODES,
};

static const int stdio_path_attrs[3] = {
	AGENTSYS_A_STDIN,
	AGENTSYS_A_STDOUT,
	AGENTSYS_A_STDERR,
};

static const int stdio_fd_attrs[3] = {
	AGENTSYS_A_STDIN_FD,
	AGENTSYS_A_STDOUT_FD,
	AGENTSYS_A_STDERR_FD,
};

/**
 * struct agentsys_spec - see libasm.h
 * @number: values, in the low bits where they are narrower
 * @has: a bit for each that is set
 * @codes: sets of exit codes, a bit each
 * @has_codes: which are set
 * @name: or NULL
 * @group: of the supervision tree, or NULL
 * @cwd: or NULL
 * @args: arguments
 * @env: variables
 * @groups: supplementary groups, if @has_groups
 * @ngroups: how many
 * @rlimits: those that are set, in any order
 * @nrlimits: how many
 * @relations: to others, @from not being set
 * @nrelations: how many
 * @stdio_path: or NULL
 * @stdio_fd: or -1
 * @backend: what executes the program
 * @notifies: it is to notify the helper daemon
 * @limit: by enum agentsys_limit, those without a number of their own
 * @has_limit: a bit for each that is set
 */
struct agentsys_spec {
	uint64_t number[NUMBERS];
	uint32_t has;
	uint64_t codes[CODE_SETS][AGENTSYS_CODE_WORDS];
	bool has_codes[CODE_SETS];
	bool has_groups;
	bool new_privs;
	bool significant;
	char *name;
	char *group;
	char *cwd;
	struct words args;
	struct words env;
	uint32_t *groups;
	size_t ngroups;
	struct agentsys_job_rlimit rlimits[AGENTSYS_RLIMITS];
	size_t nrlimits;
	struct agentsys_relation_info *relations;
	size_t nrelations;
	char *stdio_path[3];
	int stdio_fd[3];
	struct backend backend;
	bool notifies;
	uint64_t limit[__AGENTSYS_LIMITS];
	uint32_t has_limit;
};

_Static_assert(__AGENTSYS_LIMITS <= 32, "a spec has no room for all limits");

struct agentsys_spec *agentsys_spec_new(void)
{
	struct agentsys_spec *spec = calloc(1, sizeof(*spec));

	if (spec)
		memset(spec->stdio_fd, 0xff, sizeof(spec->stdio_fd));
	return spec;
}

void agentsys_spec_free(struct agentsys_spec *spec)
{
	if (!spec)
		return;
	words_clear(&spec->args);
	words_clear(&spec->env);
	for (int n = 0; n < 3; n++)
		free(spec->stdio_path[n]);
	backend_clear(&spec->backend);
	free(spec->groups);
	free(spec->relations);
	free(spec->name);
	free(spec->group);
	free(spec->cwd);
	free(spec);
}

struct backend *spec_backend(struct agentsys_spec *spec)
{
	return &spec->backend;
}

/* ---- building ---- */

static void set_number(struct agentsys_spec *spec, enum number n, uint64_t value)
{
	spec->number[n] = value;
	spec->has |= 1U << n;
}

static int replace_string(char **at, const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		return -ENOMEM;
	free(*at);
	*at = copy;
	return 0;
}

void agentsys_spec_set_id(struct agentsys_spec *spec, uint32_t id)
{
	set_number(spec, N_ID, id);
}

int agentsys_spec_set_name(struct agentsys_spec *spec, const char *name)
{
	return replace_string(&spec->name, name);
}

int agentsys_spec_add_arg(struct agentsys_spec *spec, const char *arg)
{
	return words_add(&spec->args, arg);
}

int agentsys_spec_set_args(struct agentsys_spec *spec, const char *const args[])
{
	int ret = 0;

	words_clear(&spec->args);
	while (*args && !ret)
		ret = words_add(&spec->args, *args++);
	return ret;
}

int agentsys_spec_add_env(struct agentsys_spec *spec, const char *variable)
{
	const char *end = strchr(variable, '=');
	size_t name = end ? end - variable + 1 : 0;

	if (name <= 1)
		return -EINVAL;
	for (size_t i = 0; i < spec->env.n; i++)
		if (!strncmp(spec->env.at[i], variable, name))
			return replace_string(&spec->env.at[i], variable);
	return words_add(&spec->env, variable);
}

int agentsys_spec_set_notify(struct agentsys_spec *spec)
{
	spec->notifies = true;
	return agentsys_spec_add_env(spec, "NOTIFY_SOCKET=" AGENTSYS_NOTIFY_SOCKET);
}

bool spec_tells_watchdog(const struct agentsys_spec *spec, uint64_t *ms)
{
	bool said = spec->has_limit >> AGENTSYS_LIMIT_WATCHDOG & 1;

	*ms = said ? spec->limit[AGENTSYS_LIMIT_WATCHDOG] : WATCHDOG_DEFAULT;
	for (size_t i = 0; i < spec->env.n; i++)
		if (!strncmp(spec->env.at[i], "WATCHDOG_USEC=", 14))
			return false;
	return spec->notifies;
}

int agentsys_spec_set_env(struct agentsys_spec *spec, const char *const variables[])
{
	int ret = 0;

	words_clear(&spec->env);
	while (*variables && !ret)
		ret = agentsys_spec_add_env(spec, *variables++);
	return ret;
}

int agentsys_spec_set_group(struct agentsys_spec *spec, const char *name)
{
	return replace_string(&spec->group, name);
}

int agentsys_spec_set_cwd(struct agentsys_spec *spec, const char *path)
{
	return replace_string(&spec->cwd, path);
}

void agentsys_spec_set_uid(struct agentsys_spec *spec, uid_t uid)
{
	set_number(spec, N_UID, uid);
}

void agentsys_spec_set_gid(struct agentsys_spec *spec, gid_t gid)
{
	set_number(spec, N_GID, gid);
}

int agentsys_spec_set_groups(struct agentsys_spec *spec, size_t n, const gid_t groups[])
{
	uint32_t *copy;

	if (n > AGENTSYS_GROUPS_MAX)
		return -E2BIG;
	copy = malloc(n * sizeof(*copy) + 1);
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		copy[i] = groups[i];
	free(spec->groups);
	spec->groups = copy;
	spec->ngroups = n;
	spec->has_groups = true;
	return 0;
}

int agentsys_spec_set_rlimit(struct agentsys_spec *spec, unsigned int resource, uint64_t soft,
			     uint64_t hard)
{
	size_t i = 0;

	if (resource >= AGENTSYS_RLIMITS)
		return -EINVAL;
	while (i < spec->nrlimits && spec->rlimits[i].resource != resource)
		i++;
	if (i == spec->nrlimits)
		spec->nrlimits++;
	spec->rlimits[i] = (struct agentsys_job_rlimit){
		.resource = resource,
		.cur = soft,
		.max = hard,
	};
	return 0;
}

void agentsys_spec_set_nice(struct agentsys_spec *spec, int nice)
{
	set_number(spec, N_NICE, nice);
}

void agentsys_spec_set_oom_score_adj(struct agentsys_spec *spec, int adj)
{
	set_number(spec, N_OOM_SCORE_ADJ, adj);
}

void agentsys_spec_set_bounding(struct agentsys_spec *spec, uint64_t caps)
{
	set_number(spec, N_BOUNDING, caps);
}

void agentsys_spec_set_significant(struct agentsys_spec *spec, bool significant)
{
	spec->significant = significant;
}

void agentsys_spec_set_traps(struct agentsys_spec *spec, bool traps)
{
	set_number(spec, N_TRAPS, traps);
}

int agentsys_spec_add_relation(struct agentsys_spec *spec, enum agentsys_relation kind, uint32_t to)
{
	struct agentsys_relation_info *more;

	more = reallocarray(spec->relations, spec->nrelations + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[spec->nrelations++] = (struct agentsys_relation_info){ .kind = kind, .to = to };
	spec->relations = more;
	return 0;
}

void agentsys_spec_set_new_privs(struct agentsys_spec *spec, bool allow)
{
	spec->new_privs = allow;
}

int agentsys_spec_set_stdio_path(struct agentsys_spec *spec, int n, const char *path)
{
	char *copy = NULL;

	if (n < 0 || n > 2)
		return -EINVAL;
	if (path && !(copy = strdup(path)))
		return -ENOMEM;
	free(spec->stdio_path[n]);
	spec->stdio_path[n] = copy;
	spec->stdio_fd[n] = -1;
	return 0;
}

int agentsys_spec_set_stdio_fd(struct agentsys_spec *spec, int n, int fd)
{
	int ret = fd < 0 ? -EINVAL : agentsys_spec_set_stdio_path(spec, n, NULL);

	if (!ret)
		spec->stdio_fd[n] = fd;
	return ret;
}

void agentsys_spec_set_restart(struct agentsys_spec *spec, enum agentsys_restart condition)
{
	set_number(spec, N_RESTART, condition);
}

void agentsys_spec_set_max_restarts(struct agentsys_spec *spec, uint32_t n)
{
	set_number(spec, N_MAX_RESTARTS, n);
}

void agentsys_spec_set_backoff(struct agentsys_spec *spec, uint32_t initial_ms, uint32_t max_ms)
{
	set_number(spec, N_BACKOFF_INITIAL, initial_ms);
	set_number(spec, N_BACKOFF_MAX, max_ms);
}

void agentsys_spec_set_backoff_kind(struct agentsys_spec *spec, enum agentsys_backoff kind)
{
	set_number(spec, N_BACKOFF_KIND, kind);
}

void agentsys_spec_set_jitter(struct agentsys_spec *spec, uint32_t percent)
{
	set_number(spec, N_JITTER, percent);
}

void agentsys_spec_set_stable(struct agentsys_spec *spec, uint32_t ms)
{
	set_number(spec, N_STABLE, ms);
}

void agentsys_spec_set_breaker(struct agentsys_spec *spec, uint32_t n, uint32_t open_ms)
{
	set_number(spec, N_BREAKER, n);
	set_number(spec, N_BREAKER_OPEN, open_ms);
}

static void set_codes(struct agentsys_spec *spec, enum code_set set, const uint64_t codes[])
{
	memcpy(spec->codes[set], codes, sizeof(spec->codes[set]));
	spec->has_codes[set] = true;
}

void agentsys_spec_set_success_codes(struct agentsys_spec *spec,
				     const uint64_t codes[AGENTSYS_CODE_WORDS])
{
	set_codes(spec, C_SUCCESS, codes);
}

void agentsys_spec_set_success_signals(struct agentsys_spec *spec, uint64_t signals)
{
	set_number(spec, N_SUCCESS_SIGNALS, signals);
}

void agentsys_spec_set_never_codes(struct agentsys_spec *spec,
				   const uint64_t codes[AGENTSYS_CODE_WORDS])
{
	set_codes(spec, C_NEVER, codes);
}

void agentsys_spec_set_never_signals(struct agentsys_spec *spec, uint64_t signals)
{
	set_number(spec, N_NEVER_SIGNALS, signals);
}

void agentsys_spec_set_never_causes(struct agentsys_spec *spec, uint32_t causes)
{
	set_number(spec, N_NEVER_CAUSES, causes);
}

void agentsys_spec_set_stop_signal(struct agentsys_spec *spec, int signal)
{
	set_number(spec, N_STOP_SIGNAL, signal);
}

void agentsys_spec_set_stop_timeout(struct agentsys_spec *spec, uint32_t ms)
{
	set_number(spec, N_STOP_TIMEOUT, ms);
}

void agentsys_spec_set_memory_max(struct agentsys_spec *spec, uint64_t bytes)
{
	set_number(spec, N_MEMORY_MAX, bytes);
}

void agentsys_spec_set_memory_high(struct agentsys_spec *spec, uint64_t bytes)
{
	set_number(spec, N_MEMORY_HIGH, bytes);
}

void agentsys_spec_set_cpu(struct agentsys_spec *spec, uint64_t quota_us, uint64_t period_us)
{
	set_number(spec, N_CPU_QUOTA, quota_us);
	set_number(spec, N_CPU_PERIOD, period_us);
}

void agentsys_spec_set_pids_max(struct agentsys_spec *spec, uint64_t n)
{
	set_number(spec, N_PIDS_MAX, n);
}

int agentsys_spec_set_limit(struct agentsys_spec *spec, uint32_t limit, uint64_t max)
{
	static const enum number own[] = {
		[AGENTSYS_LIMIT_MEMORY_MAX] = N_MEMORY_MAX,
		[AGENTSYS_LIMIT_MEMORY_HIGH] = N_MEMORY_HIGH,
		[AGENTSYS_LIMIT_CPU_QUOTA] = N_CPU_QUOTA,
		[AGENTSYS_LIMIT_CPU_PERIOD] = N_CPU_PERIOD,
		[AGENTSYS_LIMIT_PIDS_MAX] = N_PIDS_MAX,
	};

	if (limit >= __AGENTSYS_LIMITS)
		return -EINVAL;
	if (limit < sizeof(own) / sizeof(*own)) {
		set_number(spec, own[limit], max);
		return 0;
	}
	spec->limit[limit] = max;
	spec->has_limit |= 1U << limit;
	return 0;
}

/* ---- sending ---- */

static size_t string_size(const char *s)
{
	return s ? nla_total_size(strlen(s) + 1) : 0;
}

static size_t strings_size(const struct words *strings)
{
	size_t size = 0;

	for (size_t i = 0; i < strings->n; i++)
		size += string_size(strings->at[i]);
	return size;
}

static bool has(const struct agentsys_spec *spec, enum number n)
{
	return spec->has & (1U << n);
}

int spec_args(const struct agentsys_spec *spec, struct words *args, char *why, size_t size)
{
	why[0] = '\0';
	if (!spec)
		return 0;

	struct program program = {
		.args = &spec->args,
		.cwd = spec->cwd,
		.has_uid = has(spec, N_UID),
		.uid = spec->number[N_UID],
		.has_gid = has(spec, N_GID),
		.gid = spec->number[N_GID],
		.groups = spec->groups,
		.ngroups = spec->ngroups,
		.has_bounding = has(spec, N_BOUNDING),
		.bounding = spec->number[N_BOUNDING],
		.new_privs = spec->new_privs,
	};

	return backend_args(&spec->backend, &program, args, why, size);
}

size_t spec_size(const struct agentsys_spec *spec, const struct words *args)
{
	size_t size = NUMBERS * nla_total_size(sizeof(uint64_t));

	if (!spec)
		return 0;
	size += string_size(spec->name) + string_size(spec->group) + string_size(spec->cwd);
	size += (args ? strings_size(args) : 0) + strings_size(&spec->env);
	size += nla_total_size(sizeof(uint32_t)); /* the backend */
	size += nla_total_size(spec->ngroups * sizeof(*spec->groups));
	size += nla_total_size(sizeof(spec->rlimits)) + 2 * nla_total_size(0);
	size += spec->nrelations * nla_total_size(2 * nla_total_size(sizeof(uint32_t)));
	size += nla_total_size(__AGENTSYS_LIMITS * nla_total_size(sizeof(uint64_t)));
	size += CODE_SETS * nla_total_size(sizeof(spec->codes[0]));
	for (int n = 0; n < 3; n++)
		size += string_size(spec->stdio_path[n]) + nla_total_size(sizeof(int32_t));
	return size;
}

static bool taken(enum number n, enum spec_parts parts)
{
	return parts == SPEC_ALL || (parts == SPEC_ATTACH && numbers[n].attach) ||
	       (parts == SPEC_POLICY && numbers[n].policy);
}

static int put_numbers(struct nl_msg *msg, const struct agentsys_spec *spec, enum spec_parts parts)
{
	int ret = 0;

	for (enum number n = 0; n < NUMBERS && !ret; n++) {
		if (!has(spec, n) || !taken(n, parts))
			continue;
		if (numbers[n].inner && backend_sets_up(&spec->backend))
			continue;
		ret = numbers[n].wide ? nla_put_u64(msg, numbers[n].attr, spec->number[n]) :
					nla_put_u32(msg, numbers[n].attr, spec->number[n]);
	}
	return ret;
}

static int put_limits(struct nl_msg *msg, const struct agentsys_spec *spec)
{
	struct nlattr *nest;
	int ret = 0;

	if (!spec->has_limit)
		return 0;
	nest = nla_nest_start(msg, AGENTSYS_A_LIMITS | NLA_F_NESTED);
	if (!nest)
		return -EMSGSIZE;
	for (uint32_t i = 0; i < __AGENTSYS_LIMITS && !ret; i++)
		if (spec->has_limit >> i & 1)
			ret = nla_put_u64(msg, AGENTSYS_L_FIRST + i, spec->limit[i]);
	nla_nest_end(msg, nest);
	return ret;
}

static int put_codes(struct nl_msg *msg, const struct agentsys_spec *spec)
{
	int ret = 0;

	for (enum code_set set = 0; set < CODE_SETS && !ret; set++)
		if (spec->has_codes[set])
			ret = nla_put(msg, code_attrs[set], sizeof(spec->codes[set]),
				      spec->codes[set]);
	return ret;
}

static int put_strings(struct nl_msg *msg, int attr, const struct words *strings)
{
	int ret = 0;

	for (size_t i = 0; i < strings->n && !ret; i++)
		ret = nla_put_string(msg, attr, strings->at[i]);
	return ret;
}

static int put_stdio(struct nl_msg *msg, const struct agentsys_spec *spec)
{
	int ret = 0;

	for (int n = 0; n < 3 && !ret; n++) {
		if (spec->stdio_fd[n] >= 0)
			ret = nla_put_s32(msg, stdio_fd_attrs[n], spec->stdio_fd[n]);
		else if (spec->stdio_path[n])
			ret = nla_put_string(msg, stdio_path_attrs[n], spec->stdio_path[n]);
	}
	return ret;
}

static int put_relations(struct nl_msg *msg, const struct agentsys_spec *spec)
{
	for (size_t i = 0; i < spec->nrelations; i++) {
		struct nlattr *nest = nla_nest_start(msg, AGENTSYS_A_RELATION | NLA_F_NESTED);

		if (!nest || nla_put_u32(msg, AGENTSYS_R_KIND, spec->relations[i].kind) ||
		    nla_put_u32(msg, AGENTSYS_R_TO, spec->relations[i].to))
			return -EMSGSIZE;
		nla_nest_end(msg, nest);
	}
	return 0;
}

/* Who runs it, and where. What sets that up for the program is itself root. */
static int put_place(struct nl_msg *msg, const struct agentsys_spec *spec)
{
	int ret = 0;

	if (backend_sets_up(&spec->backend)) {
		ret = nla_put_u32(msg, AGENTSYS_A_UID, 0);
		return ret ? ret : nla_put_u32(msg, AGENTSYS_A_GID, 0);
	}
	if (spec->cwd)
		ret = nla_put_string(msg, AGENTSYS_A_CWD, spec->cwd);
	if (!ret && spec->has_groups)
		ret = nla_put(msg, AGENTSYS_A_GROUPS, spec->ngroups * sizeof(*spec->groups),
			      spec->groups);
	return ret;
}

static int put_program(struct nl_msg *msg, const struct agentsys_spec *spec,
		       const struct words *args)
{
	int ret = put_strings(msg, AGENTSYS_A_ARG, args);

	if (!ret)
		ret = put_strings(msg, AGENTSYS_A_ENV, &spec->env);
	if (!ret && spec->group)
		ret = nla_put_string(msg, AGENTSYS_A_GROUP, spec->group);
	if (!ret && spec->backend.kind != AGENTSYS_BACKEND_NATIVE)
		ret = nla_put_u32(msg, AGENTSYS_A_BACKEND, spec->backend.kind);
	if (!ret)
		ret = put_place(msg, spec);
	if (!ret && spec->nrlimits)
		ret = nla_put(msg, AGENTSYS_A_RLIMITS, spec->nrlimits * sizeof(*spec->rlimits),
			      spec->rlimits);
	if (!ret && spec->significant)
		ret = nla_put_flag(msg, AGENTSYS_A_SIGNIFICANT);
	if (!ret && spec->new_privs)
		ret = nla_put_flag(msg, AGENTSYS_A_NEW_PRIVS);
	if (!ret)
		ret = put_stdio(msg, spec);
	if (!ret)
		ret = put_relations(msg, spec);
	return ret;
}

static bool fits(const char *s)
{
	/* The length of an attribute, its head and the string's end in it, has 16 bits. */
	return !s || strlen(s) < UINT16_MAX - NLA_HDRLEN;
}

static bool all_fit(const struct words *strings)
{
	size_t i = 0;

	while (i < strings->n && fits(strings->at[i]))
		i++;
	return i == strings->n;
}

/*
 * What no attribute can carry would be cut off without a word. It is refused as the
 * module refuses what is shorter, and yet too long.
 */
static int check_lengths(const struct agentsys_spec *spec, const struct words *args)
{
	if (!all_fit(args ? args : &spec->args) || !all_fit(&spec->env))
		return -E2BIG;
	if (!fits(spec->name) || !fits(spec->group) || !fits(spec->cwd))
		return -ENAMETOOLONG;
	for (int n = 0; n < 3; n++)
		if (!fits(spec->stdio_path[n]))
			return -ENAMETOOLONG;
	return 0;
}

int spec_put(struct nl_msg *msg, const struct agentsys_spec *spec, enum spec_parts parts,
	     const struct words *args)
{
	int ret;

	if (!spec)
		return 0;
	ret = check_lengths(spec, args);
	if (ret)
		return ret;
	ret = put_numbers(msg, spec, parts);
	if (!ret && parts != SPEC_POLICY)
		ret = put_limits(msg, spec);
	if (!ret && parts != SPEC_ATTACH)
		ret = put_codes(msg, spec);
	if (!ret && spec->name && parts != SPEC_POLICY)
		ret = nla_put_string(msg, AGENTSYS_A_NAME, spec->name);
	if (!ret && parts == SPEC_ALL)
		ret = put_program(msg, spec, args);
	return ret ? -EMSGSIZE : 0;
}
