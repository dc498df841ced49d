// SPDX-License-Identifier: GPL-2.0-only
#include "spec.h"

#include <linux/build_bug.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* A hole would carry kernel memory out, and grow silently into ABI. */
static_assert(sizeof(struct agentsys_job) == 144);
static_assert(sizeof(struct agentsys_job_rlimit) == 24);

struct agentsys_spec *agentsys_spec_new(size_t size)
{
	struct agentsys_spec *spec = kzalloc(sizeof(*spec), GFP_KERNEL_ACCOUNT);

	if (!spec)
		return NULL;
	spec->job = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!spec->job) {
		kfree(spec);
		return NULL;
	}
	spec->job->size = size;
	refcount_set(&spec->refs, 1);
	return spec;
}

void agentsys_spec_put(struct agentsys_spec *spec)
{
	unsigned int i;

	if (!refcount_dec_and_test(&spec->refs))
		return;
	for (i = 0; i < ARRAY_SIZE(spec->files); i++)
		if (spec->files[i])
			fput(spec->files[i]);
	/* The environment is nobody else's business. */
	kvfree_sensitive(spec->job, spec->job->size);
	kfree(spec);
}
