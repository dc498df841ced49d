// SPDX-License-Identifier: GPL-2.0-only
#include "genl_relation.h"

#include <linux/err.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "genl.h"
#include "genl_answer.h"
#include "relation.h"

/* Not const: before v6.6 a policy points to something that is not. */
static struct netlink_range_validation id_range __ro_after_init = {
	.min = AGENTSYS_ID_MIN,
	.max = AGENTSYS_ID_MAX,
};

/* clang-format off */
#define POLICY_KIND	[AGENTSYS_R_KIND] = NLA_POLICY_MAX(NLA_U32, __AGENTSYS_RELATIONS - 1)
#define POLICY_ID(attr)	[attr] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range)
/* clang-format on */

const struct nla_policy agentsys_genl_relation_policy[AGENTSYS_R_TO + 1] = {
	POLICY_KIND,
	POLICY_ID(AGENTSYS_R_FROM),
	POLICY_ID(AGENTSYS_R_TO),
};

const struct nla_policy agentsys_genl_relation_own_policy[AGENTSYS_R_TO + 1] = {
	POLICY_KIND,
	POLICY_ID(AGENTSYS_R_TO),
};

static int get_spec(struct sk_buff *skb, struct genl_info *info,
		    struct agentsys_relation_spec *spec)
{
	int ret = agentsys_genl_need_admin(skb, info);

	if (ret)
		return ret;
	if (GENL_REQ_ATTR_CHECK(info, AGENTSYS_R_KIND) ||
	    GENL_REQ_ATTR_CHECK(info, AGENTSYS_R_FROM) ||
	    GENL_REQ_ATTR_CHECK(info, AGENTSYS_R_TO)) {
		NL_SET_ERR_MSG(info->extack, "a relation needs two agents and a kind");
		return -EINVAL;
	}
	spec->kind = nla_get_u32(info->attrs[AGENTSYS_R_KIND]);
	spec->from = nla_get_u32(info->attrs[AGENTSYS_R_FROM]);
	spec->to = nla_get_u32(info->attrs[AGENTSYS_R_TO]);
	return 0;
}

int agentsys_genl_relation_new(struct sk_buff *skb, struct genl_info *info)
{
	struct agentsys_relation_spec spec;
	int ret = get_spec(skb, info, &spec);

	return ret ?: agentsys_relation_new(&spec, info->extack);
}

int agentsys_genl_relation_del(struct sk_buff *skb, struct genl_info *info)
{
	struct agentsys_relation_spec spec;
	int ret = get_spec(skb, info, &spec);

	return ret ?: agentsys_relation_del(&spec, info->extack);
}

static int get_own(struct nlattr *nest, struct agentsys_relations *relations,
		   struct netlink_ext_ack *extack)
{
	struct agentsys_relation_spec *spec = &relations->spec[relations->n];
	struct nlattr *attrs[AGENTSYS_R_TO + 1];
	int ret;

	if (relations->n == AGENTSYS_RELATIONS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "an agent has 64 relations at most");
		return -ENOSPC;
	}
	ret = nla_parse_nested(attrs, AGENTSYS_R_TO, nest, agentsys_genl_relation_own_policy,
			       extack);
	if (ret)
		return ret;
	if (!attrs[AGENTSYS_R_KIND] || !attrs[AGENTSYS_R_TO]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a relation needs an agent and a kind");
		return -EINVAL;
	}
	spec->kind = nla_get_u32(attrs[AGENTSYS_R_KIND]);
	spec->to = nla_get_u32(attrs[AGENTSYS_R_TO]);
	relations->n++;
	return 0;
}

struct agentsys_relations *agentsys_genl_own_relations(struct genl_info *info)
{
	struct agentsys_relations *relations;
	struct nlattr *attr;
	int rem, ret;

	if (!info->attrs[AGENTSYS_A_RELATION])
		return NULL;
	relations = kzalloc(sizeof(*relations), GFP_KERNEL);
	if (!relations)
		return ERR_PTR(-ENOMEM);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != AGENTSYS_A_RELATION)
			continue;
		ret = get_own(attr, relations, info->extack);
		if (ret) {
			kfree(relations);
			return ERR_PTR(ret);
		}
	}
	return relations;
}

static int put_relation(struct sk_buff *skb, const struct agentsys_relation_spec *spec,
			struct netlink_callback *cb)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				 &agentsys_genl_family, NLM_F_MULTI, AGENTSYS_CMD_RELATION_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (nla_put_u32(skb, AGENTSYS_R_KIND, spec->kind) ||
	    nla_put_u32(skb, AGENTSYS_R_FROM, spec->from) ||
	    nla_put_u32(skb, AGENTSYS_R_TO, spec->to)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* cb->args[0]: serial of the last one that was sent. */
int agentsys_genl_relation_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct agentsys_relation_spec spec;
	u32 serial;

	cb->seq = agentsys_relation_generation() ?: 1;
	while ((serial = agentsys_relation_next(cb->args[0], &spec))) {
		/* An agent that is just being entered has no id yet. */
		if (spec.from && put_relation(skb, &spec, cb))
			break;
		cb->args[0] = serial;
	}
	return skb->len;
}
