/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands of the family have in common: who may give them, and the
 * second answer to those who wait.
 */
#ifndef _AGENTSYS_GENL_ANSWER_H
#define _AGENTSYS_GENL_ANSWER_H

#include "waiter.h"

struct genl_info;
struct sk_buff;

/* Someone who is answered by a message with the cmd and seq of the request; or an ERR_PTR. */
struct agentsys_waiter *agentsys_genl_waiter(struct genl_info *info, enum agentsys_goal goal);

/* Answer one: it is gone then. */
void agentsys_genl_answer(struct agentsys_waiter *waiter, const struct agentsys_answer *answer);

/* Let one go unanswered; it may be NULL. */
void agentsys_genl_drop_waiter(struct agentsys_waiter *waiter);

/* -EPERM, explained, without CAP_SYS_ADMIN. */
int agentsys_genl_need_admin(struct sk_buff *skb, struct genl_info *info);

/*
 * Whoever may bring an agent to life holds the module meanwhile, or that could
 * come to life in a module that is being unloaded.
 * -ESHUTDOWN, explained; or to be given back with module_put().
 */
int agentsys_genl_hold_module(struct genl_info *info);

#endif /* _AGENTSYS_GENL_ANSWER_H */
