// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images are podman's: it has them, pulls them and knows how they are run. It runs them
 * with crun, inside the cgroup that it is in itself.
 */
#include "podman.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **words;
static size_t nwords;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	va_list ap;

	words = reallocarray(words, nwords + 2, sizeof(*words));
	need_memory(words);
	va_start(ap, format);
	if (vasprintf(&words[nwords], format, ap) < 0)
		need_memory(NULL);
	va_end(ap);
	words[++nwords] = NULL;
}

static void add_capabilities(const struct settings *settings)
{
	const char *name;

	add("--cap-drop=all");
	for (unsigned int cap = 0; settings->has_caps && (name = capability_name(cap)); cap++)
		if (settings->caps & (UINT64_C(1) << cap))
			add("--cap-add=%s", name);
	if (!settings->new_privs)
		add("--security-opt=no-new-privileges");
}

static void add_user(const struct settings *settings)
{
	if (!settings->user)
		return;
	add("--user=%u:%u", settings->uid, settings->gid);
	for (size_t i = 0; i < settings->ngroups; i++)
		add("--group-add=%u", settings->groups[i]);
}

/* By their names: values may be secrets, and the command line is everybody's. */
static void add_env(char *const env[])
{
	for (; *env; env++)
		add("--env=%.*s", (int)strcspn(*env, "="), *env);
}

static void add_places(const struct settings *settings)
{
	if (settings->cwd)
		add("--workdir=%s", settings->cwd);
	if (settings->read_only)
		add("--read-only");
	if (!access("/dev/agentsys", F_OK))
		add("--volume=/dev/agentsys:/dev/agentsys");
	for (size_t i = 0; i < settings->nmounts; i++)
		add("--volume=%s", settings->mounts[i]);
}

void podman_execute(const struct settings *settings)
{
	add("podman");
	add("--runtime=crun");
	add("--cgroup-manager=cgroupfs");
	add("run");
	add("--cgroups=disabled");
	/* What a killed instance has left in podman's books does not count. */
	add("--replace");
	add("--rm");
	add("--name=agentsys-%s", settings->name);
	add("--log-driver=none");
	add("--interactive");
	add("--network=%s", settings->no_network ? "none" : "host");
	add_capabilities(settings);
	add_user(settings);
	add_env(settings->env);
	add_places(settings);
	add("%s", settings->image);
	for (char **arg = settings->args; *arg; arg++)
		add("%s", *arg);

	/* Where the agent's environment has these, they are podman's, too. */
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	setenv("HOME", "/root", 0);
	execvp(words[0], words);
}
