// SPDX-License-Identifier: GPL-2.0-only
#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents.h"
#include "log.h"

/* "/agentsys/", below the v2 mount. */
static char *root;

void proc_init(void)
{
	struct agentsys_system *system;

	if (agentsys_system(module, &system))
		die("cannot read where the cgroups of agents are: %s", agentsys_error(module));
	if (asprintf(&root, "%s/", system->cgroup_root) < 0)
		die("out of memory");
	agentsys_system_free(system);
}

static uint32_t id_in(const char *path)
{
	size_t len = strlen(root);
	unsigned long id;
	char *end;

	if (strncmp(path, root, len))
		return 0;
	id = strtoul(path + len, &end, 10);
	return *end == '/' || *end == '\n' ? id : 0;
}

uint32_t proc_agent(pid_t pid)
{
	char path[32], line[4096];
	uint32_t id = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "0::", 3))
			id = id_in(line + 3);
	fclose(file);
	return id;
}
