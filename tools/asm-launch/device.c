// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <fcntl.h>

#include "sys.h"

static int device;

int device_join(void)
{
	struct agentsys_launch_join join = { .size = sizeof(join) };

	device = sys(__NR_openat, AT_FDCWD, AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		return device;
	return sys(__NR_ioctl, device, AGENTSYS_IOC_LAUNCH_JOIN, &join);
}

int device_next(void *buf)
{
	struct agentsys_launch_next next = {
		.size = sizeof(next),
		.buf = (__u64)buf,
		.len = AGENTSYS_SPEC_MAX,
	};

	return sys(__NR_ioctl, device, AGENTSYS_IOC_LAUNCH_NEXT, &next);
}

int device_commit(__u64 token)
{
	struct agentsys_launch_result result = {
		.size = sizeof(result),
		.token = token,
	};

	return sys(__NR_ioctl, device, AGENTSYS_IOC_LAUNCH_COMMIT, &result);
}

void device_fail(__u64 token, enum agentsys_step step, int error)
{
	struct agentsys_launch_result result = {
		.size = sizeof(result),
		.step = step,
		.token = token,
		.error = error,
	};

	/* Given up meanwhile, or the module will notice the child's end. */
	sys(__NR_ioctl, device, AGENTSYS_IOC_LAUNCH_FAIL, &result);
}
