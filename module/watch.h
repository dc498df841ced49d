/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Being told when a file of an agent's cgroup changes, as poll() would, and
 * reading it then.
 */
#ifndef _AGENTSYS_WATCH_H
#define _AGENTSYS_WATCH_H

#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/wait.h>

/**
 * struct agentsys_watch - one file that is watched
 * @file: the file, open; NULL while nothing is watched
 * @table: collects the queue below
 * @entry: our place in it
 * @queue: the queue of the file's pollers, which lives as long as it is open
 * @changed: what is called, in any context but NMI; it must not sleep
 */
struct agentsys_watch {
	struct file *file;
	poll_table table;
	wait_queue_entry_t entry;
	wait_queue_head_t *queue;
	void (*changed)(struct agentsys_watch *watch);
};

/* Watch @name of the agent @id. May sleep. -ENOENT where there is no such file. */
int agentsys_watch_begin(struct agentsys_watch *watch, u32 id, const char *name,
			 void (*changed)(struct agentsys_watch *watch));

/*
 * The same for a pressure file, of which pollers are told when there is as much as
 * @trigger says.
 */
int agentsys_watch_trigger(struct agentsys_watch *watch, u32 id, const char *name,
			   const char *trigger, void (*changed)(struct agentsys_watch *watch));

/* Was there, since the last time that this was asked? Also of what was not begun: no. */
bool agentsys_watch_fired(struct agentsys_watch *watch);

/* No more calls; none is under way afterwards. Also of what was not begun. May sleep. */
void agentsys_watch_end(struct agentsys_watch *watch);

/* The first bytes of the file, terminated, or a negative errno. May sleep. */
ssize_t agentsys_watch_read(struct agentsys_watch *watch, char *buf, size_t size);

#endif /* _AGENTSYS_WATCH_H */
