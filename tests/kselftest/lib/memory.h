/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel has allocated, once it has come to rest.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_MEMORY_H
#define TESTS_LIB_MEMORY_H

#include <ctype.h>

#define MEMORY_CACHES	256

/**
 * struct memory - what the kernel has allocated
 * @kb: memory that does not go away by itself, in KiB
 * @slab: of it, slabs
 * @percpu: of it, for each CPU
 * @dying: cgroups that are removed and still there
 * @files: open ones
 * @processes: those that are none of the kernel's own
 * @n: caches of slabs
 * @caches: their names, and objects in use
 */
struct memory {
	long kb, slab, percpu, dying, files;
	int processes;
	unsigned int n;
	struct {
		char name[32];
		long objects;
	} caches[MEMORY_CACHES];
};

/* The number behind @name in a file of such lines, or the first one without a name. */
static inline long field(const char *path, const char *name)
{
	char line[256];
	FILE *file = fopen(path, "r");
	long value = 0;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && strchr(" :", line[strlen(name)]))
			value = atol(line + strlen(name) + 1);
	if (file)
		fclose(file);
	return value;
}

static inline long first_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long value = -1;

	if (file && fscanf(file, "%ld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

static inline long kernel_kb(void)
{
	return field("/proc/meminfo", "SUnreclaim") + field("/proc/meminfo", "Percpu") +
	       field("/proc/meminfo", "KernelStack");
}

/* Anywhere: the module's own cgroup is only a part of it. */
static inline long dying_cgroups(void)
{
	return field("/sys/fs/cgroup/cgroup.stat", "nr_dying_descendants");
}

/* Of kthreadd and its children there are more and fewer all the time. */
static inline int count_processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300], text[512];
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		char *end;
		FILE *file;
		int ppid;

		if (!isdigit(entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		end = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
		if (end && sscanf(end, ") %*c %d", &ppid) == 1 && ppid != 2 &&
		    strcmp(entry->d_name, "2"))
			n++;
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return n;
}

static inline void memory_look(struct memory *memory)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[256];

	memory->kb = kernel_kb();
	memory->slab = field("/proc/meminfo", "SUnreclaim");
	memory->percpu = field("/proc/meminfo", "Percpu");
	memory->dying = dying_cgroups();
	memory->files = first_number("/proc/sys/fs/file-nr");
	memory->processes = count_processes();
	memory->n = 0;
	while (file && fgets(line, sizeof(line), file) && memory->n < MEMORY_CACHES)
		memory->n += sscanf(line, "%31s %ld", memory->caches[memory->n].name,
				    &memory->caches[memory->n].objects) == 2;
	if (file)
		fclose(file);
}

static inline void memory_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return;
	fputs(text, file);
	fclose(file);
}

/* What is merely cached goes, empty slabs too. */
static inline void memory_drop_caches(void)
{
	char path[300];
	struct dirent *entry;
	DIR *dir;

	memory_write("/proc/sys/vm/drop_caches", "3");
	dir = opendir("/sys/kernel/slab");
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		if (entry->d_name[0] != '.')
			memory_write(path, "1");
	}
	if (dir)
		closedir(dir);
}

/*
 * Freed memory goes back with RCU and with works: wait until there is no more than
 * at first, or until there has been no less of it for two seconds. Removed cgroups
 * take as long as they take.
 */
static inline void memory_settle(struct memory *memory, const struct memory *at_first)
{
	uint64_t until = now_ms() + PATIENCE_MS;
	long least;

	memory_drop_caches();
	memory_look(memory);
	least = memory->kb;
	for (int still = 0; still < 10; still++) {
		usleep(200000);
		memory_drop_caches();
		memory_look(memory);
		if (memory->kb < least || (memory->dying && now_ms() < until))
			still = 0;
		if (memory->kb < least)
			least = memory->kb;
		if (at_first && memory->kb <= at_first->kb && !memory->dying &&
		    memory->processes <= at_first->processes)
			break;
	}
}

static inline void memory_print(const char *when, const struct memory *memory)
{
	printf("# %s: kernel %ld KiB (slabs %ld, percpu %ld), %ld cgroups dying, %ld files, %d processes\n",
	       when, memory->kb, memory->slab, memory->percpu, memory->dying, memory->files,
	       memory->processes);
}

/*
 * Caches that have grown by more than that; printed if asked for. The kernel gives
 * back areas of vmalloc when there are many.
 */
static inline int memory_caches_grown(const struct memory *before, const struct memory *after,
				      long tolerance, bool print)
{
	int grown = 0;

	for (unsigned int i = 0; i < after->n; i++)
		for (unsigned int k = 0; k < before->n; k++) {
			long more = after->caches[i].objects - before->caches[k].objects;

			if (strcmp(after->caches[i].name, before->caches[k].name) ||
			    !strcmp(after->caches[i].name, "vmap_area") || more <= tolerance)
				continue;
			grown++;
			if (print)
				printf("# cache %s: %ld objects, %ld more\n", after->caches[i].name,
				       after->caches[i].objects, more);
		}
	return grown;
}

static inline int memory_growth(const struct memory *before, const struct memory *after,
				long tolerance)
{
	return memory_caches_grown(before, after, tolerance, false);
}

static inline void memory_print_growth(const struct memory *before, const struct memory *after,
				       long tolerance)
{
	memory_caches_grown(before, after, tolerance, true);
}

#endif
