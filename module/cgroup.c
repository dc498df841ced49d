// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup.h"

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>

#define PATH_MAX_IN_ROOT 64 /* "<id>/cgroup.freeze" and the like */

/* Nested cgroups that are removed at a time, some 100 us each. */
#define NESTED_AT_ONCE 32

static char *cgroup_mount = "/sys/fs/cgroup";
module_param(cgroup_mount, charp, 0444);
MODULE_PARM_DESC(cgroup_mount, "where cgroup v2 is mounted (default /sys/fs/cgroup)");

static char *cgroup_root = "/agentsys";
module_param(cgroup_root, charp, 0444);
MODULE_PARM_DESC(cgroup_root, "cgroup of all agents, below the mount (default /agentsys)");

/*
 * With whose rights files are opened and directories made: the kernel's, for the
 * supervisor does its work in whatever process happens to call.
 */
static const struct cred *own_cred __ro_after_init;

/* The same, but without CAP_SYS_RESOURCE: see agentsys_cgroup_open_modest(). */
static const struct cred *modest_cred __ro_after_init;

/*
 * What agents can be given, in the order tried. cpuset is left out: it would
 * have to be configured before a process could live below it.
 */
static const char *const wanted[] = { "cpu", "memory", "pids", "io" };

struct cgroup *agentsys_cgroup_root __ro_after_init;

static struct path root __ro_after_init;
static char controllers[32] __ro_after_init; /* all of wanted, and blanks */

static struct file *open_file(const struct path *dir, const char *name, int flags)
{
	const struct cred *old = override_creds(own_cred);
	struct file *file = file_open_root(dir, name, flags, 0);

	revert_creds(old);
	return file;
}

int agentsys_cgroup_write(struct file *file, const char *text)
{
	const struct cred *old = override_creds(own_cred);
	loff_t pos = 0;
	ssize_t ret;

	ret = kernel_write(file, text, strlen(text), &pos);
	revert_creds(old);
	return ret < 0 ? ret : 0;
}

static int write_file(const struct path *dir, const char *name, const char *text)
{
	struct file *file = open_file(dir, name, O_WRONLY);
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = agentsys_cgroup_write(file, text);
	filp_close(file, NULL);
	return ret;
}

ssize_t agentsys_cgroup_read(struct file *file, char *buf, size_t size)
{
	const struct cred *old = override_creds(own_cred);
	loff_t pos = 0;
	ssize_t ret;

	ret = kernel_read(file, buf, size - 1, &pos);
	revert_creds(old);
	buf[ret > 0 ? ret : 0] = '\0';
	return ret;
}

/* The first bytes of a file, terminated. */
static ssize_t read_file(const struct path *dir, const char *name, char *buf, size_t size)
{
	struct file *file = open_file(dir, name, O_RDONLY);
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = agentsys_cgroup_read(file, buf, size);
	filp_close(file, NULL);
	return ret;
}

/*
 * Make @name in @dir; that it is there already is fine. Returns its dentry. Nobody but
 * root may list it: who does holds its lock while the names go to his memory, which may
 * take as long as he likes, and the lock is needed to make and to remove what is in it.
 */
static struct dentry *make_dir(const struct path *dir, const char *name)
{
	struct inode *inode = d_inode(dir->dentry);
	const struct cred *old;
	struct dentry *dentry;
	int ret;

	ret = mnt_want_write(dir->mnt);
	if (ret)
		return ERR_PTR(ret);
	old = override_creds(own_cred);
	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = lookup_one_len(name, dir->dentry, strlen(name));
	if (!IS_ERR(dentry) && d_is_negative(dentry)) {
		ret = vfs_mkdir(compat_mnt_idmap(dir->mnt), inode, dentry, 0711);
		dput(dentry);
		/* kernfs does not fill in the dentry that it was given. */
		dentry = ret ? ERR_PTR(ret) : lookup_one_len(name, dir->dentry, strlen(name));
	}
	inode_unlock(inode);
	revert_creds(old);
	mnt_drop_write(dir->mnt);
	return dentry;
}

