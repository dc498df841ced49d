/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What agents are to each other, as words.
 */
#ifndef ASMCTL_RELATION_H
#define ASMCTL_RELATION_H

#include <json-c/json.h>
#include <stdbool.h>

#include "libasm.h"

/**
 * struct relations - all of them
 * @at: in the order of agents, kinds and others
 * @n: how many
 */
struct relations {
	struct agentsys_relation_info *at;
	size_t n;
};

/* False, and it was said why, with the exit status in @status. */
bool get_relations(struct agentsys *h, struct relations *all, int *status);
void free_relations(struct relations *all);

/*
 * Those of agent @id, as "requires 1000, linked to 1002", or "" if it has none; free()
 * frees it. What is the same in both directions counts for both.
 */
char *relations_text(const struct relations *all, uint32_t id);

/* Likewise, an array of objects with kind and agent_id. */
struct json_object *json_of_relations(const struct relations *all, uint32_t id);

bool parse_relation(const char *text, uint32_t *kind);

/* The same in both directions? */
static inline bool is_mutual(uint32_t kind)
{
	return kind == AGENTSYS_RELATION_PEER || kind == AGENTSYS_RELATION_LINK;
}

/* Does one start and stop with the other, or after it? */
static inline bool gives_order(uint32_t kind)
{
	return kind == AGENTSYS_RELATION_REQUIRES || kind == AGENTSYS_RELATION_WANTS;
}

#endif
