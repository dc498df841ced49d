// SPDX-License-Identifier: GPL-2.0-only
/*
 * An agent that asks the device about itself and writes down what it heard:
 * device_probe OUT OTHER, with OTHER the id of another agent.
 *
 * Each line is "what: return value" and, where there is one, the text.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/agentsys.h>

static FILE *out;
static int fd;

static int call(unsigned int command, void *arg)
{
	return ioctl(fd, command, arg) < 0 ? -errno : 0;
}

static void whoami(void)
{
	struct agentsys_whoami who = { .size = sizeof(who) };
	int ret = call(AGENTSYS_IOC_WHOAMI, &who);

	fprintf(out, "whoami: %d id=%u pid=%s instance=%u restarts=%u/%u heartbeats=%llu name=%s\n",
		ret, who.agent_id,
		!who.pid ? "none" : who.pid == getpid() ? "mine" : "other", who.instance,
		who.restarts, who.max_restarts, who.heartbeats, who.name);
}

static void heartbeat(void)
{
	struct agentsys_heartbeat beat = { .size = sizeof(beat) };

	fprintf(out, "heartbeat: %d\n", call(AGENTSYS_IOC_HEARTBEAT, &beat));
}

static void info(const char *what, unsigned int id)
{
	char buf[4096] = "";
	struct agentsys_text text = {
		.size = sizeof(text),
		.agent_id = id,
		.buf = (unsigned long)buf,
		.len = sizeof(buf),
	};

	fprintf(out, "%s: %d %s\n", what, call(AGENTSYS_IOC_INFO, &text), buf);
}

static void policy(unsigned int id)
{
	struct agentsys_policy patch = {
		.size = sizeof(patch),
		.agent_id = id,
		.patch = AGENTSYS_PATCH_AUTO_RESTART,
		.value = 9,
	};

	fprintf(out, "policy: %d\n", call(AGENTSYS_IOC_POLICY, &patch));
}

/* As root of namespaces of its own it is still the agent, and still nobody outside them. */
static void in_namespaces(unsigned int other)
{
	int ret = unshare(CLONE_NEWUSER | CLONE_NEWPID);

	fprintf(out, "namespaces: %d\n", ret ? -errno : 0);
	fflush(out);
	if (ret)
		return;
	if (!fork()) {
		whoami();
		info("info-other-ns", other);
		info("info-self-ns", 0);
		policy(other);
		fclose(out);
		_exit(0);
	}
	wait(NULL);
}

static unsigned int own_id(void)
{
	struct agentsys_whoami who = { .size = sizeof(who) };

	call(AGENTSYS_IOC_WHOAMI, &who);
	return who.agent_id;
}

int main(int argc, char **argv)
{
	out = argc == 3 ? fopen(argv[1], "w") : NULL;
	if (!out)
		return 1;
	fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);

	whoami();
	for (int i = 0; i < 3; i++)
		heartbeat();
	whoami();
	info("info-self", 0);
	info("info-own", own_id());
	info("info-other", (unsigned int)atoi(argv[2]));
	info("info-none", 424242);
	policy(own_id());
	/* Its children are the agent too. */
	fflush(out);
	if (!fork()) {
		heartbeat();
		whoami();
		in_namespaces((unsigned int)atoi(argv[2]));
		fprintf(out, "end\n");
		fclose(out);
		for (;;)
			pause();
	}
	for (;;)
		pause();
}
