// SPDX-License-Identifier: GPL-2.0-only
#include "genl_spec.h"

#include <linux/agentsys_netlink.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/oom.h>
#include <linux/module.h>
#include <linux/resource.h>
#include <linux/sched/prio.h>
#include <linux/signal.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "agent.h"
#include "cgroup.h"
#include "core/limits.h"
#include "core/name.h"
#include "genl_limits.h"
#include "limit.h"
#include "pressure.h"
#include "spec.h"
#include "supervisor.h"

#define DEFAULT_STOP_TIMEOUT_MS 10000
#define STOP_TIMEOUT_MAX_MS	(24 * 60 * 60 * 1000)

/* Say why, with the attribute at fault. */
#define refuse(info, attr, error, msg)                                         \
	({                                                                     \
		NL_SET_ERR_MSG_ATTR((info)->extack, (info)->attrs[attr], msg); \
		-(error);                                                      \
	})

static u32 get_u32(struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : otherwise;
}

/* Bytes of a string with its terminator; the policy has seen to that it has one. */
static size_t string_size(const struct nlattr *attr)
{
	return strnlen(nla_data(attr), nla_len(attr)) + 1;
}

int agentsys_genl_check_stop_timeout(struct genl_info *info)
{
	u32 ms = get_u32(info, AGENTSYS_A_STOP_TIMEOUT, 0);

	if (ms <= STOP_TIMEOUT_MAX_MS || ms == AGENTSYS_STOP_UNLIMITED)
		return 0;
	return refuse(info, AGENTSYS_A_STOP_TIMEOUT, ERANGE,
		      "stop timeout out of range: a day at most, or 4294967295 for none");
}

static int get_name(struct genl_info *info, char *name)
{
	struct nlattr *attr = info->attrs[AGENTSYS_A_NAME];
	int ret;

	name[0] = '\0';
	if (!attr)
		return 0;
	ret = agentsys_name_check(nla_data(attr), string_size(attr) - 1);
	if (ret == -ENAMETOOLONG)
		return refuse(info, AGENTSYS_A_NAME, ENAMETOOLONG,
			      "the name is longer than 63 bytes");
	if (ret)
		return refuse(info, AGENTSYS_A_NAME, EINVAL,
			      "the name is empty, not UTF-8, or has control characters");
	strscpy(name, nla_data(attr), AGENTSYS_NAME_MAX + 1);
	return 0;
}

static void get_limit(struct genl_info *info, int attr, enum agentsys_limit limit,
		      struct agentsys_limits_change *change)
{
	if (!info->attrs[attr])
		return;
	change->has |= BIT(limit);
	change->max[limit] = nla_get_u64(info->attrs[attr]);
}

/* Those that have an attribute of their own, then those in LIMITS; the default for the others. */
static int get_limits(struct genl_info *info, struct agentsys_limits *limits)
{
	struct agentsys_limits_change given = {};
	enum agentsys_limit wrong;
	const char *why;
	int ret;

	get_limit(info, AGENTSYS_A_MEMORY_MAX, AGENTSYS_LIMIT_MEMORY_MAX, &given);
	get_limit(info, AGENTSYS_A_MEMORY_HIGH, AGENTSYS_LIMIT_MEMORY_HIGH, &given);
	get_limit(info, AGENTSYS_A_CPU_QUOTA, AGENTSYS_LIMIT_CPU_QUOTA, &given);
	get_limit(info, AGENTSYS_A_CPU_PERIOD, AGENTSYS_LIMIT_CPU_PERIOD, &given);
	get_limit(info, AGENTSYS_A_PIDS_MAX, AGENTSYS_LIMIT_PIDS_MAX, &given);
	ret = agentsys_genl_limits(info->attrs[AGENTSYS_A_LIMITS], &given, info->extack);
	if (ret)
		return ret;
	agentsys_limits_default(limits);
	agentsys_limits_change(limits, &given);
	if (agentsys_limits_check(limits, &wrong, &why)) {
		info->extack->_msg = why;
		return -EINVAL;
	}
	if (agentsys_pressure_lacks(limits)) {
		NL_SET_ERR_MSG(info->extack, "the kernel measures no pressure: boot it with psi=1");
		return -EOPNOTSUPP;
	}
	if (agentsys_limits_io(limits) && !agentsys_cgroup_controls("io")) {
		NL_SET_ERR_MSG(info->extack, "the controller of I/O is missing: see asmctl doctor");
		return -EOPNOTSUPP;
	}
	return 0;
}

