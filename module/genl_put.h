/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a record, the counters or an event to attributes. All return 0 or
 * -EMSGSIZE.
 */
#ifndef _AGENTSYS_GENL_PUT_H
#define _AGENTSYS_GENL_PUT_H

struct agentsys_agent;
struct agentsys_answer;
struct agentsys_event;
struct agentsys_group_status;
struct sk_buff;

int agentsys_genl_put_agent(struct sk_buff *skb, struct agentsys_agent *agent); /* may sleep */
int agentsys_genl_put_system(struct sk_buff *skb);
int agentsys_genl_put_event(struct sk_buff *skb, const struct agentsys_event *event);
int agentsys_genl_put_group(struct sk_buff *skb, const struct agentsys_group_status *status);
int agentsys_genl_put_answer(struct sk_buff *skb, const struct agentsys_answer *answer);

#endif /* _AGENTSYS_GENL_PUT_H */
