// SPDX-License-Identifier: GPL-2.0-only
#include "settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_ROOTFS = 256,
	OPT_BUNDLE,
	OPT_IMAGE,
	OPT_CWD,
	OPT_USER,
	OPT_CAPS,
	OPT_NEW_PRIVS,
	OPT_NO_NETWORK,
	OPT_READ_ONLY,
	OPT_MOUNT,
};

static const struct option options[] = {
	{ "rootfs", required_argument, NULL, OPT_ROOTFS },
	{ "bundle", required_argument, NULL, OPT_BUNDLE },
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "cwd", required_argument, NULL, OPT_CWD },
	{ "user", required_argument, NULL, OPT_USER },
	{ "caps", required_argument, NULL, OPT_CAPS },
	{ "new-privs", no_argument, NULL, OPT_NEW_PRIVS },
	{ "no-network", no_argument, NULL, OPT_NO_NETWORK },
	{ "read-only", no_argument, NULL, OPT_READ_ONLY },
	{ "mount", required_argument, NULL, OPT_MOUNT },
	{ NULL },
};

static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

const char *capability_name(unsigned int cap)
{
	return cap < sizeof(capabilities) / sizeof(capabilities[0]) ? capabilities[cap] : NULL;
}

void give_up(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("asm-container: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(EXIT_NO_CONTAINER);
}

void need_memory(const void *result)
{
	if (!result)
		give_up("out of memory");
}

/* The number at *@at, which is then behind it. */
static uint32_t take_id(const char *text, char **at)
{
	unsigned long n;

	errno = 0;
	n = strtoul(*at, at, 10);
	if (errno || n >= UINT32_MAX)
		give_up("'%s' is not UID:GID[:GROUP,...]", text);
	return n;
}

static void take_user(struct settings *settings, char *text)
{
	char *at = text;

	settings->user = text;
	settings->uid = take_id(text, &at);
	if (*at++ != ':')
		give_up("'%s' is not UID:GID[:GROUP,...]", text);
	settings->gid = take_id(text, &at);
	if (!*at)
		return;
	do {
		at++;
		settings->groups = reallocarray(settings->groups, settings->ngroups + 1,
						sizeof(*settings->groups));
		need_memory(settings->groups);
		settings->groups[settings->ngroups++] = take_id(text, &at);
	} while (*at && settings->ngroups < GROUPS_MAX);
}

static void take_mount(struct settings *settings, const char *text)
{
	const char *target = strchr(text, ':');

	if (*text != '/' || !target || target[1] != '/')
		give_up("'%s' is not SOURCE:TARGET[:ro]", text);
	settings->mounts =
		reallocarray(settings->mounts, settings->nmounts + 1, sizeof(*settings->mounts));
	need_memory(settings->mounts);
	settings->mounts[settings->nmounts++] = text;
}

static void take_option(struct settings *settings, int key, char *arg)
{
	switch (key) {
	case OPT_ROOTFS:
		settings->rootfs = arg;
		break;
	case OPT_BUNDLE:
		settings->bundle = arg;
		break;
	case OPT_IMAGE:
		settings->image = arg;
		break;
	case OPT_CWD:
		settings->cwd = arg;
		break;
	case OPT_USER:
		take_user(settings, arg);
		break;
	case OPT_CAPS:
		settings->has_caps = true;
		settings->caps = strtoull(arg, NULL, 16);
		break;
	case OPT_NEW_PRIVS:
		settings->new_privs = true;
		break;
	case OPT_NO_NETWORK:
		settings->no_network = true;
		break;
	case OPT_READ_ONLY:
		settings->read_only = true;
		break;
	case OPT_MOUNT:
		take_mount(settings, arg);
		break;
	default:
		exit(EXIT_NO_CONTAINER);
	}
}

void settings_read(struct settings *settings, int argc, char **argv)
{
	int key;

	while ((key = getopt_long(argc, argv, "+", options, NULL)) != -1)
		take_option(settings, key, optarg);
	settings->args = argv + optind;
	if (!!settings->rootfs + !!settings->bundle + !!settings->image != 1)
		give_up("one of --rootfs, --bundle and --image is wanted");
	if (settings->rootfs && !*settings->args)
		give_up("a program is wanted");
}
