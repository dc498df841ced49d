/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doing what a plan says, undoing it, and noting what became of it.
 */
#ifndef ASMCTL_MANIFEST_DO_H
#define ASMCTL_MANIFEST_DO_H

#include <signal.h>

#include "manifest_plan.h"

/**
 * struct work - a plan that is being done
 * @h: the module
 * @plan: what is to be done
 * @file: the manifest as it was given
 * @quiet: say nothing of what is done
 */
struct work {
	struct agentsys *h;
	struct plan *plan;
	const char *file;
	bool quiet;
};

/* Exit statuses. Whatever apply did is undone if it cannot do the rest. */
int do_plan(const struct work *work);
int do_delete(const struct work *work);

/* The member of the manifest that is this agent; NULL if none is. */
const struct member *member_of(const struct plan *plan, const struct agentsys_info *info);

/* ---- manifest_make.c: single steps, 0 or the library's negative errno ---- */

/* Ctrl-C ends a wait of the library; then nothing more is begun. */
extern volatile sig_atomic_t interrupted;

int stop_agent(struct agentsys *h, uint32_t id);
int remove_agent(struct agentsys *h, uint32_t id);
int remove_group(struct agentsys *h, const char *name);
int make_group(struct agentsys *h, const struct member *group);
int change_group(struct agentsys *h, const char *name, struct group_policy policy,
		 bool significant);
int change_agent(struct agentsys *h, uint32_t id, const struct agentsys_info *to);

/* For a while it is waited until nothing is under way that is in the way. */
int move_agent(struct agentsys *h, uint32_t id, const char *group);
int move_group(struct agentsys *h, const char *name, const char *parent);

/* ---- manifest_room.c: exit statuses ---- */

/* Does anything enter this group of the manifest? */
bool is_entered(const struct plan *plan, const struct member *group);

/* Have groups take more members for now, as many as they are to, or as many as before. */
int make_more_room(const struct work *work);
int take_room_back(const struct work *work);
bool restore_room(const struct work *work);

/* Is one of @changes about a limit? */
bool changes_limits(struct json_object *changes);

/*
 * Have agent @id have the limits of the manifest, and for the others those of a new agent.
 * What it had before is in @before, for agentsys_limits_free(). 0 or a negative errno.
 */
int change_limits(struct agentsys *h, uint32_t id, const struct member *to,
		  struct agentsys_limits_info **before);

/* And those that it had again; @before may be NULL. */
int set_back_limits(struct agentsys *h, uint32_t id, const struct agentsys_limits_info *before);

/* ---- manifest_undo.c ---- */

/*
 * What @info was made of, as was noted: the spec to make it of again, or NULL if that
 * is not known or cannot be any more.
 */
struct agentsys_spec *spec_of_noted(const struct agentsys_info *info, struct json_object *noted);

/* Undo what was done, and say so. */
void undo_plan(const struct work *work);

/* ---- manifest_notes.c ---- */

/* What is there now, which is what the manifest says if it was @applied. */
bool note_all(const struct work *work, bool applied);

#endif
