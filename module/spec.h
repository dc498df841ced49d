/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to launch: fixed once made, shared by the record and by launches under way.
 */
#ifndef _AGENTSYS_SPEC_H
#define _AGENTSYS_SPEC_H

#include <linux/agentsys.h>
#include <linux/fs.h>
#include <linux/refcount.h>

/**
 * struct agentsys_spec - a packed job and the files that go with it
 * @refs: references
 * @backend: enum agentsys_backend, what the program is executed by; only kept and told
 * @files: descriptors of the asker, where a stdio is AGENTSYS_STDIO_FD
 * @job: the job as the launcher gets it, @job->size bytes; the launch fills in
 *	agent_id, token, stdio_at of descriptors and AGENTSYS_JOB_NEW_CGROUP in
 *	a copy of the header
 */
struct agentsys_spec {
	refcount_t refs;
	u32 backend;
	struct file *files[3];
	struct agentsys_job *job;
};

/* One reference and a zeroed job of @size bytes, charged to the caller's cgroup. */
struct agentsys_spec *agentsys_spec_new(size_t size);

/* Process context. */
void agentsys_spec_put(struct agentsys_spec *spec);

static inline struct agentsys_spec *agentsys_spec_get(struct agentsys_spec *spec)
{
	refcount_inc(&spec->refs);
	return spec;
}

/* The program's path, as asked for. */
static inline const char *agentsys_spec_program(const struct agentsys_spec *spec)
{
	return (const char *)spec->job + spec->job->args;
}

#endif /* _AGENTSYS_SPEC_H */
