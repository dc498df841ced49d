// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a root file system gets: as little as programs can do with. " is written '. */
/* clang-format off */
static const char *const skeleton[] = {
	"{",
	"'ociVersion': '1.0.2',",
	"'process': {",
	"  'user': {'uid': 0, 'gid': 0},",
	"  'env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],",
	"  'cwd': '/',",
	"  'capabilities': {}",
	"},",
	"'root': {},",
	"'mounts': [",
	"  {'destination': '/proc', 'type': 'proc', 'source': 'proc',",
	"   'options': ['nosuid', 'noexec', 'nodev']},",
	"  {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs',",
	"   'options': ['nosuid', 'strictatime', 'mode=755', 'size=65536k']},",
	"  {'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts',",
	"   'options': ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620']},",
	"  {'destination': '/dev/shm', 'type': 'tmpfs', 'source': 'shm',",
	"   'options': ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']},",
	"  {'destination': '/dev/mqueue', 'type': 'mqueue', 'source': 'mqueue',",
	"   'options': ['nosuid', 'noexec', 'nodev']},",
	"  {'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs',",
	"   'options': ['nosuid', 'noexec', 'nodev', 'ro']}",
	"],",
	"'linux': {",
	"  'namespaces': [{'type': 'pid'}, {'type': 'mount'}, {'type': 'ipc'}, {'type': 'uts'}],",
	"  'maskedPaths': ['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys',",
	"   '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug',",
	"   '/proc/scsi', '/sys/firmware', '/sys/kernel/debug', '/sys/kernel/tracing'],",
	"  'readonlyPaths': ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']",
	"}",
	"}",
};

/* clang-format on */

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	need_memory(value);
	if (json_object_object_add(object, key, value))
		need_memory(NULL);
}

static void append(struct json_object *array, struct json_object *value)
{
	need_memory(value);
	if (json_object_array_add(array, value))
		need_memory(NULL);
}

static void append_string(struct json_object *array, const char *s)
{
	append(array, json_object_new_string(s));
}

/* What is there under @key if it is of that type, else an empty one that is there then. */
static struct json_object *part(struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *value;

	if (json_object_object_get_ex(object, key, &value) && json_object_is_type(value, type))
		return value;
	value = type == json_type_array ? json_object_new_array() : json_object_new_object();
	put(object, key, value);
	return value;
}

static const char *text(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* ---- where it begins ---- */

static struct json_object *config_of_bundle(const char *bundle)
{
	struct json_object *config;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/config.json", bundle) >= (int)sizeof(path))
		give_up("the bundle's path is too long");
	config = json_object_from_file(path);
	if (!json_object_is_type(config, json_type_object))
		give_up("cannot read the bundle: %s", json_util_get_last_err() ?: "no object");
	return config;
}

static struct json_object *config_of_rootfs(const char *rootfs)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *config = NULL;

	need_memory(tokener);
	for (size_t i = 0; i < sizeof(skeleton) / sizeof(skeleton[0]); i++) {
		char line[128], *c = line;

		snprintf(line, sizeof(line), "%s", skeleton[i]);
		while ((c = strchr(c, '\'')))
			*c = '"';
		config = json_tokener_parse_ex(tokener, line, strlen(line));
	}
	need_memory(config);
	json_tokener_free(tokener);
	put(part(config, "root", json_type_object), "path", json_object_new_string(rootfs));
	return config;
}

/* ---- the process ---- */

static size_t name_length(const char *variable)
{
	return strcspn(variable, "=");
}

static bool same_variable(const char *a, const char *b)
{
	size_t length = name_length(a);

	return length == name_length(b) && !strncmp(a, b, length);
}

static bool is_set(char *const env[], const char *variable)
{
	while (*env && !same_variable(*env, variable))
		env++;
	return *env;
}

/* Those of the agent, and before them what they do not replace. */
static void set_env(struct json_object *process, char *const env[])
{
	struct json_object *old = part(process, "env", json_type_array);
	struct json_object *all = json_object_new_array();

	need_memory(all);
	for (size_t i = 0; i < json_object_array_length(old); i++) {
		const char *variable = json_object_get_string(json_object_array_get_idx(old, i));

		if (variable && !is_set(env, variable))
			append_string(all, variable);
	}
	for (; *env; env++)
		append_string(all, *env);
	put(process, "env", all);
}

static void set_args(struct json_object *process, char *const args[])
{
	struct json_object *array = json_object_new_array();

	need_memory(array);
	for (; *args; args++)
		append_string(array, *args);
	put(process, "args", array);
}