/**
 * struct measure - how large a job gets
 * @nargs: arguments
 * @nenv: variables
 * @arg_bytes: their strings
 * @env_bytes: likewise
 * @size: all of it
 */
struct measure {
	u32 nargs;
	u32 nenv;
	size_t arg_bytes;
	size_t env_bytes;
	size_t size;
};

static int measure_strings(struct genl_info *info, struct measure *measure)
{
	struct nlattr *attr;
	size_t size;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != AGENTSYS_A_ARG && nla_type(attr) != AGENTSYS_A_ENV)
			continue;
		size = string_size(attr);
		if (size - 1 > AGENTSYS_STR_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "an argument or variable is longer than 65000 bytes");
			return -E2BIG;
		}
		if (nla_type(attr) == AGENTSYS_A_ARG) {
			measure->nargs++;
			measure->arg_bytes += size;
			continue;
		}
		measure->nenv++;
		measure->env_bytes += size;
		if (!memchr(nla_data(attr), '=', size) || *(char *)nla_data(attr) == '=') {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "a variable is not NAME=value");
			return -EINVAL;
		}
	}
	if (measure->nargs > AGENTSYS_ARGS_MAX || measure->nenv > AGENTSYS_ARGS_MAX) {
		NL_SET_ERR_MSG(info->extack, "more than 4096 arguments or variables");
		return -E2BIG;
	}
	return 0;
}

/* Bytes that @attr takes in a job, as a string. */
static int measure_path(struct genl_info *info, int attr, struct measure *measure)
{
	size_t size;

	if (!info->attrs[attr])
		return 0;
	size = string_size(info->attrs[attr]);
	if (size == 1)
		return refuse(info, attr, EINVAL, "a path is empty");
	if (size - 1 > AGENTSYS_PATH_MAX)
		return refuse(info, attr, ENAMETOOLONG, "a path is longer than 4095 bytes");
	measure->size += size;
	return 0;
}

static int measure_array(struct genl_info *info, int attr, size_t each, size_t most,
			 struct measure *measure)
{
	size_t len;

	if (!info->attrs[attr])
		return 0;
	len = nla_len(info->attrs[attr]);
	if (len % each)
		return refuse(info, attr, EINVAL, "an array has a broken element");
	if (len / each > most)
		return refuse(info, attr, E2BIG, "an array has too many elements");
	measure->size += len;
	return 0;
}

static const int path_attrs[] = { AGENTSYS_A_CWD, AGENTSYS_A_STDIN, AGENTSYS_A_STDOUT,
				  AGENTSYS_A_STDERR };

static int measure_job(struct genl_info *info, struct measure *measure)
{
	unsigned int i;
	int ret;

	measure->size = sizeof(struct agentsys_job);
	ret = measure_strings(info, measure);
	if (ret)
		return ret;
	if (!measure->nargs) {
		NL_SET_ERR_MSG(info->extack, "no program to run");
		return -EINVAL;
	}
	if (string_size(info->attrs[AGENTSYS_A_ARG]) == 1 && measure->nargs == 1)
		return refuse(info, AGENTSYS_A_ARG, EINVAL, "the program's path is empty");
	for (i = 0; i < ARRAY_SIZE(path_attrs); i++) {
		ret = measure_path(info, path_attrs[i], measure);
		if (ret)
			return ret;
	}
	ret = measure_array(info, AGENTSYS_A_GROUPS, sizeof(u32), AGENTSYS_GROUPS_MAX, measure);
	if (!ret)
		ret = measure_array(info, AGENTSYS_A_RLIMITS, sizeof(struct agentsys_job_rlimit),
				    AGENTSYS_RLIMITS, measure);
	if (ret)
		return ret;
	if (!info->attrs[AGENTSYS_A_GROUPS] && !info->attrs[AGENTSYS_A_UID])
		measure->size += current_cred()->group_info->ngroups * sizeof(u32);
	measure->size += measure->arg_bytes + measure->env_bytes;
	if (measure->size > AGENTSYS_SPEC_MAX) {
		NL_SET_ERR_MSG(info->extack, "the spec is larger than 256 KiB");
		return -E2BIG;
	}
	return 0;
}

/* Append @len bytes to the job and return where they went; measured before. */
static u32 append(struct agentsys_job *job, u32 *end, const void *data, size_t len)
{
	u32 at = *end;

	memcpy((char *)job + at, data, len);
	*end += len;
	return at;
}

