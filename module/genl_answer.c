// SPDX-License-Identifier: GPL-2.0-only
#include "genl_answer.h"

#include <linux/agentsys_netlink.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "genl.h"
#include "genl_put.h"
#include "violation.h"

/* An answer: ids, an errno, a step, a name, and a text of 256 bytes at most. */
#define ANSWER_SIZE 512

/**
 * struct asker - a waiter that is answered by a message
 * @waiter: in the supervisor's hands
 * @skb: the message, allocated beforehand: an answer cannot be lost for want
 *	of memory
 * @portid: whom to
 * @seq: of the request
 * @cmd: of the request
 */
struct asker {
	struct agentsys_waiter waiter;
	struct sk_buff *skb;
	u32 portid;
	u32 seq;
	u8 cmd;
};

void agentsys_genl_answer(struct agentsys_waiter *waiter, const struct agentsys_answer *answer)
{
	struct asker *asker = container_of(waiter, struct asker, waiter);
	void *head = genlmsg_put(asker->skb, asker->portid, asker->seq, &agentsys_genl_family, 0,
				 asker->cmd);

	if (head && !agentsys_genl_put_answer(asker->skb, answer)) {
		genlmsg_end(asker->skb, head);
		/* An asker that has gone is nobody's loss. */
		genlmsg_unicast(&init_net, asker->skb, asker->portid);
	} else {
		WARN_ON_ONCE(1);
		nlmsg_free(asker->skb);
	}
	kfree(asker);
}

struct agentsys_waiter *agentsys_genl_waiter(struct genl_info *info, enum agentsys_goal goal)
{
	struct asker *asker;

	asker = kzalloc(sizeof(*asker), GFP_KERNEL);
	if (!asker)
		return ERR_PTR(-ENOMEM);
	asker->skb = nlmsg_new(ANSWER_SIZE, GFP_KERNEL);
	if (!asker->skb) {
		kfree(asker);
		return ERR_PTR(-ENOMEM);
	}
	asker->waiter.goal = goal;
	asker->waiter.answer = agentsys_genl_answer;
	asker->portid = info->snd_portid;
	asker->seq = info->snd_seq;
	asker->cmd = info->genlhdr->cmd;
	return &asker->waiter;
}

void agentsys_genl_drop_waiter(struct agentsys_waiter *waiter)
{
	struct asker *asker;

	if (!waiter)
		return;
	asker = container_of(waiter, struct asker, waiter);
	nlmsg_free(asker->skb);
	kfree(asker);
}

int agentsys_genl_need_admin(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "this needs CAP_SYS_ADMIN (run it as root)");
	agentsys_violation_refused();
	return -EPERM;
}

int agentsys_genl_hold_module(struct genl_info *info)
{
	if (try_module_get(THIS_MODULE))
		return 0;
	NL_SET_ERR_MSG(info->extack, "the module is being unloaded");
	return -ESHUTDOWN;
}
