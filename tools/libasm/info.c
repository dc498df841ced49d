// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "list.h"

/* Behind each struct come its strings, in the same allocation. */
static char *place_string(char **at, struct nlattr *attr)
{
	const char *s = attr_string(attr);
	char *copy = *at;

	*at = stpcpy(copy, s ? s : "") + 1;
	return copy;
}

static size_t string_room(struct nlattr *attr)
{
	return attr ? nla_len(attr) + 1 : 1;
}

/* As many bits as the module tells, in as many as there is room for. */
static void copy_codes(uint64_t codes[AGENTSYS_CODE_WORDS], struct nlattr *attr)
{
	if (attr)
		nla_memcpy(codes, attr, AGENTSYS_CODE_WORDS * sizeof(*codes));
}

static void take_restarts(struct agentsys_info *info, struct nlattr **attrs)
{
	info->backoff_kind = attr_u32(attrs[AGENTSYS_A_BACKOFF_KIND]);
	info->jitter = attr_u32(attrs[AGENTSYS_A_JITTER]);
	info->stable_ms = attr_u32(attrs[AGENTSYS_A_STABLE]);
	info->breaker = attr_u32(attrs[AGENTSYS_A_BREAKER]);
	info->breaker_open_ms = attr_u32(attrs[AGENTSYS_A_BREAKER_OPEN]);
	copy_codes(info->success_codes, attrs[AGENTSYS_A_SUCCESS_CODES]);
	info->success_signals = attr_u64(attrs[AGENTSYS_A_SUCCESS_SIGNALS]);
	copy_codes(info->never_codes, attrs[AGENTSYS_A_NEVER_CODES]);
	info->never_signals = attr_u64(attrs[AGENTSYS_A_NEVER_SIGNALS]);
	info->never_causes = attr_u32(attrs[AGENTSYS_A_NEVER_CAUSES]);
	info->streak = attr_u32(attrs[AGENTSYS_A_STREAK]);
	info->survival_ms = attr_u32(attrs[AGENTSYS_A_SURVIVAL]);
	info->circuit = attr_u32(attrs[AGENTSYS_A_CIRCUIT]);
}