static void append_strings(struct genl_info *info, struct agentsys_job *job, u32 *end, int type)
{
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		if (nla_type(attr) == type)
			append(job, end, nla_data(attr), string_size(attr));
}

static int fill_rlimits(struct genl_info *info, struct agentsys_job *job, u32 *end)
{
	struct nlattr *attr = info->attrs[AGENTSYS_A_RLIMITS];
	struct agentsys_job_rlimit limit;
	u32 i;

	if (!attr)
		return 0;
	job->nrlimits = nla_len(attr) / sizeof(limit);
	for (i = 0; i < job->nrlimits; i++) {
		memcpy(&limit, nla_data(attr) + i * sizeof(limit), sizeof(limit));
		if (limit.resource >= RLIM_NLIMITS || limit.reserved || limit.cur > limit.max)
			return refuse(info, AGENTSYS_A_RLIMITS, EINVAL,
				      "a resource limit is unknown, or soft above hard");
	}
	job->rlimits = append(job, end, nla_data(attr), nla_len(attr));
	return 0;
}

/* Ids are given in the sender's user namespace and kept as the launcher knows them. */
static int fill_groups(struct genl_info *info, struct agentsys_job *job, u32 *end)
{
	struct nlattr *attr = info->attrs[AGENTSYS_A_GROUPS];
	const struct group_info *own = current_cred()->group_info;
	u32 i, id;

	job->groups = *end;
	if (!attr && info->attrs[AGENTSYS_A_UID])
		return 0;
	job->ngroups = attr ? nla_len(attr) / sizeof(u32) : own->ngroups;
	for (i = 0; i < job->ngroups; i++) {
		kgid_t gid;

		if (attr) {
			memcpy(&id, nla_data(attr) + i * sizeof(id), sizeof(id));
			gid = make_kgid(current_user_ns(), id);
		} else {
			gid = own->gid[i];
		}
		if (!gid_valid(gid))
			return refuse(info, AGENTSYS_A_GROUPS, EINVAL, "a group id is not valid");
		id = from_kgid(&init_user_ns, gid);
		append(job, end, &id, sizeof(id));
	}
	return 0;
}

static int fill_ids(struct genl_info *info, struct agentsys_job *job)
{
	kuid_t uid = current_euid();
	kgid_t gid = current_egid();

	if (info->attrs[AGENTSYS_A_UID] && !info->attrs[AGENTSYS_A_GID])
		return refuse(info, AGENTSYS_A_UID, EINVAL, "a user id needs a group id with it");
	if (info->attrs[AGENTSYS_A_UID])
		uid = make_kuid(current_user_ns(), nla_get_u32(info->attrs[AGENTSYS_A_UID]));
	if (info->attrs[AGENTSYS_A_GID])
		gid = make_kgid(current_user_ns(), nla_get_u32(info->attrs[AGENTSYS_A_GID]));
	if (!uid_valid(uid))
		return refuse(info, AGENTSYS_A_UID, EINVAL, "the user id is not valid");
	if (!gid_valid(gid))
		return refuse(info, AGENTSYS_A_GID, EINVAL, "the group id is not valid");
	job->uid = from_kuid(&init_user_ns, uid);
	job->gid = from_kgid(&init_user_ns, gid);
	return 0;
}

static int fill_numbers(struct genl_info *info, struct agentsys_job *job)
{
	if (!info->attrs[AGENTSYS_A_NEW_PRIVS])
		job->flags |= AGENTSYS_JOB_NO_NEW_PRIVS;
	if (info->attrs[AGENTSYS_A_NICE]) {
		job->flags |= AGENTSYS_JOB_NICE;
		job->nice = nla_get_s32(info->attrs[AGENTSYS_A_NICE]);
	}
	if (info->attrs[AGENTSYS_A_OOM_SCORE_ADJ]) {
		job->flags |= AGENTSYS_JOB_OOM_SCORE_ADJ;
		job->oom_score_adj = nla_get_s32(info->attrs[AGENTSYS_A_OOM_SCORE_ADJ]);
	}
	if (info->attrs[AGENTSYS_A_BOUNDING]) {
		job->flags |= AGENTSYS_JOB_BOUNDING;
		job->bounding = nla_get_u64(info->attrs[AGENTSYS_A_BOUNDING]);
	}
	return 0;
}

