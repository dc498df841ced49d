// SPDX-License-Identifier: LGPL-2.1-only
/* The agents' half: ioctls on /dev/agentsys. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libasm.h"

/* Fits the text of most; the module says when it does not. */
#define FIRST_TEXT 8192

int agentsys_device_open(void)
{
	int fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* On @fd, or on the device opened for this one call. */
static int call(int fd, unsigned long command, void *arg)
{
	int own = -1;
	int ret;

	if (fd < 0) {
		fd = own = agentsys_device_open();
		if (own < 0)
			return own;
	}
	ret = ioctl(fd, command, arg);
	if (ret < 0)
		ret = -errno;
	if (own >= 0)
		close(own);
	return ret;
}

int agentsys_module_version(int fd, struct agentsys_version *version)
{
	return call(fd, AGENTSYS_IOC_VERSION, version);
}

int agentsys_whoami(int fd, struct agentsys_whoami *who)
{
	return call(fd, AGENTSYS_IOC_WHOAMI, who);
}

int agentsys_heartbeat(int fd)
{
	struct agentsys_heartbeat arg = { .size = sizeof(arg) };

	return call(fd, AGENTSYS_IOC_HEARTBEAT, &arg);
}

int agentsys_trigger(int fd)
{
	struct agentsys_heartbeat arg = {
		.size = sizeof(arg),
		.flags = AGENTSYS_HEARTBEAT_TRIGGER,
	};

	return call(fd, AGENTSYS_IOC_HEARTBEAT, &arg);
}

int agentsys_pulse_open(int fd, struct agentsys_pulse **pulse)
{
	size_t size = sysconf(_SC_PAGESIZE);
	int own = -1;
	void *page;

	*pulse = NULL;
	if (fd < 0) {
		fd = own = agentsys_device_open();
		if (own < 0)
			return own;
	}
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, AGENTSYS_LIVE_OFFSET);
	if (page == MAP_FAILED)
		fd = -errno;
	if (own >= 0)
		close(own);
	if (page == MAP_FAILED)
		return fd;
	*pulse = page;
	return 0;
}

/* The struct is the page. */
void agentsys_pulse_beat(struct agentsys_pulse *pulse)
{
	struct agentsys_live_page *page = (struct agentsys_live_page *)pulse;

	__atomic_fetch_add(&page->beats, 1, __ATOMIC_RELAXED);
}

void agentsys_pulse_close(struct agentsys_pulse *pulse)
{
	if (pulse)
		munmap(pulse, sysconf(_SC_PAGESIZE));
}

int agentsys_use(int fd, uint64_t messages, uint64_t tool_calls)
{
	struct agentsys_use arg = {
		.size = sizeof(arg),
		.messages = messages,
		.tool_calls = tool_calls,
	};

	return call(fd, AGENTSYS_IOC_USE, &arg);
}

int agentsys_patch_policy(int fd, uint32_t id, enum agentsys_patch patch, uint64_t value)
{
	struct agentsys_policy arg = {
		.size = sizeof(arg),
		.agent_id = id,
		.patch = patch,
		.value = value,
	};

	return call(fd, AGENTSYS_IOC_POLICY, &arg);
}

/* What is needed may grow between one attempt and the next. */
static ssize_t get_text(int fd, unsigned long command, uint32_t id, char **text)
{
	struct agentsys_text arg = { .size = sizeof(arg), .agent_id = id, .len = FIRST_TEXT };
	char *buf = NULL;
	int ret;

	*text = NULL;
	do {
		char *bigger = realloc(buf, arg.len);

		if (!bigger) {
			free(buf);
			return -ENOMEM;
		}
		buf = bigger;
		arg.buf = (uintptr_t)buf;
		ret = call(fd, command, &arg);
	} while (ret == -EMSGSIZE);

	if (ret < 0) {
		free(buf);
		return ret;
	}
	*text = buf;
	return ret;
}

ssize_t agentsys_telemetry(int fd, char **text)
{
	return get_text(fd, AGENTSYS_IOC_TELEMETRY, 0, text);
}

ssize_t agentsys_info_text(int fd, uint32_t id, char **text)
{
	return get_text(fd, AGENTSYS_IOC_INFO, id, text);
}
