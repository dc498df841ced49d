/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which agent is what to another: dependencies, links, monitors. What comes of that
 * when one of them starts or ends is in related.c.
 */
#ifndef _AGENTSYS_RELATION_H
#define _AGENTSYS_RELATION_H

#include <linux/agentsys.h>
#include <linux/list.h>
#include <linux/rcupdate.h>

#include "core/order.h"

struct agentsys_agent;
struct netlink_ext_ack;

/**
 * struct agentsys_tie - one agent is something to another
 * @from: "it" in enum agentsys_relation
 * @to: the other
 * @out: link in @from->ties_out
 * @in: link in @to->ties_in
 * @order: what that means for the order in the tree
 * @serial: its number in the table of all
 * @kind: enum agentsys_relation
 * @rcu: for the delayed free, because others look at all of them under RCU
 *
 * It holds no reference: it goes before either of the records goes.
 */
struct agentsys_tie {
	struct agentsys_agent *from;
	struct agentsys_agent *to;
	struct hlist_node out;
	struct hlist_node in;
	struct agentsys_order order;
	u32 serial;
	u32 kind;
	struct rcu_head rcu;
};

/**
 * struct agentsys_relation_spec - a relation, by ids
 * @kind: enum agentsys_relation
 * @from: "it"
 * @to: the other
 */
struct agentsys_relation_spec {
	u32 kind;
	u32 from;
	u32 to;
};

/**
 * struct agentsys_relations - those that an agent is to have from the beginning
 * @n: how many
 * @spec: each, @from not being set
 */
struct agentsys_relations {
	u32 n;
	struct agentsys_relation_spec spec[AGENTSYS_RELATIONS_MAX];
};

/*
 * These take the supervisor lock, return 0 or an errno of
 * <linux/agentsys_netlink.h> and explain it in @extack.
 */
int agentsys_relation_new(const struct agentsys_relation_spec *spec,
			  struct netlink_ext_ack *extack);
int agentsys_relation_del(const struct agentsys_relation_spec *spec,
			  struct netlink_ext_ack *extack);

/* Copy the first relation of a serial above @after, and return that; or 0. Process context. */
u32 agentsys_relation_next(u32 after, struct agentsys_relation_spec *spec);

/* Changes whenever a relation comes or goes; tells a dump that it was overtaken. */
unsigned int agentsys_relation_generation(void);

/*
 * With the supervisor lock held.
 */

/* Those of @agent, which is in the tree, and not yet in the registry. All or none. */
int agentsys_relations_enter(struct agentsys_agent *agent,
			     const struct agentsys_relations *relations,
			     struct netlink_ext_ack *extack);

/* Does somebody who is @node, or within it, depend on somebody else, or somebody else on it? */
bool agentsys_relations_order(const struct agentsys_node *node);

/* At unload: there are none any more. */
void agentsys_relations_exit(void);

/* @agent goes, and has none any more. */
void agentsys_relations_drop(struct agentsys_agent *agent);

#endif /* _AGENTSYS_RELATION_H */