static int fill_fd(struct genl_info *info, struct agentsys_spec *spec, unsigned int i, int attr)
{
	struct file *file = fget(nla_get_s32(info->attrs[attr]));

	if (!file)
		return refuse(info, attr, EBADF, "the descriptor is not open");
	spec->files[i] = file;
	/* A record that held the module's own device would keep the module for ever. */
	if (file->f_op->owner == THIS_MODULE)
		return refuse(info, attr, EINVAL, "the descriptor is of the module itself");
	spec->job->stdio[i] = AGENTSYS_STDIO_FD;
	return 0;
}

static int fill_stdio(struct genl_info *info, struct agentsys_spec *spec, u32 *end)
{
	static const int paths[] = { AGENTSYS_A_STDIN, AGENTSYS_A_STDOUT, AGENTSYS_A_STDERR };
	static const int fds[] = { AGENTSYS_A_STDIN_FD, AGENTSYS_A_STDOUT_FD,
				   AGENTSYS_A_STDERR_FD };
	struct agentsys_job *job = spec->job;
	unsigned int i;
	int ret;

	for (i = 0; i < 3; i++) {
		struct nlattr *path = info->attrs[paths[i]];

		if (path && info->attrs[fds[i]])
			return refuse(info, fds[i], EINVAL,
				      "a file and a descriptor are given for the same thing");
		if (path) {
			job->stdio[i] = AGENTSYS_STDIO_FILE;
			job->stdio_at[i] = append(job, end, nla_data(path), string_size(path));
		} else if (info->attrs[fds[i]]) {
			ret = fill_fd(info, spec, i, fds[i]);
			if (ret)
				return ret;
		} else if (i == 2) { /* as stdout */
			job->stdio[2] = job->stdio[1];
			job->stdio_at[2] = job->stdio_at[1];
			if (spec->files[1])
				spec->files[2] = get_file(spec->files[1]);
		}
	}
	return 0;
}

static int fill_job(struct genl_info *info, struct agentsys_spec *spec,
		    const struct measure *measure)
{
	struct agentsys_job *job = spec->job;
	struct nlattr *cwd = info->attrs[AGENTSYS_A_CWD];
	u32 end = sizeof(*job);
	int ret;

	/* What needs alignment first. */
	ret = fill_rlimits(info, job, &end);
	if (!ret)
		ret = fill_groups(info, job, &end);
	if (!ret)
		ret = fill_ids(info, job);
	if (!ret)
		ret = fill_numbers(info, job);
	if (!ret)
		ret = fill_stdio(info, spec, &end);
	if (ret)
		return ret;
	if (cwd && *(char *)nla_data(cwd) != '/')
		return refuse(info, AGENTSYS_A_CWD, EINVAL,
			      "the working directory is not an absolute path");
	if (cwd)
		job->cwd = append(job, &end, nla_data(cwd), string_size(cwd));
	job->nargs = measure->nargs;
	job->args = end;
	append_strings(info, job, &end, AGENTSYS_A_ARG);
	job->nenv = measure->nenv;
	job->env = end;
	append_strings(info, job, &end, AGENTSYS_A_ENV);
	if (WARN_ON_ONCE(end > job->size))
		return -EINVAL;
	if (!*((char *)job + job->args))
		return refuse(info, AGENTSYS_A_ARG, EINVAL, "the program's path is empty");
	return 0;
}

/* The netlink policy has seen to the range. */
static int check_backend(struct genl_info *info)
{
	switch (get_u32(info, AGENTSYS_A_BACKEND, AGENTSYS_BACKEND_NATIVE)) {
	case AGENTSYS_BACKEND_TEE:
		return refuse(info, AGENTSYS_A_BACKEND, EOPNOTSUPP,
			      "backend not available: tee: no enclave is supported");
	case AGENTSYS_BACKEND_REMOTE:
		return refuse(info, AGENTSYS_A_BACKEND, EOPNOTSUPP,
			      "backend not available: remote: agents run on this machine only");
	}
	return 0;
}

static struct agentsys_spec *get_spec(struct genl_info *info)
{
	struct measure measure = {};
	struct agentsys_spec *spec;
	int ret;

	ret = check_backend(info);
	if (!ret)
		ret = measure_job(info, &measure);
	if (ret)
		return ERR_PTR(ret);
	spec = agentsys_spec_new(measure.size);
	if (!spec)
		return ERR_PTR(-ENOMEM);
	spec->backend = get_u32(info, AGENTSYS_A_BACKEND, AGENTSYS_BACKEND_NATIVE);
	ret = fill_job(info, spec, &measure);
	if (ret) {
		agentsys_spec_put(spec);
		return ERR_PTR(ret);
	}
	return spec;
}

