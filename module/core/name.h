/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_CORE_NAME_H
#define AGENTSYS_CORE_NAME_H

#include "env.h"

/**
 * agentsys_name_check - can this be the name of an agent?
 * @s: bytes
 * @len: how many, without a terminator
 *
 * Return: 0, -EINVAL (empty, control characters, not UTF-8) or -ENAMETOOLONG.
 */
int agentsys_name_check(const char *s, size_t len);

/* How many bytes of the name fit in @max without cutting a character. */
size_t agentsys_name_fit(const char *s, size_t len, size_t max);

#endif /* AGENTSYS_CORE_NAME_H */
