// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that wants to control others: trespass WAY N, with WAY device, netlink, or
 * namespace: by the device, as root of a namespace of its own. For the
 * first byte on standard input it asks N times, and for each one after that once; then
 * it says on standard output what the last call came to, and waits for the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/agentsys.h>
#include <libasm.h>

static int by_device(void)
{
	struct agentsys_policy patch = {
		.size = sizeof(patch),
		.agent_id = 1,
		.patch = AGENTSYS_PATCH_AUTO_RESTART,
		.value = 9,
	};
	static int fd = -1;

	if (fd < 0)
		fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);
	return ioctl(fd, AGENTSYS_IOC_POLICY, &patch) ? -errno : 0;
}

static int by_netlink(void)
{
	static struct agentsys *h;

	if (!h && agentsys_open(&h))
		_exit(121);
	return agentsys_kill(h, 1, 0);
}

int main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[2]) : 0, ret = 0;
	char byte;

	if (!strcmp(argv[1], "namespace") && unshare(CLONE_NEWUSER))
		return 77;
	puts("ready");
	for (fflush(stdout); read(0, &byte, 1) == 1; fflush(stdout)) {
		do
			ret = strcmp(argv[1], "netlink") ? by_device() : by_netlink();
		while (--n > 0);
		puts(ret ? strerrorname_np(-ret) : "done");
	}
	pause();
}
