// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asmctl.h"
#include "parse.h"

void module_missing(void)
{
	if (access("/sys/module/agentsys", F_OK))
		complain("the agentsys module is not loaded (load it with \"modprobe agentsys\")");
	else
		complain("the agentsys module cannot be reached (from another network namespace?)");
	exit(EXIT_NO_MODULE);
}

struct agentsys *connect_module(void)
{
	struct agentsys *h;
	int ret = agentsys_open(&h);

	if (ret == -ENODEV)
		module_missing();
	if (ret) {
		complain("cannot connect to the module: %s", strerror(-ret));
		exit(EXIT_FAILED);
	}
	return h;
}

int resolve_agent(struct agentsys *h, const char *text, uint32_t *id)
{
	uint64_t n;
	int ret;

	if (parse_id(text, id))
		return EXIT_OK;
	/* The helper daemon: an id that is not to be given. */
	if (parse_number(text, AGENTSYS_ID_HELPER, &n) && n == AGENTSYS_ID_HELPER) {
		*id = n;
		return EXIT_OK;
	}
	/* A number that is no id is no name either, by its looks. */
	if (text[strspn(text, "0123456789")] == '\0') {
		complain("there is no agent %s", *text ? text : "\"\"");
		return EXIT_NO_AGENT;
	}
	ret = agentsys_find(h, text, id);
	if (ret)
		complain("%s", agentsys_error(h));
	return exit_status_of(ret);
}

struct agentsys_info *get_agent(struct agentsys *h, const char *text, int *status)
{
	struct agentsys_info *info;
	uint32_t id;
	int ret;

	*status = resolve_agent(h, text, &id);
	if (*status)
		return NULL;
	ret = agentsys_get(h, id, &info);
	if (!ret)
		return info;
	if (ret == -ESRCH)
		complain("there is no agent %u", id);
	else
		complain("cannot read agent %u: %s", id, agentsys_error(h));
	*status = exit_status_of(ret);
	return NULL;
}

size_t last_events(struct agentsys_event *kept, size_t n)
{
	struct agentsys_events *events;
	struct agentsys_event event;
	size_t count = 0;

	/* Without the events a page still tells the rest. */
	if (agentsys_events_open(&events, 0))
		return 0;
	while (agentsys_events_next(events, &event, NULL, 0) == 1) {
		if (count == n)
			memmove(kept, kept + 1, --count * sizeof(*kept));
		kept[count++] = event;
	}
	agentsys_events_close(events);
	return count;
}
