// SPDX-License-Identifier: GPL-2.0-only
#include "relation.h"

#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "agent.h"
#include "mailbox.h"
#include "registry.h"
#include "related.h"

/* By serial, for those who look at all; changed with the supervisor lock held. */
static DEFINE_XARRAY_ALLOC1(ties);
static u32 next_serial = 1;
static unsigned int generation;

static int explain(int error, struct netlink_ext_ack *extack)
{
	switch (error) {
	case -ESRCH:
		NL_SET_ERR_MSG(extack, "no such agent");
		break;
	case -EEXIST:
		NL_SET_ERR_MSG(extack, "the agents are related like that already");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG(extack, "the agents are not related like that");
		break;
	case -EINVAL:
		NL_SET_ERR_MSG(extack, "an agent cannot be related to itself");
		break;
	case -ELOOP:
		NL_SET_ERR_MSG(extack, "agents or groups would wait for each other in a circle");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG(extack, "an agent has 64 relations at most");
		break;
	case -EBUSY:
		NL_SET_ERR_MSG(extack, "an agent is just being attached");
		break;
	case -ENOTCONN:
		NL_SET_ERR_MSG(extack,
			       "it runs, and what it is to require does not: start that first");
		break;
	}
	return error;
}

static bool is_ordered(u32 kind)
{
	return kind == AGENTSYS_RELATION_REQUIRES || kind == AGENTSYS_RELATION_WANTS;
}

static bool is_mutual(u32 kind)
{
	return kind == AGENTSYS_RELATION_PEER || kind == AGENTSYS_RELATION_LINK;
}

static struct agentsys_tie *find_out(struct agentsys_agent *from, struct agentsys_agent *to,
				     u32 kind)
{
	struct agentsys_tie *tie;

	hlist_for_each_entry(tie, &from->ties_out, out)
		if (tie->to == to && tie->kind == kind)
			return tie;
	return NULL;
}

static struct agentsys_tie *find(struct agentsys_agent *from, struct agentsys_agent *to, u32 kind)
{
	struct agentsys_tie *tie = find_out(from, to, kind);

	return tie || !is_mutual(kind) ? tie : find_out(to, from, kind);
}

/* Does @agent depend on @on, if only by way of others? */
static bool depends(struct agentsys_agent *agent, struct agentsys_agent *on)
{
	struct agentsys_search search;
	struct agentsys_agent *at;
	struct agentsys_tie *tie;

	agentsys_search_begin(&search, agent);
	while ((at = agentsys_search_next(&search))) {
		if (at == on)
			return true;
		hlist_for_each_entry(tie, &at->ties_out, out)
			if (is_ordered(tie->kind))
				agentsys_search_add(&search, tie->to);
	}
	return false;
}

static int check(struct agentsys_agent *from, struct agentsys_agent *to, u32 kind)
{
	if (from == to)
		return -EINVAL;
	if (find(from, to, kind))
		return -EEXIST;
	if (from->nr_ties >= AGENTSYS_RELATIONS_MAX || to->nr_ties >= AGENTSYS_RELATIONS_MAX)
		return -ENOSPC;
	/* Nobody depends on one that nobody has a relation to. */
	if (is_ordered(kind) && !hlist_empty(&from->ties_in) && depends(to, from))
		return -ELOOP;
	return 0;
}

static int tie_up(struct agentsys_agent *from, struct agentsys_agent *to, u32 kind)
{
	struct agentsys_tie *tie;
	int ret = check(from, to, kind);

	if (ret)
		return ret;
	tie = kzalloc(sizeof(*tie), GFP_KERNEL_ACCOUNT);
	if (!tie)
		return -ENOMEM;
	tie->kind = kind;
	tie->from = from;
	tie->to = to;
	ret = xa_alloc_cyclic(&ties, &tie->serial, tie, xa_limit_31b, &next_serial,
			      GFP_KERNEL_ACCOUNT);
	if (ret < 0)
		goto free;
	if (is_ordered(kind)) {
		ret = agentsys_order_keep(&tie->order, &to->node, &from->node);
		if (ret)
			goto erase;
	}
	hlist_add_head(&tie->out, &from->ties_out);
	hlist_add_head(&tie->in, &to->ties_in);
	from->nr_ties++;
	to->nr_ties++;
	WRITE_ONCE(generation, generation + 1);
	return 0;

erase:
	xa_erase(&ties, tie->serial);
free:
	kfree_rcu(tie, rcu);
	return ret;
}

static void untie(struct agentsys_tie *tie)
{
	lockdep_assert_held(&agentsys_lock);

	agentsys_order_drop(&tie->order);
	hlist_del(&tie->out);
	hlist_del(&tie->in);
	tie->from->nr_ties--;
	tie->to->nr_ties--;
	xa_erase(&ties, tie->serial);
	WRITE_ONCE(generation, generation + 1);
	kfree_rcu(tie, rcu);
}

