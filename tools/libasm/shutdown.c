// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conn.h"

static uint64_t boot_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static bool lives(const struct agentsys_info *info)
{
	return info->state != AGENTSYS_EXITED && info->state != AGENTSYS_FAILED;
}

/* Both lists are in the order of ids; @at is where those of this id are, or would be. */
static bool lived(struct agentsys_info ***at, uint32_t id)
{
	while (**at && (**at)->id < id)
		(*at)++;
	return **at && (**at)->id == id && lives(**at);
}

static int by_end(const void *a, const void *b)
{
	const struct agentsys_info *x = *(void *const *)a, *y = *(void *const *)b;

	/* What has not ended is behind what has. */
	if (lives(x) != lives(y))
		return lives(x) ? 1 : -1;
	return x->end_time < y->end_time ? -1 : x->end_time > y->end_time;
}

/* Those that lived in @before, or have ended since. */
static size_t keep_ended(struct agentsys_info **list, struct agentsys_info **before, uint64_t since)
{
	struct agentsys_info **kept = list;
	size_t n;

	for (struct agentsys_info **at = list; *at; at++) {
		if (lived(&before, (*at)->id) || (*at)->end_time >= since)
			*kept++ = *at;
		else
			agentsys_info_free(*at);
	}
	*kept = NULL;
	n = kept - list;
	if (n)
		qsort(list, n, sizeof(*list), by_end);
	return n;
}

/* The list after the shutdown; why that did not end all, if it did not, is not forgotten. */
static ssize_t list_ended(struct agentsys *h, struct agentsys_info **before, uint64_t since,
			  struct agentsys_info ***list)
{
	char why[sizeof(h->error)];
	ssize_t n;

	memcpy(why, h->error, sizeof(why));
	n = agentsys_list(h, list);
	memcpy(h->error, why, sizeof(why));
	return n < 0 ? n : (ssize_t)keep_ended(*list, before, since);
}

ssize_t agentsys_shutdown_all(struct agentsys *h, int64_t timeout_ms, struct agentsys_info ***list)
{
	static struct agentsys_info *none;
	struct agentsys_info **before = NULL;
	uint64_t since;
	ssize_t n = 0;
	int ret;

	*list = NULL;
	/* Who wants it at once shall not wait for this, nor have it fail for want of memory. */
	if (timeout_ms && agentsys_list(h, &before) < 0)
		before = NULL;
	since = boot_time();
	ret = agentsys_shutdown(h, timeout_ms, AGENTSYS_WAIT, NULL, NULL);
	if (!ret || ret == -ETIMEDOUT) {
		n = list_ended(h, before ?: &none, since, list);
		if (n < 0 && !ret)
			ret = conn_fail(h, n, "all have ended, but it cannot be told how: %s",
					strerror(-n));
	}
	agentsys_list_free(before);
	return ret ?: n;
}
