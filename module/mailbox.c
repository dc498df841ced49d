// SPDX-License-Identifier: GPL-2.0-only
#include "mailbox.h"

#include <linux/llist.h>

DEFINE_MUTEX(agentsys_lock);
struct workqueue_struct *agentsys_wq;

static LLIST_HEAD(mailbox);
static void (*handle_mail)(struct agentsys_agent *agent, unsigned long mail);

static void drain_work(struct work_struct *work)
{
	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	mutex_unlock(&agentsys_lock);
}

static DECLARE_WORK(mailbox_work, drain_work);
static DECLARE_DELAYED_WORK(late_work, drain_work);

/* Was it put into the mailbox, by this call? */
static bool put(struct agentsys_agent *agent, enum agentsys_mail mail)
{
	/* Orders what the message tells before the bit that announces it. */
	smp_mb__before_atomic();
	set_bit(mail, &agent->mail);
	if (test_and_set_bit(AGENTSYS_MAIL_QUEUED, &agent->mail))
		return false; /* whoever queued it has not been handled yet */
	if (!refcount_inc_not_zero(&agent->refs))
		return false; /* being freed: nobody cares any more */
	llist_add(&agent->mail_node, &mailbox);
	return true;
}

void agentsys_mail_post(struct agentsys_agent *agent, enum agentsys_mail mail)
{
	put(agent, mail);
	/* What is there already may have been left for later. */
	queue_work(agentsys_wq, &mailbox_work);
}

void agentsys_mail_post_soon(struct agentsys_agent *agent, enum agentsys_mail mail)
{
	if (put(agent, mail))
		queue_delayed_work(agentsys_wq, &late_work, 1);
}

bool agentsys_mail_pending(void)
{
	return !llist_empty(&mailbox);
}

void agentsys_mail_drain(void)
{
	struct llist_node *list;

	lockdep_assert_held(&agentsys_lock);

	while ((list = llist_del_all(&mailbox))) {
		struct agentsys_agent *agent, *next;

		llist_for_each_entry_safe(agent, next, llist_reverse_order(list), mail_node) {
			unsigned long mail;

			/*
			 * All bits at once, QUEUED among them: a message that
			 * comes after this queues the record anew.
			 */
			mail = xchg(&agent->mail, 0) & ~BIT(AGENTSYS_MAIL_QUEUED);
			handle_mail(agent, mail);
			agentsys_agent_put(agent);
		}
	}
}

int agentsys_mailbox_init(void (*handle)(struct agentsys_agent *agent, unsigned long mail))
{
	handle_mail = handle;
	/*
	 * High priority: a restart waits for this and for nothing else. Freezable:
	 * no timeout is held against agents that are frozen for a suspend.
	 */
	agentsys_wq =
		alloc_ordered_workqueue("agentsys", WQ_HIGHPRI | WQ_MEM_RECLAIM | WQ_FREEZABLE);
	return agentsys_wq ? 0 : -ENOMEM;
}

void agentsys_mailbox_exit(void)
{
	cancel_delayed_work_sync(&late_work);
	destroy_workqueue(agentsys_wq);
}
