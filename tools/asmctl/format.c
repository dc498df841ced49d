// SPDX-License-Identifier: GPL-2.0-only
#include "format.h"

#include <inttypes.h>
#include <linux/agentsys_netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "asmctl.h"

#define NS_PER_SEC UINT64_C(1000000000)

const char *format_duration(uint64_t ns, char buf[FORMAT_MAX])
{
	uint64_t s = ns / NS_PER_SEC;

	if (s < 10)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 ".%us", s,
			 (unsigned int)(ns / (NS_PER_SEC / 10) % 10));
	else if (s < 60)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "m %02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "h %02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "d %" PRIu64 "h", s / 86400, s / 3600 % 24);
	return buf;
}

void format_time(uint64_t boot_ns, char *buf, size_t size)
{
	struct timespec real;
	uint64_t ns;
	time_t seconds;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &real);
	ns = real.tv_sec * UINT64_C(1000000000) + real.tv_nsec - (boot_time() - boot_ns);
	seconds = ns / 1000000000;
	localtime_r(&seconds, &tm);
	n = strftime(buf, size, "%F %T", &tm);
	snprintf(buf + n, size - n, ".%03u", (unsigned int)(ns / 1000000 % 1000));
}

const char *format_ms(uint32_t ms, char buf[FORMAT_MAX])
{
	unsigned int minutes = ms / 60000, rest = ms % 60000;
	int n = 0;

	if (ms < 1000)
		snprintf(buf, FORMAT_MAX, "%" PRIu32 "ms", ms);
	if (minutes >= 60)
		n += snprintf(buf, FORMAT_MAX, "%uh%s", minutes / 60,
			      minutes % 60 || rest ? " " : "");
	if (minutes % 60)
		n += snprintf(buf + n, FORMAT_MAX - n, "%um%s", minutes % 60, rest ? " " : "");
	if (ms >= 1000 && rest)
		snprintf(buf + n, FORMAT_MAX - n, "%gs", rest / 1000.0);
	return buf;
}

const char *format_bytes(uint64_t bytes, char buf[FORMAT_MAX])
{
	static const char units[] = "BKMGTPE";
	double n = bytes;
	int unit = 0;

	while (n >= 1024 && units[unit + 1]) {
		n /= 1024;
		unit++;
	}
	if (!unit)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "B", bytes);
	else
		snprintf(buf, FORMAT_MAX, n < 10 ? "%.1f%c" : "%.0f%c", n, units[unit]);
	return buf;
}

const char *format_cpu(uint64_t us, char buf[FORMAT_MAX])
{
	if (us < 1000000)
		snprintf(buf, FORMAT_MAX, "%" PRIu64 "ms", us / 1000);
	else if (us < 100 * 1000000ULL)
		snprintf(buf, FORMAT_MAX, "%.2fs", us / 1e6);
	else
		format_duration(us * 1000, buf);
	return buf;
}

const char *format_signal(int signal, char buf[FORMAT_MAX])
{
	const char *name = sigabbrev_np(signal);

	if (name)
		snprintf(buf, FORMAT_MAX, "SIG%s", name);
	else
		snprintf(buf, FORMAT_MAX, "signal %d", signal);
	return buf;
}

const char *format_restarts(const struct agentsys_info *info, char buf[FORMAT_MAX])
{
	if (info->max_restarts == AGENTSYS_RESTARTS_UNLIMITED)
		snprintf(buf, FORMAT_MAX, "%" PRIu32 "/inf", info->restarts);
	else
		snprintf(buf, FORMAT_MAX, "%" PRIu32 "/%" PRIu32, info->restarts,
			 info->max_restarts);
	return buf;
}

const char *format_max_restarts(uint32_t n, char buf[FORMAT_MAX])
{
	if (n == AGENTSYS_RESTARTS_UNLIMITED)
		return strcpy(buf, "unlimited");
	snprintf(buf, FORMAT_MAX, "%" PRIu32, n);
	return buf;
}

const char *format_backoff(const struct agentsys_group *group, char buf[FORMAT_MAX])
{
	bool usual = group->backoff_kind == AGENTSYS_BACKOFF_EXPONENTIAL;

	snprintf(buf, FORMAT_MAX, "%" PRIu32 "ms to %" PRIu32 "ms%s%s", group->backoff_initial_ms,
		 group->backoff_max_ms, usual ? "" : ", ",
		 usual ? "" : agentsys_backoff_name(group->backoff_kind));
	return buf;
}

const char *format_window(uint32_t ms, char buf[FORMAT_MAX])
{
	if (ms % 1000)
		snprintf(buf, FORMAT_MAX, "%" PRIu32 "ms", ms);
	else
		snprintf(buf, FORMAT_MAX, "%" PRIu32 "s", ms / 1000);
	return buf;
}

const char *format_budget(const struct agentsys_group *group, char buf[FORMAT_MAX])
{
	char window[FORMAT_MAX];

	snprintf(buf, FORMAT_MAX, "%u in %.12s", group->budget,
		 format_window(group->within_ms, window));
	return buf;
}

const char *format_end(const struct agentsys_info *info, char buf[FORMAT_MAX])
{
	switch (info->cause) {
	case AGENTSYS_CAUSE_NONE:
		buf[0] = '\0';
		break;
	case AGENTSYS_CAUSE_EXIT:
		snprintf(buf, FORMAT_MAX, "exit %d", info->code);
		break;
	case AGENTSYS_CAUSE_SIGNAL:
		format_signal(info->code, buf);
		break;
	case AGENTSYS_CAUSE_LAUNCH:
		snprintf(buf, FORMAT_MAX, "launch: %s", strerrorname_np(info->code) ?: "?");
		break;
	case AGENTSYS_CAUSE_FAULT:
		snprintf(buf, FORMAT_MAX, "fault: %s", agentsys_fault_name(info->code));
		break;
	default:
		snprintf(buf, FORMAT_MAX, "%s", agentsys_cause_name(info->cause));
	}
	return buf;
}

