// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>

#include "list.h"

static int change(struct agentsys *h, uint8_t cmd, uint32_t from, enum agentsys_relation kind,
		  uint32_t to)
{
	struct nl_msg *msg = conn_message(h, cmd, 0, 3 * nla_total_size(sizeof(uint32_t)));
	struct answers answers = { .cmd = cmd, .maxattr = AGENTSYS_R_MAX };

	if (!msg)
		return -ENOMEM;
	nla_put_u32(msg, AGENTSYS_R_KIND, kind);
	nla_put_u32(msg, AGENTSYS_R_FROM, from);
	nla_put_u32(msg, AGENTSYS_R_TO, to);
	return conn_request(h, msg, &answers);
}

int agentsys_relate(struct agentsys *h, uint32_t from, enum agentsys_relation kind, uint32_t to)
{
	return change(h, AGENTSYS_CMD_RELATION_NEW, from, kind, to);
}

int agentsys_unrelate(struct agentsys *h, uint32_t from, enum agentsys_relation kind, uint32_t to)
{
	return change(h, AGENTSYS_CMD_RELATION_DEL, from, kind, to);
}

static void *make_relation(struct nlattr **attrs)
{
	struct agentsys_relation_info *relation = calloc(1, sizeof(*relation));

	if (!relation)
		return NULL;
	relation->kind = attr_u32(attrs[AGENTSYS_R_KIND]);
	relation->from = attr_u32(attrs[AGENTSYS_R_FROM]);
	relation->to = attr_u32(attrs[AGENTSYS_R_TO]);
	return relation;
}

static int order(const void *a, const void *b)
{
	const struct agentsys_relation_info *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

/* Into one piece, in order; a dump that raced a change may have told of one twice. */
static size_t gather(const struct list *list, struct agentsys_relation_info *to)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		to[i] = *(struct agentsys_relation_info *)list->at[i];
	qsort(to, list->n, sizeof(*to), order);
	for (size_t i = 0; i < list->n; i++)
		if (!n || order(&to[n - 1], &to[i]))
			to[n++] = to[i];
	return n;
}

ssize_t agentsys_relations(struct agentsys *h, struct agentsys_relation_info **result)
{
	struct list list;
	ssize_t n;
	int ret;

	*result = NULL;
	ret = list_dump(h, AGENTSYS_CMD_RELATION_GET, AGENTSYS_R_MAX, make_relation, &list);
	if (ret)
		return ret;
	*result = calloc(list.n + 1, sizeof(**result));
	n = *result ? (ssize_t)gather(&list, *result) : conn_fail(h, -ENOMEM, "out of memory");
	list_clear(&list);
	return n;
}

void agentsys_relations_free(struct agentsys_relation_info *list)
{
	free(list);
}