/* Its process is being moved: it has no place in the tree yet. */
static bool is_attaching(const struct agentsys_agent *agent)
{
	return agent->status.state == AGENTSYS_STARTING && !agent->spec;
}

int agentsys_relations_enter(struct agentsys_agent *agent,
			     const struct agentsys_relations *relations,
			     struct netlink_ext_ack *extack)
{
	u32 i;

	lockdep_assert_held(&agentsys_lock);

	for (i = 0; i < relations->n; i++) {
		struct agentsys_agent *to = agentsys_registry_get(relations->spec[i].to);
		int ret = -ESRCH;

		if (to)
			ret = is_attaching(to) ? -EBUSY :
						 tie_up(agent, to, relations->spec[i].kind);
		if (to)
			agentsys_agent_put(to);
		if (ret) {
			agentsys_relations_drop(agent);
			return explain(ret, extack);
		}
	}
	return 0;
}

void agentsys_relations_drop(struct agentsys_agent *agent)
{
	struct agentsys_tie *tie;
	struct hlist_node *next;

	lockdep_assert_held(&agentsys_lock);

	hlist_for_each_entry_safe(tie, next, &agent->ties_out, out) {
		agentsys_mail_post(tie->to, AGENTSYS_MAIL_RELATED);
		untie(tie);
	}
	hlist_for_each_entry_safe(tie, next, &agent->ties_in, in) {
		agentsys_mail_post(tie->from, AGENTSYS_MAIL_RELATED);
		untie(tie);
	}
}

static bool is_within(const struct agentsys_node *node, const struct agentsys_node *other)
{
	while (node && node != other)
		node = node->parent ? &node->parent->node : NULL;
	return node;
}

bool agentsys_relations_order(const struct agentsys_node *node)
{
	struct agentsys_tie *tie;
	unsigned long serial;

	lockdep_assert_held(&agentsys_lock);

	xa_for_each(&ties, serial, tie)
		if (is_ordered(tie->kind) &&
		    is_within(&tie->from->node, node) != is_within(&tie->to->node, node))
			return true;
	return false;
}

void agentsys_relations_exit(void)
{
	struct agentsys_tie *tie;
	unsigned long serial;

	mutex_lock(&agentsys_lock);
	xa_for_each(&ties, serial, tie)
		untie(tie);
	mutex_unlock(&agentsys_lock);
}

/* ---- what people ask for ---- */

static bool runs(const struct agentsys_agent *agent)
{
	return agent->status.state == AGENTSYS_STARTING || agent->status.state == AGENTSYS_ACTIVE;
}

static int make(struct agentsys_agent *from, struct agentsys_agent *to, u32 kind)
{
	if (is_attaching(from) || is_attaching(to))
		return -EBUSY;
	if (runs(from) && !agentsys_need_to_run(kind, to->status.state))
		return -ENOTCONN;
	return tie_up(from, to, kind);
}

static int end(struct agentsys_agent *from, struct agentsys_agent *to, u32 kind)
{
	struct agentsys_tie *tie = find(from, to, kind);

	if (!tie)
		return -ENOENT;
	untie(tie);
	agentsys_mail_post(from, AGENTSYS_MAIL_RELATED);
	agentsys_mail_post(to, AGENTSYS_MAIL_RELATED);
	return 0;
}

static int change(const struct agentsys_relation_spec *spec,
		  int (*fn)(struct agentsys_agent *from, struct agentsys_agent *to, u32 kind),
		  struct netlink_ext_ack *extack)
{
	struct agentsys_agent *from, *to;
	int ret = -ESRCH;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	from = agentsys_registry_get(spec->from);
	to = agentsys_registry_get(spec->to);
	if (from && to)
		ret = fn(from, to, spec->kind);
	mutex_unlock(&agentsys_lock);
	if (from)
		agentsys_agent_put(from);
	if (to)
		agentsys_agent_put(to);
	return explain(ret, extack);
}

int agentsys_relation_new(const struct agentsys_relation_spec *spec, struct netlink_ext_ack *extack)
{
	return change(spec, make, extack);
}

int agentsys_relation_del(const struct agentsys_relation_spec *spec, struct netlink_ext_ack *extack)
{
	return change(spec, end, extack);
}

/* ---- what is told ---- */

u32 agentsys_relation_next(u32 after, struct agentsys_relation_spec *spec)
{
	unsigned long index = after;
	struct agentsys_tie *tie;

	rcu_read_lock();
	tie = xa_find_after(&ties, &index, ULONG_MAX, XA_PRESENT);
	if (tie) {
		spec->kind = tie->kind;
		spec->from = READ_ONCE(tie->from->id);
		spec->to = tie->to->id;
	}
	rcu_read_unlock();
	return tie ? index : 0;
}

unsigned int agentsys_relation_generation(void)
{
	return READ_ONCE(generation);
}
