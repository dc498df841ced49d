// SPDX-License-Identifier: GPL-2.0-only
/*
 * asm-container - an agent's program in an OCI container.
 *
 * It becomes the OCI runtime, which is then the agent's main process: it passes signals on
 * to the container's first process and ends as that does. All of it is inside the agent's
 * cgroup, so limits, kill and metering hold for everything in the container, and nothing
 * has to know that there is one.
 *
 * What the runtime writes down about the container is in a tmpfs of a mount namespace of
 * its own: it is gone when the runtime is, however that ends, so a restart finds nothing
 * in its way and nobody has to clean up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/agentsys.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "podman.h"
#include "settings.h"

#define STATE  "/run/agentsys-container" /* where the tmpfs is mounted */
#define CONFIG STATE "/config.json"
#define PATH   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

/* "agent-1000", or "agent" if it is none. */
static void get_name(char *name, size_t size)
{
	struct agentsys_whoami who = { .size = sizeof(who) };
	int fd = open(AGENTSYS_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0 && !ioctl(fd, AGENTSYS_IOC_WHOAMI, &who))
		snprintf(name, size, "agent-%u", who.agent_id);
	else
		snprintf(name, size, "agent");
	if (fd >= 0)
		close(fd);
}

/* What is unmounted elsewhere is still to be unmounted here: no disk is kept busy. */
static void make_state(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		give_up("cannot have mounts of its own: %s", strerror(errno));
	if (mkdir(STATE, 0700) && errno != EEXIST)
		give_up("cannot make %s: %s", STATE, strerror(errno));
	if (mount("agentsys", STATE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700"))
		give_up("cannot mount a tmpfs on %s: %s", STATE, strerror(errno));
}

static void write_config(const struct settings *settings)
{
	struct json_object *config = config_make(settings);

	if (json_object_to_file_ext(CONFIG, config, JSON_C_TO_STRING_PLAIN))
		give_up("cannot write the configuration: %s", json_util_get_last_err());
	json_object_put(config);
}

/* An initramfs that is still the root cannot be pivoted away from. */
static bool on_initramfs(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, target[8];
	bool found = false;
	size_t size = 0;

	if (!file)
		give_up("cannot read /proc/self/mountinfo: %s", strerror(errno));
	while (!found && getline(&line, &size, file) > 0)
		found = sscanf(line, "%*s %*s %*s %*s %7s", target) == 1 && !strcmp(target, "/") &&
			strstr(line, " - rootfs ");
	free(line);
	fclose(file);
	return found;
}

static void execute_crun(const struct settings *settings)
{
	char *env[] = { "PATH=" PATH, NULL };
	char *argv[10] = {
		"crun",
		"--root=" STATE "/crun",
		"--cgroup-manager=disabled",
		"run",
		"--bundle",
		(char *)(settings->bundle ?: STATE),
		"--config=" CONFIG,
	};
	size_t n = 7;

	if (on_initramfs())
		argv[n++] = "--no-pivot";
	argv[n] = (char *)settings->name;

	setenv("PATH", PATH, 1);
	execvpe(argv[0], argv, env);
}

int main(int argc, char **argv)
{
	struct settings settings = { .env = environ };
	const char *package;

	settings_read(&settings, argc, argv);
	get_name(settings.name, sizeof(settings.name));
	package = settings.image ? "podman" : "crun";
	if (settings.image) {
		podman_execute(&settings);
	} else {
		make_state();
		write_config(&settings);
		execute_crun(&settings);
	}
	if (errno == ENOENT)
		give_up("backend not available: container: %s is not installed, it is in the Debian package %s",
			package, package);
	give_up("cannot execute %s: %s", package, strerror(errno));
}