static void *make_info(struct nlattr **attrs)
{
	const char *name, *group;
	struct agentsys_info *info;
	char *at;

	info = calloc(1, sizeof(*info) + string_room(attrs[AGENTSYS_A_CGROUP]));
	if (!info)
		return NULL;
	at = (char *)(info + 1);
	name = attr_string(attrs[AGENTSYS_A_NAME]);
	strncpy(info->name, name ? name : "", sizeof(info->name) - 1);
	info->id = attr_u32(attrs[AGENTSYS_A_ID]);
	info->pid = attr_u32(attrs[AGENTSYS_A_PID]);
	info->state = attr_u32(attrs[AGENTSYS_A_STATE]);
	info->flags = attr_u32(attrs[AGENTSYS_A_FLAGS]);
	info->instance = attr_u32(attrs[AGENTSYS_A_INSTANCE]);
	info->restart = attr_u32(attrs[AGENTSYS_A_RESTART]);
	info->restarts = attr_u32(attrs[AGENTSYS_A_RESTARTS]);
	info->max_restarts = attr_u32(attrs[AGENTSYS_A_MAX_RESTARTS]);
	info->backoff_initial_ms = attr_u32(attrs[AGENTSYS_A_BACKOFF_INITIAL]);
	info->backoff_max_ms = attr_u32(attrs[AGENTSYS_A_BACKOFF_MAX]);
	info->next_start_ms = attr_u32(attrs[AGENTSYS_A_NEXT_START]);
	info->stop_signal = attr_u32(attrs[AGENTSYS_A_STOP_SIGNAL]);
	info->stop_timeout_ms = attr_u32(attrs[AGENTSYS_A_STOP_TIMEOUT]);
	info->cause = attr_u32(attrs[AGENTSYS_A_CAUSE]);
	info->code = attr_u32(attrs[AGENTSYS_A_CODE]);
	info->step = attr_u32(attrs[AGENTSYS_A_STEP]);
	info->uid = attr_u32(attrs[AGENTSYS_A_UID]);
	info->gid = attr_u32(attrs[AGENTSYS_A_GID]);
	info->spawns = attr_u64(attrs[AGENTSYS_A_SPAWNS]);
	info->exits = attr_u64(attrs[AGENTSYS_A_EXITS]);
	info->crashes = attr_u64(attrs[AGENTSYS_A_CRASHES]);
	info->faults = attr_u64(attrs[AGENTSYS_A_FAULTS]);
	info->heartbeats = attr_u64(attrs[AGENTSYS_A_HEARTBEATS]);
	info->cpu_time_us = attr_u64(attrs[AGENTSYS_A_CPU_TIME]);
	info->memory = attr_u64(attrs[AGENTSYS_A_MEMORY]);
	info->start_time = attr_u64(attrs[AGENTSYS_A_START_TIME]);
	info->made_time = attr_u64(attrs[AGENTSYS_A_MADE_TIME]);
	info->end_time = attr_u64(attrs[AGENTSYS_A_END_TIME]);
	info->last_activity = attr_u64(attrs[AGENTSYS_A_LAST_ACTIVITY]);
	info->memory_max = attr_u64(attrs[AGENTSYS_A_MEMORY_MAX]);
	info->memory_high = attr_u64(attrs[AGENTSYS_A_MEMORY_HIGH]);
	info->cpu_quota_us = attr_u64(attrs[AGENTSYS_A_CPU_QUOTA]);
	info->cpu_period_us = attr_u64(attrs[AGENTSYS_A_CPU_PERIOD]);
	info->pids_max = attr_u64(attrs[AGENTSYS_A_PIDS_MAX]);
	info->cgroup = place_string(&at, attrs[AGENTSYS_A_CGROUP]);
	group = attr_string(attrs[AGENTSYS_A_GROUP]);
	strncpy(info->group, group ? group : "", sizeof(info->group) - 1);
	info->place = attr_u32(attrs[AGENTSYS_A_PLACE]);
	info->significant = !!attrs[AGENTSYS_A_SIGNIFICANT];
	info->parent_id = attr_u32(attrs[AGENTSYS_A_PARENT]);
	info->parent_instance = attr_u32(attrs[AGENTSYS_A_PARENT_INSTANCE]);
	info->backend = attr_u32(attrs[AGENTSYS_A_BACKEND]);
	take_restarts(info, attrs);
	info->exit_status = attrs[AGENTSYS_A_EXIT_STATUS] ?
				    (int32_t)attr_u32(attrs[AGENTSYS_A_EXIT_STATUS]) :
				    -1;
	info->end_pid = attr_u32(attrs[AGENTSYS_A_END_PID]);
	info->syscalls = attr_u64(attrs[AGENTSYS_A_SYSCALLS]);
	info->asked_time = attr_u64(attrs[AGENTSYS_A_ASKED_TIME]);
	info->throttled_ns = attr_u64(attrs[AGENTSYS_A_THROTTLED_TIME]);
	info->calls = attr_u32(attrs[AGENTSYS_A_CALLS]);
	info->calls_left_ms = attr_u32(attrs[AGENTSYS_A_CALLS_LEFT]);
	return info;
}

static int no_memory(struct agentsys *h)
{
	return conn_fail(h, -ENOMEM, "%s", strerror(ENOMEM));
}

static int take_info(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct agentsys_info **info = arg;

	agentsys_info_free(*info);
	*info = make_info(attrs);
	return *info ? 0 : no_memory(h);
}

int agentsys_get(struct agentsys *h, uint32_t id, struct agentsys_info **info)
{
	struct nl_msg *msg = conn_message(h, AGENTSYS_CMD_GET, 0, nla_total_size(4));
	struct answers answers = {
		.cmd = AGENTSYS_CMD_GET,
		.maxattr = AGENTSYS_A_MAX,
		.fn = take_info,
		.arg = info,
		.expected = true,
	};
	int ret;

	*info = NULL;
	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_A_ID, id);
	ret = conn_request(h, msg, &answers);
	if (ret) {
		agentsys_info_free(*info);
		*info = NULL;
	}
	return ret;
}

void agentsys_info_free(struct agentsys_info *info)
{
	free(info);
}