static void set_user(struct json_object *process, const struct settings *settings)
{
	struct json_object *user = json_object_new_object();
	struct json_object *groups = json_object_new_array();

	need_memory(user);
	need_memory(groups);
	put(user, "uid", json_object_new_int64(settings->uid));
	put(user, "gid", json_object_new_int64(settings->gid));
	for (size_t i = 0; i < settings->ngroups; i++)
		append(groups, json_object_new_int64(settings->groups[i]));
	put(user, "additionalGids", groups);
	put(process, "user", user);
}

static void set_capabilities(struct json_object *process, uint64_t caps)
{
	static const char *const sets[] = { "bounding", "permitted", "effective" };
	struct json_object *object = json_object_new_object();
	const char *name;

	need_memory(object);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct json_object *set = part(object, sets[i], json_type_array);

		for (unsigned int cap = 0; (name = capability_name(cap)); cap++)
			if (caps & (UINT64_C(1) << cap))
				append_string(set, name);
	}
	put(process, "capabilities", object);
}

static void set_process(struct json_object *config, const struct settings *settings)
{
	struct json_object *process = part(config, "process", json_type_object);

	json_object_object_del(process, "terminal");
	json_object_object_del(process, "consoleSize");
	if (*settings->args)
		set_args(process, settings->args);
	set_env(process, settings->env);
	if (settings->cwd)
		put(process, "cwd", json_object_new_string(settings->cwd));
	if (settings->user)
		set_user(process, settings);
	if (settings->has_caps)
		set_capabilities(process, settings->caps);
	put(process, "noNewPrivileges", json_object_new_boolean(!settings->new_privs));
}

/* ---- what it sees ---- */

static void bind(struct json_object *mounts, const char *source, const char *target,
		 const char *const options[])
{
	struct json_object *mount = json_object_new_object();
	struct json_object *array = json_object_new_array();

	need_memory(mount);
	need_memory(array);
	put(mount, "destination", json_object_new_string(target));
	put(mount, "type", json_object_new_string("bind"));
	put(mount, "source", json_object_new_string(source));
	for (; *options; options++)
		append_string(array, *options);
	put(mount, "options", array);
	append(mounts, mount);
}

static void add_mount(struct json_object *mounts, const char *setting)
{
	static const char *const writable[] = { "rbind", "nosuid", "nodev", "rw", NULL };
	static const char *const readable[] = { "rbind", "nosuid", "nodev", "ro", NULL };
	char *source = strdup(setting), *target, *mode;

	need_memory(source);
	target = strchr(source, ':');
	*target++ = '\0';
	mode = strchr(target, ':');
	if (mode)
		*mode++ = '\0';
	bind(mounts, source, target, mode && !strcmp(mode, "ro") ? readable : writable);
	free(source);
}

/* Agents have no business in the files of cgroups. */
static void drop_cgroups(struct json_object *mounts)
{
	size_t i = 0;

	while (i < json_object_array_length(mounts)) {
		const char *type = text(json_object_array_get_idx(mounts, i), "type");

		if (!strncmp(type, "cgroup", strlen("cgroup")))
			json_object_array_del_idx(mounts, i, 1);
		else
			i++;
	}
}

static void set_mounts(struct json_object *config, const struct settings *settings)
{
	static const char *const device[] = { "bind", "nosuid", "noexec", "rw", NULL };
	struct json_object *mounts = part(config, "mounts", json_type_array);

	drop_cgroups(mounts);
	/* For heartbeats; who calls is the kernel's knowledge in there, too. */
	if (!access("/dev/agentsys", F_OK))
		bind(mounts, "/dev/agentsys", "/dev/agentsys", device);
	for (size_t i = 0; i < settings->nmounts; i++)
		add_mount(mounts, settings->mounts[i]);
}

static void set_network(struct json_object *linux_part)
{
	struct json_object *spaces = part(linux_part, "namespaces", json_type_array);
	struct json_object *space = json_object_new_object();

	for (size_t i = json_object_array_length(spaces); i-- > 0;)
		if (!strcmp(text(json_object_array_get_idx(spaces, i), "type"), "network"))
			json_object_array_del_idx(spaces, i, 1);
	need_memory(space);
	put(space, "type", json_object_new_string("network"));
	append(spaces, space);
}

struct json_object *config_make(const struct settings *settings)
{
	struct json_object *config = settings->bundle ? config_of_bundle(settings->bundle) :
							config_of_rootfs(settings->rootfs);
	struct json_object *linux_part = part(config, "linux", json_type_object);

	set_process(config, settings);
	set_mounts(config, settings);
	if (settings->read_only)
		put(part(config, "root", json_type_object), "readonly",
		    json_object_new_boolean(true));
	if (settings->no_network)
		set_network(linux_part);
	if (settings->rootfs)
		put(config, "hostname", json_object_new_string(settings->name));
	/* Limits are those of the agent's cgroup, and there is no other. */
	json_object_object_del(linux_part, "resources");
	json_object_object_del(linux_part, "cgroupsPath");
	return config;
}
