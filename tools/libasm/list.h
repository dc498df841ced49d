/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef LIBASM_LIST_H
#define LIBASM_LIST_H

#include "conn.h"

/**
 * struct list - what a dump told of
 * @at: an allocation each, with NULL behind the last
 * @n: how many
 * @doubtful: things changed with each attempt; some may be there twice
 */
struct list {
	void **at;
	size_t n;
	bool doubtful;
};

/* Make one from what a message tells; NULL if there is no memory. free() frees it. */
typedef void *list_make(struct nlattr **attrs);

/* Dump by @cmd into @list, which needs no list_clear() if that fails. */
int list_dump(struct agentsys *h, uint8_t cmd, int maxattr, list_make *make, struct list *list);

void list_clear(struct list *list);

#endif
