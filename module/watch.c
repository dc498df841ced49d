// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include <linux/err.h>
#include <linux/fcntl.h>

#include "cgroup.h"

static int wake(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	struct agentsys_watch *watch = container_of(entry, struct agentsys_watch, entry);

	watch->changed(watch);
	return 0;
}

static void enqueue(struct file *file, wait_queue_head_t *queue, poll_table *table)
{
	struct agentsys_watch *watch = container_of(table, struct agentsys_watch, table);

	/* There is one place in one queue. */
	if (WARN_ON_ONCE(watch->queue))
		return;
	watch->queue = queue;
	add_wait_queue(queue, &watch->entry);
}

/* Takes over @file. */
static int begin(struct agentsys_watch *watch, struct file *file,
		 void (*changed)(struct agentsys_watch *watch))
{
	watch->file = file;
	watch->queue = NULL;
	watch->changed = changed;
	init_waitqueue_func_entry(&watch->entry, wake);
	init_poll_funcptr(&watch->table, enqueue);
	vfs_poll(file, &watch->table);
	if (watch->queue)
		return 0;
	/* The cgroup is being removed. */
	agentsys_watch_end(watch);
	return -ENODEV;
}

int agentsys_watch_begin(struct agentsys_watch *watch, u32 id, const char *name,
			 void (*changed)(struct agentsys_watch *watch))
{
	struct file *file = agentsys_cgroup_open(id, name, O_RDONLY);

	return IS_ERR(file) ? PTR_ERR(file) : begin(watch, file, changed);
}

int agentsys_watch_trigger(struct agentsys_watch *watch, u32 id, const char *name,
			   const char *trigger, void (*changed)(struct agentsys_watch *watch))
{
	struct file *file = agentsys_cgroup_open_modest(id, name);
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = agentsys_cgroup_write(file, trigger);
	if (!ret)
		return begin(watch, file, changed);
	filp_close(file, NULL);
	return ret;
}

bool agentsys_watch_fired(struct agentsys_watch *watch)
{
	return watch->file && vfs_poll(watch->file, NULL) & EPOLLPRI;
}

void agentsys_watch_end(struct agentsys_watch *watch)
{
	if (!watch->file)
		return;
	/* A call under way has the queue's lock. */
	if (watch->queue)
		remove_wait_queue(watch->queue, &watch->entry);
	watch->queue = NULL;
	filp_close(watch->file, NULL);
	watch->file = NULL;
}

ssize_t agentsys_watch_read(struct agentsys_watch *watch, char *buf, size_t size)
{
	if (!watch->file)
		return -EBADF;
	return agentsys_cgroup_read(watch->file, buf, size);
}
