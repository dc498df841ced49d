/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agents' cgroups: <cgroup_root>/<agent id> in the cgroup v2 hierarchy.
 *
 * Files are read and written as user space would: they are a stable interface,
 * the controllers' internals are not. All of it may sleep.
 */
#ifndef _AGENTSYS_CGROUP_H
#define _AGENTSYS_CGROUP_H

#include <linux/cgroup.h>
#include <linux/types.h>

/* Find the v2 mount, make the root and enable controllers in it. */
int agentsys_cgroup_init(void);
void agentsys_cgroup_exit(void);

/* The root of all agents; read-only after init. */
extern struct cgroup *agentsys_cgroup_root __ro_after_init;

/* A descriptor of the root's directory for the launcher. */
struct file *agentsys_cgroup_open_root(void);

/* Path of the root below the mount, and the controllers the agents have. */
const char *agentsys_cgroup_root_path(void);
const char *agentsys_cgroup_controllers(void);

/* Do agents have this one? */
bool agentsys_cgroup_controls(const char *controller);

int agentsys_cgroup_make(u32 id);

/*
 * Remove it, and cgroups that the agent made in it. -EBUSY while a process lives
 * there, -EAGAIN where there are so many that it takes several calls.
 */
int agentsys_cgroup_remove(u32 id);

int agentsys_cgroup_kill(u32 id); /* SIGKILL to everything in it */
int agentsys_cgroup_freeze(u32 id, bool freeze);
int agentsys_cgroup_move(u32 id, pid_t pid); /* initial pid namespace */
u64 agentsys_cgroup_cpu_us(u32 id);	     /* 0 if there is none */
u64 agentsys_cgroup_memory(u32 id);

/* The number that a file of its cgroup holds; 0 if there is none, or it says "max". */
u64 agentsys_cgroup_u64(u32 id, const char *name);

/* The first bytes of a file of it, terminated. */
ssize_t agentsys_cgroup_text(u32 id, const char *name, char *buf, size_t size);

/* The same of the hierarchy's own root. */
ssize_t agentsys_cgroup_top_text(const char *name, char *buf, size_t size);

/* The number behind @key in lines of a key and a number; 0 if it is not there. */
u64 agentsys_cgroup_number(const char *text, const char *key);

/* Open a file of it, O_RDONLY or O_WRONLY. */
struct file *agentsys_cgroup_open(u32 id, const char *name, int flags);

/*
 * The same, to write to it as well, as somebody without CAP_SYS_RESOURCE: for a trigger
 * of his in a pressure file no thread of the kernel's is started.
 */
struct file *agentsys_cgroup_open_modest(u32 id, const char *name);

/* Does this kernel measure pressure (PSI)? */
bool agentsys_cgroup_has_pressure(void);

/* Read it, once or more often: the first bytes, terminated. */
ssize_t agentsys_cgroup_read(struct file *file, char *buf, size_t size);

int agentsys_cgroup_write(struct file *file, const char *text);

/*
 * The agent's cgroup that @task lives in or below, or NULL. A few loads, the
 * same for one agent as for many. RCU read side, any context.
 */
static inline struct cgroup *agentsys_cgroup_of(struct task_struct *task)
{
	struct cgroup *cgroup = task_dfl_cgroup(task);

	if (!cgroup_is_descendant(cgroup, agentsys_cgroup_root))
		return NULL;
	return cgroup_ancestor(cgroup, agentsys_cgroup_root->level + 1);
}

#endif /* _AGENTSYS_CGROUP_H */
