/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How an agent is restarted, beyond when and how often.
 */
#ifndef ASMCTL_RESTARTS_H
#define ASMCTL_RESTARTS_H

#include <json-c/json.h>
#include <stdbool.h>

#include "endings.h"
#include "libasm.h"

/* What --backoff-kind and --jitter say; exit if @arg is wrong. */
uint32_t take_backoff_kind(const char *arg);
uint32_t take_jitter(const char *arg);

/* As take_spec_option(), for the options that tell it. */
bool take_restarts_option(struct agentsys_spec *spec, int key, const char *arg);

/* Ends that are no failure, and those that prevent a restart. */
struct endings success_of(const struct agentsys_info *info);
struct endings never_of(const struct agentsys_info *info);

/* Lines with what differs from the default. */
void print_restarts(const struct agentsys_info *info);

/* All of it, as part of the JSON of an agent. */
void add_restarts(struct json_object *object, const struct agentsys_info *info);

/* For the items of a set that JSON names: codes and signals are numbers, causes are words. */
struct json_object *json_of_endings(const struct endings *endings);

#endif
