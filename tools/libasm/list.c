// SPDX-License-Identifier: LGPL-2.1-only
#include "list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Dumps that are made before one that raced a change is taken as it is. */
#define DUMP_TRIES 5

struct dump {
	struct list *list;
	list_make *make;
};

void list_clear(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->at[i]);
	free(list->at);
	*list = (struct list){ NULL };
}

static int list_full(struct agentsys *h)
{
	return conn_fail(h, -ENOMEM, "%s", strerror(ENOMEM));
}

static int take_listed(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct dump *dump = arg;
	struct list *list = dump->list;

	/* Doubles whenever the number, with the NULL behind it, is a power of two. */
	if (!((list->n + 1) & list->n)) {
		size_t room = 2 * (list->n + 1);
		void **at = realloc(list->at, room * sizeof(*at));

		if (!at)
			return list_full(h);
		list->at = at;
	}
	list->at[list->n] = dump->make(attrs);
	if (!list->at[list->n])
		return list_full(h);
	list->n++;
	return 0;
}

static int dump_once(struct agentsys *h, uint8_t cmd, int maxattr, struct dump *dump)
{
	struct nl_msg *msg = conn_message(h, cmd, NLM_F_DUMP, 0);
	struct answers answers = {
		.cmd = cmd,
		.maxattr = maxattr,
		.fn = take_listed,
		.arg = dump,
	};
	int ret;

	if (!msg)
		return -ENOMEM;
	ret = conn_request(h, msg, &answers);
	dump->list->doubtful = answers.interrupted;
	return ret;
}

int list_dump(struct agentsys *h, uint8_t cmd, int maxattr, list_make *make, struct list *list)
{
	struct dump dump = { list, make };
	int ret = 0;

	*list = (struct list){ .doubtful = true };
	for (int i = 0; i < DUMP_TRIES && list->doubtful && !ret; i++) {
		list_clear(list);
		ret = dump_once(h, cmd, maxattr, &dump);
	}
	if (!ret && !list->at) {
		list->at = malloc(sizeof(*list->at));
		if (!list->at)
			ret = list_full(h);
	}
	if (ret)
		list_clear(list);
	else
		list->at[list->n] = NULL;
	return ret;
}
