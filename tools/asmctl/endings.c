// SPDX-License-Identifier: GPL-2.0-only
#include "endings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "parse.h"

#define CODES (64 * AGENTSYS_CODE_WORDS)

/* From 64 on, as systemd calls them. */
#define SYSEXITS_FIRST 64

static const char *const sysexits[] = {
	"USAGE",       "DATAERR",  "NOINPUT",  "NOUSER", "NOHOST",
	"UNAVAILABLE", "SOFTWARE", "OSERR",    "OSFILE", "CANTCREAT",
	"IOERR",       "TEMPFAIL", "PROTOCOL", "NOPERM", "CONFIG",
};

/* Ends that have no code of their own. */
static const enum agentsys_cause named_causes[] = {
	AGENTSYS_CAUSE_OOM,
	AGENTSYS_CAUSE_FAULT,
	AGENTSYS_CAUSE_LAUNCH,
	AGENTSYS_CAUSE_LINK,
};

static void add_code(struct endings *endings, unsigned int code)
{
	endings->codes[code / 64] |= UINT64_C(1) << code % 64;
}

static bool has_code(const struct endings *endings, unsigned int code)
{
	return code < CODES && endings->codes[code / 64] >> code % 64 & 1;
}

/* "3" or "3-7" */
static bool take_codes(char *word, struct endings *endings)
{
	char *dash = strchr(word, '-');
	uint64_t first, last;

	if (dash)
		*dash = '\0';
	if (!parse_number(word, CODES - 1, &first))
		return false;
	last = first;
	if (dash && (!parse_number(dash + 1, CODES - 1, &last) || last < first))
		return false;
	for (; first <= last; first++)
		add_code(endings, first);
	return true;
}

static bool take_name(const char *word, bool causes, struct endings *endings)
{
	int signal;

	if (parse_signal(word, &signal)) {
		endings->signals |= UINT64_C(1) << (signal - 1);
		return true;
	}
	for (size_t i = 0; i < sizeof(sysexits) / sizeof(*sysexits); i++)
		if (!strcasecmp(word, sysexits[i])) {
			add_code(endings, SYSEXITS_FIRST + i);
			return true;
		}
	for (size_t i = 0; causes && i < sizeof(named_causes) / sizeof(*named_causes); i++)
		if (!strcasecmp(word, agentsys_cause_name(named_causes[i]))) {
			endings->causes |= 1U << named_causes[i];
			return true;
		}
	return false;
}

bool parse_endings(const char *text, bool causes, struct endings *endings)
{
	static const char between[] = " ,";
	size_t length;
	char word[32];

	memset(endings, 0, sizeof(*endings));
	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		length = strcspn(text, between);
		if (length >= sizeof(word))
			return false;
		memcpy(word, text, length);
		word[length] = '\0';
		text += length;
		if (*word >= '0' && *word <= '9' ? !take_codes(word, endings) :
						   !take_name(word, causes, endings))
			return false;
	}
	return true;
}

bool endings_none(const struct endings *endings)
{
	static const struct endings none;

	return !memcmp(endings->codes, none.codes, sizeof(none.codes)) && !endings->signals &&
	       !endings->causes;
}

/* ---- and back ---- */

static char *put_codes(char *at, const struct endings *endings)
{
	for (unsigned int first = 0, last; first < CODES; first = last + 1) {
		last = first;
		if (!has_code(endings, first))
			continue;
		while (has_code(endings, last + 1))
			last++;
		at += sprintf(at, "%u", first);
		if (last > first)
			at += sprintf(at, "-%u", last);
		at = stpcpy(at, ", ");
	}
	return at;
}

static char *put_signals(char *at, uint64_t signals)
{
	for (int signal = 1; signal <= 64; signal++) {
		const char *name = sigabbrev_np(signal);

		if (!(signals >> (signal - 1) & 1))
			continue;
		/* Those that have no name are the ones from SIGRTMIN, 34, on. */
		at += name ? sprintf(at, "SIG%s, ", name) :
			     sprintf(at, "SIGRTMIN%+d, ", signal - 34);
	}
	return at;
}

const char *format_endings(const struct endings *endings, char buf[ENDINGS_MAX])
{
	char *at = put_signals(put_codes(buf, endings), endings->signals);

	for (unsigned int cause = 0; cause < __AGENTSYS_CAUSES; cause++)
		if (endings->causes >> cause & 1)
			at += sprintf(at, "%s, ", agentsys_cause_name(cause));
	if (at > buf)
		at -= 2;
	*at = '\0';
	return buf;
}
