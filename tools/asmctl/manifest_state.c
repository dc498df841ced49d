// SPDX-License-Identifier: GPL-2.0-only
#include "manifest_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asmctl.h"
#include "spec.h"

#define FOLDER	  "/run/agentsys"
#define NOTES	  FOLDER "/applied.json"
#define LOCK	  FOLDER "/applied.lock"
#define NOTES_NEW NOTES ".new"

/* Another one each time that the module is loaded. */
static uint64_t module_number(void)
{
	struct stat st;

	return stat("/sys/module/agentsys", &st) ? 0 : st.st_ino;
}

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	need_memory(!value || json_object_object_add(object, key, value));
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static uint64_t get_number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(get(object, key));
}

static bool is_string(struct json_object *object, const char *key, const char *text)
{
	const char *found = json_object_get_string(get(object, key));

	return found && !strcmp(found, text);
}

struct json_object *state_new(void)
{
	struct json_object *state = json_object_new_object();

	add(state, "module", json_object_new_uint64(module_number()));
	add(state, "agents", json_object_new_array());
	add(state, "groups", json_object_new_array());
	return state;
}

/* ---- the file ---- */

NORETURN static void cannot(const char *what)
{
	int error = errno;

	complain("cannot %s: %s", what, strerror(error));
	exit(exit_status_of(-error));
}

/*
 * The lock is on a file of its own, because the other one is replaced; nobody else may
 * open it. The folder is that of the helper's sockets, too, which agents have to reach.
 */
static void lock(void)
{
	int fd;

	if (mkdir(FOLDER, 0755) && errno != EEXIST)
		cannot("make " FOLDER);
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		cannot("open " LOCK);
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			cannot("lock " LOCK);
}

static bool is_usable(struct json_object *state)
{
	return json_object_is_type(get(state, "agents"), json_type_array) &&
	       json_object_is_type(get(state, "groups"), json_type_array) &&
	       get_number(state, "module") == module_number();
}

struct json_object *state_open(void)
{
	struct json_object *state;
	int fd;

	lock();
	fd = open(NOTES, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		cannot("read " NOTES);
	state = fd < 0 ? NULL : json_object_from_fd(fd);
	if (fd >= 0)
		close(fd);
	if (is_usable(state))
		return state;
	json_object_put(state);
	return state_new();
}

bool state_save(struct json_object *state)
{
	int fd = open(NOTES_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && !json_object_to_fd(fd, state, JSON_C_TO_STRING_PLAIN);

	if (fd >= 0 && close(fd))
		good = false;
	if (good && !rename(NOTES_NEW, NOTES))
		return true;
	complain("cannot write " NOTES ": %s", strerror(errno));
	unlink(NOTES_NEW);
	return false;
}

/* ---- agents ---- */

/* Ids come again. */
static bool is_about(struct json_object *entry, const struct agentsys_info *info)
{
	return get_number(entry, "agent_id") == info->id &&
	       get_number(entry, "made_time") == info->made_time;
}

struct json_object *state_of_agent(struct json_object *state, const struct agentsys_info *info)
{
	struct json_object *agents = get(state, "agents");

	for (size_t i = 0; i < json_object_array_length(agents); i++) {
		struct json_object *entry = json_object_array_get_idx(agents, i);

		if (is_about(entry, info))
			return entry;
	}
	return NULL;
}

bool state_is_from(struct json_object *entry, const char *manifest)
{
	return is_string(entry, "manifest", manifest);
}

void state_add_agent(struct json_object *state, const char *manifest,
		     const struct agentsys_info *info, struct json_object *made_of,
		     struct json_object *relations)
{
	struct json_object *entry = json_object_new_object();

	add(entry, "agent_id", json_object_new_uint64(info->id));
	add(entry, "made_time", json_object_new_uint64(info->made_time));
	add(entry, "manifest", json_object_new_string(manifest));
	add(entry, "made_of", json_object_get(made_of));
	add(entry, "relations", relations);
	need_memory(json_object_array_add(get(state, "agents"), entry));
}

void state_keep_agent(struct json_object *state, struct json_object *old,
		      const struct agentsys_info *before, const struct agentsys_info *info)
{
	struct json_object *entry = state_of_agent(old, before);
	const char *manifest = json_object_get_string(get(entry, "manifest"));

	if (manifest)
		state_add_agent(state, manifest, info, get(entry, "made_of"),
				json_object_get(get(entry, "relations")));
}

void state_add_relation(struct json_object *relations, uint32_t kind, uint32_t to)
{
	struct json_object *relation = json_object_new_object();

	add(relation, "kind", json_object_new_string(agentsys_relation_name(kind)));
	add(relation, "agent_id", json_object_new_uint64(to));
	need_memory(json_object_array_add(relations, relation));
}

bool state_has_relation(struct json_object *entry, uint32_t kind, uint32_t to)
{
	struct json_object *relations = get(entry, "relations");

	if (!json_object_is_type(relations, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(relations); i++) {
		struct json_object *relation = json_object_array_get_idx(relations, i);

		if (get_number(relation, "agent_id") == to &&
		    is_string(relation, "kind", agentsys_relation_name(kind)))
			return true;
	}
	return false;
}

/* ---- groups ---- */

static struct json_object *find_group(struct json_object *state, const char *name)
{
	struct json_object *groups = get(state, "groups");

	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		struct json_object *entry = json_object_array_get_idx(groups, i);

		if (is_string(entry, "name", name))
			return entry;
	}
	return NULL;
}

bool state_has_group(struct json_object *state, const char *manifest, const char *name)
{
	struct json_object *entry = find_group(state, name);

	return entry && state_is_from(entry, manifest);
}

void state_add_group(struct json_object *state, const char *manifest, const char *name)
{
	struct json_object *entry = json_object_new_object();

	add(entry, "name", json_object_new_string(name));
	add(entry, "manifest", json_object_new_string(manifest));
	need_memory(json_object_array_add(get(state, "groups"), entry));
}

void state_keep_group(struct json_object *state, struct json_object *old, const char *name)
{
	struct json_object *entry = find_group(old, name);

	if (entry)
		need_memory(json_object_array_add(get(state, "groups"), json_object_get(entry)));
}
