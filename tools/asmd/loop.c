// SPDX-License-Identifier: GPL-2.0-only
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "log.h"

static int epoll_fd;
static bool ended;

/* The timers that are set: a heap, the first to come at 1. */
static struct timer **heap;
static size_t count, room;

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000;
}

void loop_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("cannot wait for events: %m");
}

static void control(struct source *source, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	if (epoll_ctl(epoll_fd, operation, source->fd, &event))
		die("cannot wait for a descriptor: %m");
}

void source_add(struct source *source, uint32_t events)
{
	control(source, EPOLL_CTL_ADD, events);
}

void source_change(struct source *source, uint32_t events)
{
	control(source, EPOLL_CTL_MOD, events);
}

void source_drop(struct source *source)
{
	control(source, EPOLL_CTL_DEL, 0);
}

static void put(struct timer *timer, size_t place)
{
	heap[place] = timer;
	timer->place = place;
}

/* @timer is to be in the heap, and @place is free: move the place to where it fits. */
static void fit(struct timer *timer, size_t place)
{
	while (place > 1 && heap[place / 2]->at > timer->at) {
		put(heap[place / 2], place);
		place /= 2;
	}
	for (size_t child; (child = 2 * place) <= count; place = child) {
		if (child < count && heap[child + 1]->at < heap[child]->at)
			child++;
		if (heap[child]->at >= timer->at)
			break;
		put(heap[child], place);
	}
	put(timer, place);
}

void timer_drop(struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (!place)
		return;
	timer->place = 0;
	last = heap[count--];
	if (last != timer)
		fit(last, place);
}

void timer_set(struct timer *timer, uint64_t in_ms)
{
	timer_drop(timer);
	timer->at = now_ms() + in_ms;
	if (count + 1 >= room) {
		room = room ? 2 * room : 64;
		heap = need(reallocarray(heap, room, sizeof(struct timer *)));
	}
	count++;
	fit(timer, count);
}

/* How long epoll_wait() may take. */
static int next_ms(void)
{
	uint64_t now = now_ms();

	if (!count)
		return -1;
	if (heap[1]->at <= now)
		return 0;
	return heap[1]->at - now < 1000000 ? (int)(heap[1]->at - now) : 1000000;
}

static void run_timers(void)
{
	uint64_t now = now_ms();

	/* Those that are set meanwhile come another time. */
	while (count && heap[1]->at <= now) {
		struct timer *timer = heap[1];

		timer_drop(timer);
		timer->due(timer);
	}
}

void loop_run(void)
{
	while (!ended) {
		struct epoll_event event;
		struct source *source;
		/* One at a time: whatever it does, no other event of a batch is stale then. */
		int n = epoll_wait(epoll_fd, &event, 1, next_ms());

		if (n < 0 && errno != EINTR)
			die("cannot wait for events: %m");
		if (n > 0) {
			source = event.data.ptr;
			source->ready(source, event.events);
		}
		run_timers();
	}
}

void loop_end(void)
{
	ended = true;
}
