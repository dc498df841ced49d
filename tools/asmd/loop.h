/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one loop of the daemon: descriptors that are ready, and times that have come.
 * Nothing that is called from it waits for anything.
 */
#ifndef ASMD_LOOP_H
#define ASMD_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The struct of this type that holds @member at @at. */
#define HOLDER(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

/**
 * struct source - a descriptor that something may come from
 * @fd: the descriptor
 * @ready: called with EPOLL* while there is something; may take the source away, and free it
 */
struct source {
	int fd;
	void (*ready)(struct source *source, uint32_t events);
};

/**
 * struct timer - a time; all zeros at first
 * @due: called once when it has come; may set the timer again, or free it
 * @at: when, on now_ms()'s clock
 * @place: in the loop's heap, from 1; 0 while it is not set
 */
struct timer {
	void (*due)(struct timer *timer);
	uint64_t at;
	size_t place;
};

/* Exits where there is no memory, as all that allocates here does. */
void loop_init(void);

/* Until loop_end(). */
void loop_run(void);
void loop_end(void);

void source_add(struct source *source, uint32_t events);
void source_change(struct source *source, uint32_t events);
/* Its descriptor is still open then. */
void source_drop(struct source *source);

void timer_set(struct timer *timer, uint64_t in_ms);
void timer_drop(struct timer *timer);

/* A clock that does not stand still while the system sleeps is no measure of an agent. */
uint64_t now_ms(void);

#endif