static struct agentsys_agent *get_agent(struct genl_info *info, struct agentsys_spec *spec)
{
	char name[AGENTSYS_NAME_MAX + 1];
	struct agentsys_limits limits;
	struct agentsys_agent *agent;
	int ret;

	ret = get_name(info, name);
	if (!ret)
		ret = agentsys_genl_check_stop_timeout(info);
	if (!ret)
		ret = get_limits(info, &limits);
	if (ret)
		return ERR_PTR(ret);
	agent = agentsys_agent_new(name, NULL);
	if (!agent)
		return ERR_PTR(-ENOMEM);
	ret = agentsys_limits_begin(agent, &limits);
	if (ret) {
		agentsys_agent_put(agent);
		return ERR_PTR(ret);
	}
	agent->spec = spec;
	/* The netlink policy has seen to the ranges. */
	agent->status.stop_signal = get_u32(info, AGENTSYS_A_STOP_SIGNAL, SIGTERM);
	agent->status.stop_timeout_ms =
		get_u32(info, AGENTSYS_A_STOP_TIMEOUT, DEFAULT_STOP_TIMEOUT_MS);
	agent->stop_timeout_ms = AGENTSYS_OWN_TIMEOUT;
	return agent;
}

struct agentsys_agent *agentsys_genl_spawn_spec(struct genl_info *info)
{
	struct agentsys_spec *spec = get_spec(info);
	struct agentsys_agent *agent;

	if (IS_ERR(spec))
		return ERR_CAST(spec);
	agent = get_agent(info, spec);
	if (IS_ERR(agent)) {
		agentsys_spec_put(spec);
		return agent;
	}
	agent->node.significant = info->attrs[AGENTSYS_A_SIGNIFICANT];
	return agent;
}

struct agentsys_agent *agentsys_genl_attach_spec(struct genl_info *info)
{
	return get_agent(info, NULL);
}

/* clang-format off */
static const int policy_attrs[] = {
	[AGENTSYS_POLICY_CONDITION]		= AGENTSYS_A_RESTART,
	[AGENTSYS_POLICY_MAX_RESTARTS]		= AGENTSYS_A_MAX_RESTARTS,
	[AGENTSYS_POLICY_BACKOFF_INITIAL]	= AGENTSYS_A_BACKOFF_INITIAL,
	[AGENTSYS_POLICY_BACKOFF_MAX]		= AGENTSYS_A_BACKOFF_MAX,
	[AGENTSYS_POLICY_BACKOFF_KIND]		= AGENTSYS_A_BACKOFF_KIND,
	[AGENTSYS_POLICY_JITTER]		= AGENTSYS_A_JITTER,
	[AGENTSYS_POLICY_STABLE]		= AGENTSYS_A_STABLE,
	[AGENTSYS_POLICY_BREAKER]		= AGENTSYS_A_BREAKER,
	[AGENTSYS_POLICY_BREAKER_OPEN]		= AGENTSYS_A_BREAKER_OPEN,
	[AGENTSYS_POLICY_SUCCESS_CODES]		= AGENTSYS_A_SUCCESS_CODES,
	[AGENTSYS_POLICY_SUCCESS_SIGNALS]	= AGENTSYS_A_SUCCESS_SIGNALS,
	[AGENTSYS_POLICY_NEVER_CODES]		= AGENTSYS_A_NEVER_CODES,
	[AGENTSYS_POLICY_NEVER_SIGNALS]		= AGENTSYS_A_NEVER_SIGNALS,
	[AGENTSYS_POLICY_NEVER_CAUSES]		= AGENTSYS_A_NEVER_CAUSES,
};

/* clang-format on */

static_assert(ARRAY_SIZE(policy_attrs) == __AGENTSYS_POLICY_FIELDS);

void agentsys_genl_policy(struct genl_info *info, struct agentsys_policy_change *change)
{
	const struct agentsys_policy_place *place = agentsys_policy_places;
	unsigned int i;

	change->has = 0;
	change->has_traps = info->attrs[AGENTSYS_A_TRAPS];
	change->traps = change->has_traps && nla_get_u32(info->attrs[AGENTSYS_A_TRAPS]);
	for (i = 0; i < __AGENTSYS_POLICY_FIELDS; i++, place++) {
		struct nlattr *attr = info->attrs[policy_attrs[i]];

		if (!attr)
			continue;
		/* The netlink policy has seen to its size. */
		memcpy((void *)&change->policy + place->offset, nla_data(attr), place->size);
		change->has |= BIT(i);
	}
}
