// SPDX-License-Identifier: GPL-2.0-only
#include "state.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents.h"
#include "check.h"
#include "log.h"
#include "loop.h"
#include "systemd.h"

#define STATE_FILE RUN_DIR "/asmd.json"

#define SAVE_MS 100

static void due(struct timer *timer);

static struct timer timer = { .due = due };
static uint64_t saved; /* when */

static struct json_object *json_of(const struct agent *agent)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "id", json_object_new_int64(agent->id));
	json_object_object_add(object, "made", json_object_new_uint64(agent->made));
	json_object_object_add(object, "instance", json_object_new_int64(agent->instance));
	json_object_object_add(object, "notifies", json_object_new_boolean(agent->notifies));
	json_object_object_add(object, "ready", json_object_new_boolean(agent->ready));
	json_object_object_add(object, "stopping", json_object_new_boolean(agent->stopping));
	json_object_object_add(object, "status", json_object_new_string(agent->status));
	json_object_object_add(object, "checks", checks_json(agent, false));
	return object;
}

void state_save(void)
{
	struct json_object *array = json_object_new_array();
	mode_t mask = umask(077); /* a check may have a password in it */

	timer_drop(&timer);
	saved = now_ms();
	for (struct agent *agent = agent_next(NULL); agent; agent = agent_next(agent))
		json_object_array_add(array, json_of(agent));
	if (json_object_to_file_ext(STATE_FILE ".new", array, JSON_C_TO_STRING_PLAIN) ||
	    rename(STATE_FILE ".new", STATE_FILE))
		say(LOG_WARNING, "cannot write %s: %m", STATE_FILE);
	umask(mask);
	systemd_status(json_object_array_length(array));
	json_object_put(array);
}

static void due(struct timer *unused)
{
	(void)unused;
	state_save();
}

void state_changed(void)
{
	uint64_t since = now_ms() - saved;

	/* When what is being done now is done, if it was not done a moment ago. */
	if (!timer.place)
		timer_set(&timer, since < SAVE_MS ? SAVE_MS - since : 0);
}

static bool flag(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_object_object_get(object, key));
}

static void load(struct json_object *object)
{
	uint32_t id = json_object_get_int64(json_object_object_get(object, "id"));
	uint32_t instance = json_object_get_int64(json_object_object_get(object, "instance"));
	const char *status = json_object_get_string(json_object_object_get(object, "status"));
	char why[CHECK_WHY_MAX];
	struct agent *agent = id ? agent_of(id) : NULL;

	if (!agent)
		return;
	if (agent->made == json_object_get_uint64(json_object_object_get(object, "made"))) {
		agent->notifies = flag(object, "notifies");
		if (agent->instance == instance) {
			agent->ready = flag(object, "ready");
			agent->stopping = flag(object, "stopping");
			snprintf(agent->status, sizeof(agent->status), "%s", status ?: "");
		}
		if (checks_set(agent, json_object_object_get(object, "checks"), why))
			say(LOG_WARNING, "agent %u is not checked any more: %s", id, why);
	}
	agent_trim(agent);
}

void state_load(void)
{
	struct json_object *array;

	if (access(STATE_FILE, F_OK))
		return;
	array = json_object_from_file(STATE_FILE);
	if (!json_object_is_type(array, json_type_array))
		say(LOG_WARNING, "cannot read %s: %s", STATE_FILE, json_util_get_last_err() ?: "");
	else
		for (size_t i = 0; i < json_object_array_length(array); i++)
			load(json_object_array_get_idx(array, i));
	json_object_put(array);
}
