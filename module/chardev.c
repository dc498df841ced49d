// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caller is who the kernel says it is, never who the request says. An open
 * file holds the module.
 */
#include "chardev.h"

#include <linux/agentsys.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/uaccess.h>

#include "agent.h"
#include "launch.h"
#include "liveness.h"
#include "registry.h"
#include "report.h"
#include "supervisor.h"
#include "uarg.h"
#include "usage.h"
#include "violation.h"

/* No more than the caller knows; it may have changed its mind about @size meanwhile. */
static int put_struct(void __user *uarg, const void *arg, size_t ksize, u32 size)
{
	return copy_to_user(uarg, arg, min_t(size_t, size, ksize)) ? -EFAULT : 0;
}

static long version_call(void __user *uarg)
{
	struct agentsys_version version = {
		.size = sizeof(version),
		.abi = AGENTSYS_ABI_VERSION,
	};
	u32 size;

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	strscpy(version.release, THIS_MODULE->version ?: "", sizeof(version.release));
	return put_struct(uarg, &version, sizeof(version), size ?: sizeof(version));
}

/* Memory outside user space is refused at once, what is not mapped there when it is written. */
static int get_text(struct agentsys_text *text, void __user *uarg)
{
	int ret = agentsys_get_arg(text, uarg);

	if (ret)
		return ret;
	text->len = min_t(u64, text->len, INT_MAX);
	return access_ok(u64_to_user_ptr(text->buf), text->len) ? 0 : -EFAULT;
}

/* Tell the length, which is known and of use only if the text was made. */
static long put_text(struct agentsys_text __user *utext, u64 len, ssize_t ret)
{
	if (ret >= 0 || ret == -EMSGSIZE) {
		if (put_user(len, &utext->len))
			return -EFAULT;
	}
	return ret;
}

static long telemetry_call(void __user *uarg)
{
	struct agentsys_text text;
	ssize_t ret;

	ret = get_text(&text, uarg);
	if (ret)
		return ret;
	if (text.agent_id)
		return -EINVAL;
	ret = agentsys_report_telemetry(u64_to_user_ptr(text.buf), &text.len);
	return put_text(uarg, text.len, ret);
}

static long info_call(void __user *uarg)
{
	struct agentsys_agent *own, *agent;
	struct agentsys_text text;
	ssize_t ret;

	ret = get_text(&text, uarg);
	if (ret)
		return ret;

	own = agentsys_registry_get_by_task(current);
	if (text.agent_id)
		agent = agentsys_registry_get(text.agent_id);
	else
		agent = own ? agentsys_agent_get(own) : NULL;

	if (!agent)
		ret = -ESRCH;
	else if (agent != own && !capable(CAP_SYS_ADMIN))
		ret = -EPERM;
	else
		ret = agentsys_report_info(agent, u64_to_user_ptr(text.buf), &text.len);

	if (agent)
		agentsys_agent_put(agent);
	if (own)
		agentsys_agent_put(own);
	return put_text(uarg, text.len, ret);
}

