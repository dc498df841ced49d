// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentsys - Agent Supervision Module: ordered start and reverse unwind.
 */
#include <linux/module.h>

#include "cgroup.h"
#include "chardev.h"
#include "escape.h"
#include "flood.h"
#include "genl.h"
#include "hook.h"
#include "launch.h"
#include "lifecycle.h"
#include "power.h"
#include "procfs.h"
#include "supervisor.h"
#include "telemetry.h"

static int __init agentsys_init(void)
{
	int ret;

	ret = agentsys_telemetry_init();
	if (ret)
		return ret;
	ret = agentsys_cgroup_init();
	if (ret)
		goto err_telemetry;
	ret = agentsys_hook_init();
	if (ret)
		goto err_cgroup;
	ret = agentsys_supervisor_init();
	if (ret)
		goto err_hook;
	ret = agentsys_launch_init();
	if (ret)
		goto err_supervisor;
	ret = agentsys_lifecycle_init();
	if (ret)
		goto err_launch;
	agentsys_escape_init();
	ret = agentsys_power_init();
	if (ret)
		goto err_escape;
	/* From here on users can reach it. */
	ret = agentsys_chardev_init();
	if (ret)
		goto err_power;
	ret = agentsys_procfs_init();
	if (ret)
		goto err_chardev;
	ret = agentsys_genl_init();
	if (ret)
		goto err_procfs;

	pr_info("Agent Supervision Module initialized\n");
	return 0;

err_procfs:
	agentsys_procfs_exit();
err_chardev:
	agentsys_chardev_exit();
err_power:
	agentsys_power_exit();
err_escape:
	agentsys_escape_exit();
	agentsys_lifecycle_exit();
err_launch:
	agentsys_launch_exit();
err_supervisor:
	agentsys_supervisor_exit();
err_hook:
	agentsys_hook_exit();
err_cgroup:
	agentsys_cgroup_exit();
err_telemetry:
	agentsys_telemetry_exit();
	return ret;
}

/* Nobody has the device open and no agent lives: each of them holds the module. */
static void __exit agentsys_exit(void)
{
	agentsys_genl_exit();
	agentsys_procfs_exit();
	agentsys_chardev_exit();
	agentsys_power_exit();
	agentsys_escape_exit();
	agentsys_lifecycle_exit();
	agentsys_launch_exit();
	agentsys_supervisor_exit();
	agentsys_hook_exit();
	agentsys_flood_exit();
	agentsys_cgroup_exit();
	agentsys_telemetry_exit();
}

module_init(agentsys_init);
module_exit(agentsys_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The agentsys authors");
MODULE_DESCRIPTION("Agent Supervision Module");
MODULE_VERSION("1.0.0");