static int by_id(const void *a, const void *b)
{
	const struct agentsys_info *x = *(void *const *)a, *y = *(void *const *)b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* A dump that raced a change may have told of an agent twice. */
static void sort_once(struct list *list)
{
	struct agentsys_info *info, *last = NULL;
	size_t kept = 0;

	qsort(list->at, list->n, sizeof(*list->at), by_id);
	for (size_t i = 0; i < list->n; i++) {
		info = list->at[i];
		if (last && last->id == info->id) {
			free(info);
			continue;
		}
		list->at[kept++] = last = info;
	}
	list->at[kept] = NULL;
	list->n = kept;
}

ssize_t agentsys_list(struct agentsys *h, struct agentsys_info ***result)
{
	struct list list;
	int ret;

	*result = NULL;
	ret = list_dump(h, AGENTSYS_CMD_GET, AGENTSYS_A_MAX, make_info, &list);
	if (ret)
		return ret;
	if (list.n)
		sort_once(&list);
	*result = (struct agentsys_info **)list.at;
	return list.n;
}

void agentsys_list_free(struct agentsys_info **list)
{
	if (!list)
		return;
	for (struct agentsys_info **at = list; *at; at++)
		free(*at);
	free(list);
}

int agentsys_find(struct agentsys *h, const char *name, uint32_t *id)
{
	struct agentsys_info **list;
	ssize_t n = agentsys_list(h, &list);
	size_t found = 0;

	if (n < 0)
		return n;
	for (struct agentsys_info **at = list; *at; at++) {
		if (strcmp((*at)->name, name))
			continue;
		*id = (*at)->id;
		found++;
	}
	agentsys_list_free(list);
	if (!found)
		return conn_fail(h, -ESRCH, "no agent is called \"%s\"", name);
	if (found > 1)
		return conn_fail(h, -ENOTUNIQ, "%zu agents are called \"%s\": name one by its id",
				 found, name);
	return 0;
}

static int take_system(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct agentsys_system **result = arg;
	struct agentsys_system *system;
	char *at;

	system = calloc(1, sizeof(*system) + string_room(attrs[AGENTSYS_S_RELEASE]) +
				   string_room(attrs[AGENTSYS_S_LAUNCHER_PATH]) +
				   string_room(attrs[AGENTSYS_S_CGROUP_ROOT]) +
				   string_room(attrs[AGENTSYS_S_CONTROLLERS]) +
				   string_room(attrs[AGENTSYS_S_HOOKS]));
	if (!system)
		return no_memory(h);
	at = (char *)(system + 1);
	system->spawns = attr_u64(attrs[AGENTSYS_S_SPAWNS]);
	system->exits = attr_u64(attrs[AGENTSYS_S_EXITS]);
	system->crashes = attr_u64(attrs[AGENTSYS_S_CRASHES]);
	system->faults = attr_u64(attrs[AGENTSYS_S_FAULTS]);
	system->restarts = attr_u64(attrs[AGENTSYS_S_RESTARTS]);
	system->syscalls = attr_u64(attrs[AGENTSYS_S_SYSCALLS]);
	system->events = attr_u64(attrs[AGENTSYS_S_EVENTS]);
	system->active = attr_u32(attrs[AGENTSYS_S_ACTIVE]);
	system->agents = attr_u32(attrs[AGENTSYS_S_AGENTS]);
	system->max_agents = attr_u32(attrs[AGENTSYS_S_MAX_AGENTS]);
	system->ring_size = attr_u32(attrs[AGENTSYS_S_RING_SIZE]);
	system->launcher_pid = attr_u32(attrs[AGENTSYS_S_LAUNCHER_PID]);
	system->abi = attr_u32(attrs[AGENTSYS_S_ABI]);
	system->release = place_string(&at, attrs[AGENTSYS_S_RELEASE]);
	system->launcher_path = place_string(&at, attrs[AGENTSYS_S_LAUNCHER_PATH]);
	system->cgroup_root = place_string(&at, attrs[AGENTSYS_S_CGROUP_ROOT]);
	system->controllers = place_string(&at, attrs[AGENTSYS_S_CONTROLLERS]);
	system->hooks = place_string(&at, attrs[AGENTSYS_S_HOOKS]);
	system->hooks_error = attr_u32(attrs[AGENTSYS_S_HOOKS_ERROR]);
	agentsys_system_free(*result);
	*result = system;
	return 0;
}

int agentsys_system(struct agentsys *h, struct agentsys_system **system)
{
	struct nl_msg *msg = conn_message(h, AGENTSYS_CMD_SYSTEM_GET, 0, 0);
	struct answers answers = {
		.cmd = AGENTSYS_CMD_SYSTEM_GET,
		.maxattr = AGENTSYS_S_MAX,
		.fn = take_system,
		.arg = system,
		.expected = true,
	};
	int ret;

	*system = NULL;
	if (!msg)
		return -ENOMEM;
	ret = conn_request(h, msg, &answers);
	if (ret) {
		agentsys_system_free(*system);
		*system = NULL;
	}
	return ret;
}

void agentsys_system_free(struct agentsys_system *system)
{
	free(system);
}