static long policy_call(void __user *uarg)
{
	struct agentsys_policy policy;
	struct agentsys_agent *agent;
	int ret;

	ret = agentsys_get_arg(&policy, uarg);
	if (ret)
		return ret;
	if (policy.flags)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN)) {
		agentsys_violation_refused();
		return -EPERM;
	}

	switch (policy.patch) {
	case AGENTSYS_PATCH_AUTO_RESTART:
		if (policy.value > S32_MAX)
			return -EINVAL;
		return agentsys_set_auto_restart(policy.agent_id, policy.value);
	case AGENTSYS_PATCH_ADD_CAPABILITY:
	case AGENTSYS_PATCH_REMOVE_CAPABILITY:
	case AGENTSYS_PATCH_UPDATE_SCOPE:
		agent = agentsys_registry_get(policy.agent_id);
		if (!agent)
			return -ESRCH;
		agentsys_agent_put(agent);
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

/* A pid of the initial namespace as the caller sees it, 0 if it does not. */
static pid_t pid_for_caller(pid_t nr)
{
	struct pid *pid;
	pid_t seen = 0;

	rcu_read_lock();
	pid = find_pid_ns(nr, &init_pid_ns);
	if (pid)
		seen = pid_vnr(pid);
	rcu_read_unlock();
	return seen;
}

static void fill_whoami(struct agentsys_whoami *whoami, struct agentsys_agent *agent)
{
	struct agentsys_status status;

	agentsys_agent_status(agent, &status);
	*whoami = (struct agentsys_whoami){
		.size = sizeof(*whoami),
		.agent_id = agent->id,
		.pid = pid_for_caller(status.pid),
		.instance = status.instance,
		.restarts = status.restarts,
		.max_restarts = status.policy.max_restarts,
		.heartbeats = atomic64_read(&agent->heartbeats),
	};
	strscpy(whoami->name, agent->name, sizeof(whoami->name));
}

static long whoami_call(void __user *uarg)
{
	struct agentsys_agent *agent;
	struct agentsys_whoami whoami;
	u32 size;
	int ret;

	ret = agentsys_get_arg(&whoami, uarg);
	if (ret)
		return ret;
	size = whoami.size;
	agent = agentsys_registry_get_by_task(current);
	if (!agent)
		return -ESRCH;
	fill_whoami(&whoami, agent);
	agentsys_agent_put(agent);
	return put_struct(uarg, &whoami, sizeof(whoami), size);
}

static long heartbeat_call(void __user *uarg)
{
	struct agentsys_heartbeat heartbeat;
	struct agentsys_agent *agent;
	int ret;

	ret = agentsys_get_arg(&heartbeat, uarg);
	if (ret)
		return ret;
	if (heartbeat.flags & ~AGENTSYS_HEARTBEAT_TRIGGER)
		return -EINVAL;

	rcu_read_lock();
	agent = agentsys_registry_of_task(current);
	if (agent && heartbeat.flags & AGENTSYS_HEARTBEAT_TRIGGER)
		agentsys_liveness_trigger(agent);
	else if (agent)
		agentsys_liveness_beat(agent);
	rcu_read_unlock();
	return agent ? 0 : -ESRCH;
}

static long use_call(void __user *uarg)
{
	struct agentsys_agent *agent;
	struct agentsys_use use;
	int ret;

	ret = agentsys_get_arg(&use, uarg);
	if (ret)
		return ret;
	if (use.flags)
		return -EINVAL;
	agent = agentsys_registry_get_by_task(current);
	if (!agent)
		return -ESRCH;
	ret = agentsys_usage_report(agent, use.messages, use.tool_calls);
	agentsys_agent_put(agent);
	return ret;
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case AGENTSYS_IOC_VERSION:
		return version_call(uarg);
	case AGENTSYS_IOC_TELEMETRY:
		return telemetry_call(uarg);
	case AGENTSYS_IOC_POLICY:
		return policy_call(uarg);
	case AGENTSYS_IOC_INFO:
		return info_call(uarg);
	case AGENTSYS_IOC_WHOAMI:
		return whoami_call(uarg);
	case AGENTSYS_IOC_HEARTBEAT:
		return heartbeat_call(uarg);
	case AGENTSYS_IOC_USE:
		return use_call(uarg);
	case AGENTSYS_IOC_LAUNCH_JOIN:
	case AGENTSYS_IOC_LAUNCH_NEXT:
	case AGENTSYS_IOC_LAUNCH_COMMIT:
	case AGENTSYS_IOC_LAUNCH_FAIL:
		return agentsys_launch_ioctl(file, _IOC_NR(cmd), uarg);
	default:
		return -ENOTTY;
	}
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct agentsys_agent *agent;
	struct page *page;
	int ret;

	if (vma->vm_pgoff != AGENTSYS_LIVE_OFFSET >> PAGE_SHIFT || vma_pages(vma) != 1 ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC || !(vma->vm_flags & VM_SHARED))
		return -EACCES;
	agent = agentsys_registry_get_by_task(current);
	if (!agent)
		return -ESRCH;
	page = agentsys_liveness_page(agent);
	agentsys_agent_put(agent);
	if (IS_ERR(page))
		return PTR_ERR(page);
	compat_vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	/* The mapping has a reference of its own, and the file, which holds the module. */
	ret = vm_insert_page(vma, vma->vm_start, page);
	put_page(page);
	return ret;
}

static int device_open(struct inode *inode, struct file *file)
{
	/* Of the launcher from here on; the misc layer left its own pointer. */
	file->private_data = NULL;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	agentsys_launch_release(file);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.mmap = device_mmap,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "agentsys",
	.mode = 0666,
	.fops = &device_fops,
};

int __init agentsys_chardev_init(void)
{
	return misc_register(&device);
}

void agentsys_chardev_exit(void)
{
	misc_deregister(&device);
}
