// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "asmctl.h"
#include "format.h"

/* Names that are told; of more, how many. */
#define NAMES 3

/**
 * struct progress - a thread that tells it, on a connection of its own
 * @thread: it
 * @h: its connection
 * @lock: guards @over
 * @wakeup: @over has changed
 * @over: it is to end
 * @since: when the shutdown began, CLOCK_BOOTTIME
 */
struct progress {
	pthread_t thread;
	struct agentsys *h;
	pthread_mutex_t lock;
	pthread_cond_t wakeup;
	bool over;
	uint64_t since;
};

static bool lives(const struct agentsys_info *info)
{
	return info->state != AGENTSYS_EXITED && info->state != AGENTSYS_FAILED;
}

static void tell(const struct progress *progress)
{
	struct agentsys_info **list;
	char text[NAMES * (AGENTSYS_NAME_MAX + 2) + 32] = "", time[FORMAT_MAX];
	size_t n = 0, length = 0;

	if (agentsys_list(progress->h, &list) < 0)
		return;
	for (struct agentsys_info **at = list; *at; at++) {
		if (!lives(*at))
			continue;
		if (n++ < NAMES)
			length += snprintf(text + length, sizeof(text) - length, "%s%s",
					   n > 1 ? ", " : "", (*at)->name);
	}
	agentsys_list_free(list);
	if (n > NAMES)
		snprintf(text + length, sizeof(text) - length, " and %zu more", n - NAMES);
	if (n)
		fprintf(stderr, "\rWaiting for %s to end (%s)\033[K", text,
			format_duration(boot_time() - progress->since, time));
	fflush(stderr); /* it is no whole line */
}

static void *watch(void *arg)
{
	struct progress *progress = arg;
	struct timespec next;

	clock_gettime(CLOCK_REALTIME, &next);
	pthread_mutex_lock(&progress->lock);
	while (!progress->over) {
		next.tv_sec++;
		while (!progress->over &&
		       !pthread_cond_timedwait(&progress->wakeup, &progress->lock, &next))
			;
		if (!progress->over)
			tell(progress);
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

struct progress *progress_begin(void)
{
	struct progress *progress;

	if (!isatty(STDERR_FILENO))
		return NULL;
	progress = calloc(1, sizeof(*progress));
	if (!progress)
		out_of_memory();
	pthread_mutex_init(&progress->lock, NULL);
	pthread_cond_init(&progress->wakeup, NULL);
	progress->since = boot_time();
	if (!agentsys_open(&progress->h)) {
		if (!pthread_create(&progress->thread, NULL, watch, progress))
			return progress;
		agentsys_close(progress->h);
	}
	/* It is not worth more than a line that is missing. */
	free(progress);
	return NULL;
}

void progress_end(struct progress *progress)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->over = true;
	pthread_cond_signal(&progress->wakeup);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	agentsys_close(progress->h);
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	free(progress);
}
