/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What people write on a command line. These return whether it could be read;
 * where that can fail in several ways, @why is what to say behind the text then.
 */
#ifndef ASMCTL_PARSE_H
#define ASMCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A decimal number up to @max. */
bool parse_number(const char *text, uint64_t max, uint64_t *n);
bool parse_signed(const char *text, int64_t min, int64_t max, int64_t *n);

/* An agent's id. */
bool parse_id(const char *text, uint32_t *id);

/*
 * "100ms", "30s", "5m", "1h", "1d", "1.5s", in milliseconds, up to a day. A
 * bare number is milliseconds if @bare, and else 0 only: "10" may be meant in
 * seconds.
 */
bool parse_duration(const char *text, bool bare, uint32_t *ms, const char **why);

/*
 * A duration; "infinity" or "unlimited" is AGENTSYS_STOP_UNLIMITED, and "kill", which
 * does not ask, is 0.
 */
bool parse_stop_timeout(const char *text, uint32_t *ms, const char **why);

/* "A" or "A:B"; @has_second tells which. */
bool parse_backoff(const char *text, uint32_t *initial_ms, uint32_t *max_ms, bool *has_second,
		   const char **why);

/* Bytes: "4096", "100M", "1.5G". */
bool parse_size(const char *text, uint64_t *bytes);

/* A size that is not 0; "0", "infinity" or "max" is 0, for no limit. */
bool parse_memory(const char *text, uint64_t *bytes);

/* "50%", "150%", or microseconds "QUOTA/PERIOD"; "0", "infinity" or "max" is 0. */
bool parse_cpu(const char *text, uint64_t *quota_us, uint64_t *period_us);

/* A number of things; "infinity" or "max" is 0, which is no limit. */
bool parse_count(const char *text, uint64_t *n);

/* "TERM", "SIGTERM", "15", "RTMIN+3". */
bool parse_signal(const char *text, int *signal);

/* "nofile=1024:4096", "core=infinity". */
bool parse_rlimit(const char *text, unsigned int *resource, uint64_t *soft, uint64_t *hard,
		  const char **why);

/*
 * "never", "on-failure", "on-abnormal", "always"; systemd's "no", and the "temporary",
 * "transient" and "permanent" of OTP.
 */
bool parse_restart(const char *text, uint32_t *condition);

/*
 * What to write instead of a condition of systemd that is none of ours, because it tells
 * faults apart, about which the recovery policy decides too; NULL if it is none either.
 */
const char *restart_instead(const char *text);

/* "one_for_all", "one-for-all". */
bool parse_strategy(const char *text, uint32_t *strategy);

/*
 * "5/60" or "5/1m": restarts, and seconds or a duration; "5", which leaves @has_window
 * false; or a word for one of these: "default", "lenient", "strict", "never".
 */
bool parse_budget(const char *text, uint32_t *n, uint32_t *within_ms, bool *has_window,
		  const char **why);

/* "exponential", "linear", "constant", "adaptive". */
bool parse_backoff_kind(const char *text, uint32_t *kind);

/* "0" to "100", with or without "%". */
bool parse_percent(const char *text, uint32_t *percent);

/* "5" or "5:30s"; without a second part @open_ms is left as it is. */
bool parse_breaker(const char *text, uint32_t *restarts, uint32_t *open_ms, const char **why);

#endif