const char *format_status(const struct agentsys_info *info, char buf[FORMAT_MAX])
{
	if (info->exit_status < 0)
		snprintf(buf, FORMAT_MAX, "-");
	else if (WIFSIGNALED(info->exit_status))
		format_signal(WTERMSIG(info->exit_status), buf);
	else
		snprintf(buf, FORMAT_MAX, "exit %d", WEXITSTATUS(info->exit_status));
	return buf;
}

const char *format_state(const struct agentsys_info *info, char buf[FORMAT_MAX])
{
	const char *flag = info->flags & AGENTSYS_AGENT_PAUSED	  ? " (paused)" :
			   info->flags & AGENTSYS_AGENT_THROTTLED ? " (throttled)" :
			   info->flags & AGENTSYS_AGENT_WAITS	  ? " (waits)" :
								    "";

	snprintf(buf, FORMAT_MAX, "%s%s", agentsys_state_name(info->state), flag);
	return buf;
}

uint64_t boot_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/* ---- colours ---- */

static bool wants_colours(void)
{
	static int wants = -1;
	const char *term, *no_color;

	if (wants < 0) {
		term = getenv("TERM");
		no_color = getenv("NO_COLOR");
		wants = isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") &&
			(!no_color || !*no_color);
	}
	return wants;
}

const char *colour(enum colour colour)
{
	static const char *const codes[] = {
		/* clang-format off */
		[PLAIN] = "",
		[BOLD] = "\033[1m",
		[DIM] = "\033[2m",
		[RED] = "\033[31m",
		[GREEN] = "\033[32m",
		[YELLOW] = "\033[33m",
		/* clang-format on */
		[CYAN] = "\033[36m",
	};

	return wants_colours() ? codes[colour] : "";
}

const char *colour_end(void)
{
	return wants_colours() ? "\033[0m" : "";
}

static enum colour colour_of(uint32_t state)
{
	switch (state) {
	case AGENTSYS_ACTIVE:
		return GREEN;
	case AGENTSYS_FAILED:
		return RED;
	case AGENTSYS_EXITED:
		return DIM;
	default:
		return YELLOW;
	}
}

enum colour colour_of_state(const struct agentsys_info *info)
{
	if (info->flags & (AGENTSYS_AGENT_PAUSED | AGENTSYS_AGENT_THROTTLED))
		return CYAN;
	return colour_of(info->state);
}

enum colour colour_of_group(const struct agentsys_group *group)
{
	return colour_of(group->state);
}

/* ---- tables ---- */

struct table {
	const char *const *titles;
	size_t columns;
	size_t rows;
	struct cell *cells;
};

size_t display_width(const char *text)
{
	size_t n = mbstowcs(NULL, text, 0);
	wchar_t *wide;
	int width;

	if (n == (size_t)-1)
		return strlen(text);
	wide = calloc(n + 1, sizeof(*wide));
	if (!wide)
		out_of_memory();
	mbstowcs(wide, text, n + 1);
	width = wcswidth(wide, n);
	free(wide);
	return width < 0 ? n : (size_t)width;
}

void print_padded(const char *text, size_t width)
{
	size_t used = display_width(text);

	printf("%s%*s", text, used < width ? (int)(width - used) : 0, "");
}

struct table *table_new(const char *const titles[], size_t columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		out_of_memory();
	table->titles = titles;
	table->columns = columns;
	return table;
}

void table_add(struct table *table, const struct cell *cells)
{
	size_t n = table->rows * table->columns;
	struct cell *grown = realloc(table->cells, (n + table->columns) * sizeof(*grown));

	if (!grown)
		out_of_memory();
	table->cells = grown;
	for (size_t i = 0; i < table->columns; i++) {
		grown[n + i].colour = cells[i].colour;
		grown[n + i].text = strdup(cells[i].text);
		if (!grown[n + i].text)
			out_of_memory();
	}
	table->rows++;
}

static void print_cell(const struct table *table, size_t column, const char *text, enum colour how,
		       size_t width)
{
	bool right = table->titles[column][0] == '-';
	bool last = column + 1 == table->columns;
	int pad = width - display_width(text);

	printf("%*s%s%s%s%*s%s", right ? pad : 0, "", colour(how), text, colour_end(),
	       right || last ? 0 : pad, "", last ? "\n" : "  ");
}

void table_print(struct table *table)
{
	size_t widths[table->columns];
	size_t n = table->rows * table->columns;

	for (size_t c = 0; c < table->columns; c++) {
		widths[c] = display_width(table->titles[c] + (table->titles[c][0] == '-'));
		for (size_t i = c; i < n; i += table->columns) {
			size_t width = display_width(table->cells[i].text);

			if (width > widths[c])
				widths[c] = width;
		}
	}
	for (size_t c = 0; c < table->columns; c++)
		print_cell(table, c, table->titles[c] + (table->titles[c][0] == '-'), BOLD,
			   widths[c]);
	for (size_t i = 0; i < n; i++) {
		size_t c = i % table->columns;

		print_cell(table, c, table->cells[i].text, table->cells[i].colour, widths[c]);
	}
	for (size_t i = 0; i < n; i++)
		free((char *)table->cells[i].text);
	free(table->cells);
	free(table);
}