static int remove_dir(const struct path *dir, const char *name)
{
	struct inode *inode = d_inode(dir->dentry);
	const struct cred *old;
	struct dentry *dentry;
	int ret;

	ret = mnt_want_write(dir->mnt);
	if (ret)
		return ret;
	old = override_creds(own_cred);
	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = lookup_one_len(name, dir->dentry, strlen(name));
	if (IS_ERR(dentry)) {
		/* Somebody has removed @dir, and so all that was in it. */
		ret = PTR_ERR(dentry) == -ENOENT ? 0 : PTR_ERR(dentry);
	} else {
		if (d_is_positive(dentry))
			ret = vfs_rmdir(compat_mnt_idmap(dir->mnt), inode, dentry);
		dput(dentry);
	}
	inode_unlock(inode);
	revert_creds(old);
	mnt_drop_write(dir->mnt);
	return ret;
}

/**
 * struct first_dir - what readdir() is looked through for
 * @ctx: in its hands
 * @name: the first directory
 * @len: bytes of it, 0 for none
 */
struct first_dir {
	struct dir_context ctx;
	char name[NAME_MAX];
	int len;
};

static bool take_first_dir(struct dir_context *ctx, const char *name, int len, loff_t offset,
			   u64 ino, unsigned int type)
{
	struct first_dir *first = container_of(ctx, struct first_dir, ctx);

	if (type != DT_DIR || len > NAME_MAX || !strncmp(name, "..", len))
		return true;
	memcpy(first->name, name, len);
	first->len = len;
	return false;
}

/* The first cgroup in cgroup @dir, or NULL if there is none. */
static struct dentry *first_child(const struct path *dir)
{
	struct first_dir first = { .ctx.actor = take_first_dir };
	struct file *file = dentry_open(dir, O_RDONLY | O_DIRECTORY, own_cred);
	int ret;

	if (IS_ERR(file))
		return ERR_CAST(file);
	ret = iterate_dir(file, &first.ctx);
	filp_close(file, NULL);
	if (!first.len)
		return ERR_PTR(ret);
	return lookup_positive_unlocked(first.name, dir->dentry, first.len);
}

static void step_to(struct path *path, struct dentry *dentry)
{
	dput(path->dentry);
	path->dentry = dentry;
}

/* Remove @at, which has no cgroups below it, and step to where it was. */
static int remove_and_step_up(struct path *at)
{
	struct path parent = { .mnt = at->mnt, .dentry = dget_parent(at->dentry) };
	char name[NAME_MAX + 1];

	strscpy(name, at->dentry->d_name.name, sizeof(name)); /* cgroups are never renamed */
	step_to(at, parent.dentry);
	return remove_dir(&parent, name);
}

/*
 * Remove every cgroup below @top, deepest first. -EAGAIN: there is more to do
 * than should be done at once.
 */
static int remove_below(const struct path *top)
{
	struct path at = *top;
	struct dentry *child;
	unsigned int left = NESTED_AT_ONCE;
	int ret = 0;

	path_get(&at);
	while (!ret) {
		child = first_child(&at);
		if (!child && at.dentry == top->dentry)
			break;
		if (IS_ERR(child)) {
			ret = PTR_ERR(child);
		} else if (child) {
			step_to(&at, child);
		} else {
			ret = remove_and_step_up(&at);
			if (!ret && !--left)
				ret = -EAGAIN;
		}
	}
	path_put(&at);
	return ret;
}

struct file *agentsys_cgroup_open(u32 id, const char *name, int flags)
{
	char path[PATH_MAX_IN_ROOT];

	snprintf(path, sizeof(path), "%u/%s", id, name);
	return open_file(&root, path, flags);
}

struct file *agentsys_cgroup_open_modest(u32 id, const char *name)
{
	const struct cred *old = override_creds(modest_cred);
	char path[PATH_MAX_IN_ROOT];
	struct file *file;

	snprintf(path, sizeof(path), "%u/%s", id, name);
	file = file_open_root(&root, path, O_RDWR, 0);
	revert_creds(old);
	return file;
}

bool agentsys_cgroup_has_pressure(void)
{
	struct file *file = open_file(&root, "cpu.pressure", O_RDONLY);

	if (IS_ERR(file))
		return false;
	filp_close(file, NULL);
	return true;
}

static int write_agent_file(u32 id, const char *name, const char *text)
{
	char path[PATH_MAX_IN_ROOT];

	snprintf(path, sizeof(path), "%u/%s", id, name);
	return write_file(&root, path, text);
}

static int write_agent_u64(u32 id, const char *name, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	return write_agent_file(id, name, text);
}

int agentsys_cgroup_make(u32 id)
{
	struct dentry *dentry;
	char name[12];

	snprintf(name, sizeof(name), "%u", id);
	dentry = make_dir(&root, name);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	dput(dentry);
	return 0;
}

/* It frees memory, so it may use what is kept for that, and is charged to nobody's limit. */
int agentsys_cgroup_kill(u32 id)
{
	unsigned int flags = memalloc_noreclaim_save();
	int ret = write_agent_file(id, "cgroup.kill", "1");

	memalloc_noreclaim_restore(flags);
	return ret;
}

int agentsys_cgroup_freeze(u32 id, bool freeze)
{
	return write_agent_file(id, "cgroup.freeze", freeze ? "1" : "0");
}

int agentsys_cgroup_move(u32 id, pid_t pid)
{
	return write_agent_u64(id, "cgroup.procs", pid);
}

/* The number behind @key in a file of an agent; 0 where there is none. */
static u64 read_agent_u64(u32 id, const char *name, const char *key)
{
	char path[PATH_MAX_IN_ROOT];
	char text[64];
	size_t skip = strlen(key);
	u64 value;

	snprintf(path, sizeof(path), "%u/%s", id, name);
	if (read_file(&root, path, text, sizeof(text)) < 0 || strncmp(text, key, skip))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return kstrtou64(text + skip, 10, &value) ? 0 : value;
}

u64 agentsys_cgroup_cpu_us(u32 id)
{
	return read_agent_u64(id, "cpu.stat", "usage_usec ");
}

u64 agentsys_cgroup_memory(u32 id)
{
	return read_agent_u64(id, "memory.current", "");
}

u64 agentsys_cgroup_u64(u32 id, const char *name)
{
	return read_agent_u64(id, name, "");
}

u64 agentsys_cgroup_number(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *line = text;
	char digits[24];
	u64 n;

	while (strncmp(line, key, len) || line[len] != ' ') {
		line = strchr(line, '\n');
		if (!line)
			return 0;
		line++;
	}
	line += len + 1;
	len = strcspn(line, "\n");
	if (len >= sizeof(digits))
		return 0;
	memcpy(digits, line, len);
	digits[len] = '\0';
	return kstrtou64(digits, 10, &n) ? 0 : n;
}

ssize_t agentsys_cgroup_text(u32 id, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX_IN_ROOT];

	snprintf(path, sizeof(path), "%u/%s", id, name);
	return read_file(&root, path, buf, size);
}

ssize_t agentsys_cgroup_top_text(const char *name, char *buf, size_t size)
{
	const struct path top = { .mnt = root.mnt, .dentry = root.mnt->mnt_root };

	return read_file(&top, name, buf, size);
}

static int remove_nested(const char *name)
{
	struct path top = { .mnt = root.mnt };
	const struct cred *old = override_creds(own_cred);
	int ret;

	top.dentry = lookup_positive_unlocked(name, root.dentry, strlen(name));
	ret = PTR_ERR_OR_ZERO(top.dentry);
	if (!ret) {
		ret = remove_below(&top);
		dput(top.dentry);
	}
	revert_creds(old);
	return ret;
}

int agentsys_cgroup_remove(u32 id)
{
	char name[12];
	int ret;

	snprintf(name, sizeof(name), "%u", id);
	ret = remove_dir(&root, name);
	if (ret != -EBUSY || !read_agent_u64(id, "cgroup.stat", "nr_descendants "))
		return ret;
	ret = remove_nested(name);
	return ret ?: remove_dir(&root, name);
}

struct file *agentsys_cgroup_open_root(void)
{
	return dentry_open(&root, O_RDONLY | O_DIRECTORY, own_cred);
}

const char *agentsys_cgroup_root_path(void)
{
	return cgroup_root;
}

const char *agentsys_cgroup_controllers(void)
{
	return controllers;
}

static bool word_in(const char *text, const char *word)
{
	size_t len = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word))) {
		if ((at == text || isspace(at[-1])) && (!at[len] || isspace(at[len])))
			return true;
		at += len;
	}
	return false;
}

bool agentsys_cgroup_controls(const char *controller)
{
	return word_in(controllers, controller);
}

/* Hand the controllers of @dir down to its children, as far as it has them. */
static void __init enable_controllers(const struct path *dir)
{
	char text[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		snprintf(text, sizeof(text), "+%s", wanted[i]);
		/* One that is missing is shown by "asmctl doctor", and matters to limits only. */
		write_file(dir, "cgroup.subtree_control", text);
	}
}

static int __init list_controllers(void)
{
	char text[160];
	unsigned int i;
	ssize_t ret;

	ret = read_file(&root, "cgroup.subtree_control", text, sizeof(text));
	if (ret < 0)
		return ret;
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!word_in(text, wanted[i]))
			continue;
		if (controllers[0])
			strlcat(controllers, " ", sizeof(controllers));
		strlcat(controllers, wanted[i], sizeof(controllers));
	}
	return 0;
}

/*
 * The hierarchy is used where somebody mounted it: a mount of our own would
 * reset the mount options (nsdelegate, memory_recursiveprot), which cgroup v2
 * keeps for the whole system.
 */
static int __init find_mount(struct path *mount)
{
	int ret = kern_path(cgroup_mount, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, mount);

	if (!ret && mount->dentry->d_sb->s_magic != CGROUP2_SUPER_MAGIC) {
		path_put(mount);
		ret = -ENODEV;
	}
	if (ret)
		pr_err("no cgroup v2 at cgroup_mount=%s: mount it (mount -t cgroup2 none %s) or say where it is\n",
		       cgroup_mount, cgroup_mount);
	return ret;
}

/* Stays behind where somebody else put something into it. */
static void remove_root(void)
{
	struct path parent = { .mnt = root.mnt, .dentry = dget_parent(root.dentry) };
	char name[64];

	if (strscpy(name, root.dentry->d_name.name, sizeof(name)) > 0)
		remove_dir(&parent, name);
	dput(parent.dentry);
}

/* Walk down cgroup_root, making what is missing, and leave @path at its end. */
static int __init walk(struct path *path)
{
	char *names, *rest, *name;
	struct dentry *dentry;
	int ret = 0;

	rest = names = kstrdup(cgroup_root, GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	while ((name = strsep(&rest, "/"))) {
		if (!*name)
			continue;
		enable_controllers(path);
		dentry = make_dir(path, name); /* refuses "." and ".." */
		if (IS_ERR(dentry)) {
			ret = PTR_ERR(dentry);
			/* It may have been made all the same, and not be found. */
			remove_dir(path, name);
			break;
		}
		dput(path->dentry);
		path->dentry = dentry;
	}
	kfree(names);
	return ret;
}

static int __init make_creds(void)
{
	struct cred *cred = prepare_kernel_cred(&init_task);

	if (!cred)
		return -ENOMEM;
	cap_lower(cred->cap_effective, CAP_SYS_RESOURCE);
	modest_cred = cred;
	own_cred = prepare_kernel_cred(&init_task);
	return own_cred ? 0 : -ENOMEM;
}

static void put_creds(void)
{
	put_cred(own_cred);
	put_cred(modest_cred);
}

int __init agentsys_cgroup_init(void)
{
	struct cgroup *cgroup;
	int ret;

	ret = make_creds();
	if (ret)
		goto err_put_creds;
	ret = find_mount(&root);
	if (ret)
		goto err_put_creds;
	ret = walk(&root);
	if (!ret && root.dentry == root.mnt->mnt_root)
		ret = -EINVAL; /* every process of the system would be an agent */
	if (ret) {
		pr_err("cannot make the cgroup %s%s: error %d\n", cgroup_mount, cgroup_root, ret);
		goto err_put_path;
	}
	enable_controllers(&root);
	ret = list_controllers();
	if (ret)
		goto err_remove;

	cgroup = cgroup_get_from_path(cgroup_root);
	if (IS_ERR(cgroup)) {
		ret = PTR_ERR(cgroup);
		goto err_remove;
	}
	/* A mount that shows only a part of the hierarchy leads elsewhere than it says. */
	if (cgroup_ino(cgroup) != d_inode(root.dentry)->i_ino) {
		pr_err("%s is not mounted at the root of cgroup v2\n", cgroup_mount);
		ret = -EINVAL;
		goto err_put_cgroup;
	}
	agentsys_cgroup_root = cgroup;
	return 0;

err_put_cgroup:
	cgroup_put(cgroup);
err_remove:
	remove_root();
err_put_path:
	path_put(&root);
err_put_creds:
	put_creds();
	return ret;
}

void agentsys_cgroup_exit(void)
{
	cgroup_put(agentsys_cgroup_root);
	remove_root();
	path_put(&root);
	put_creds();
}
