/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asmctl - what all of its commands share.
 */
#ifndef ASMCTL_H
#define ASMCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libasm.h"

#define ASMCTL_RELEASE "1.0.0"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NORETURN      __attribute__((noreturn))
#define PRINTF(a, b)  __attribute__((format(printf, a, b)))

/* Documented in asmctl(1) and in `asmctl help`. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_AGENT = 3,
	EXIT_DENIED = 4,
	EXIT_NO_MODULE = 5,
	EXIT_NOT_AVAILABLE = 6,
};

/**
 * struct option_def - an option of a command
 * @key: its letter, or a number of 256 and more where there is only @name
 * @name: long name
 * @arg: what its argument is called, or NULL
 * @help: one line, or several
 */
struct option_def {
	int key;
	const char *name;
	const char *arg;
	const char *help;
};

/* Keys of options without a letter. */
enum option_key {
	OPT_JSON = 256,
	OPT_FIRST, /* a command's own from here */
};

/* clang-format off */
#define OPTION_JSON { OPT_JSON, "json", NULL, "print JSON" }
#define OPTION_END { 0 }
/* clang-format on */

enum operands {
	OPERANDS_NONE,
	OPERANDS_AGENTS,
	OPERANDS_RUNNING, /* agents that have not ended */
	OPERANDS_GROUPS,
	OPERANDS_FILES,
	OPERANDS_PROGRAM, /* options end at the first operand */
	OPERANDS_OTHER,
};

/**
 * struct command - a sub-command
 * @name: its name
 * @of: the command that it is a sub-command of, or NULL
 * @alias: another one, or NULL
 * @usage: what follows the name
 * @summary: one line
 * @description: further lines, or NULL
 * @examples: lines, each a command with an explanation
 * @options: ended by OPTION_END; --help is added
 * @subcommands: ended by NULL, where the first operand is one of these, or NULL
 * @operands: what it takes beside options
 * @usage_status: the exit status for a wrong command line, where it is not EXIT_USAGE
 * @program: is rather a program's name, and not listed
 * @run: returns an exit status
 */
struct command {
	const char *name;
	const char *of;
	const char *alias;
	const char *usage;
	const char *summary;
	const char *description;
	const char *examples;
	const struct option_def *options;
	const struct command *const *subcommands;
	enum operands operands;
	enum exit_status usage_status;
	bool program;
	int (*run)(int argc, char **argv);
};

extern const struct command *const commands[];

extern const struct command cmd_run;
extern const struct command cmd_attach;
extern const struct command cmd_start;
extern const struct command cmd_stop;
extern const struct command cmd_kill;
extern const struct command cmd_restart;
extern const struct command cmd_pause;
extern const struct command cmd_resume;
extern const struct command cmd_rm;
extern const struct command cmd_set;
extern const struct command cmd_group;
extern const struct command cmd_tree;
extern const struct command cmd_apply;
extern const struct command cmd_diff;
extern const struct command cmd_delete;
extern const struct command cmd_relate;
extern const struct command cmd_unrelate;
extern const struct command cmd_relations;
extern const struct command cmd_explain;
extern const struct command cmd_status;
extern const struct command cmd_list;
extern const struct command cmd_info;
extern const struct command cmd_events;
extern const struct command cmd_history;
extern const struct command cmd_faults;
extern const struct command cmd_recovery;
extern const struct command cmd_limits;
extern const struct command cmd_health;
extern const struct command cmd_helper;
extern const struct command cmd_capacity;
extern const struct command cmd_shutdown;
extern const struct command cmd_doctor;
extern const struct command cmd_version;
extern const struct command cmd_help;
extern const struct command cmd_completion;
extern const struct command cmd_asmstatus;
extern const struct command cmd_asmlist;
extern const struct command cmd_asminfo;
extern const struct command cmd_asmpolicy;

/* ---- main.c ---- */

/* The command that runs. */
extern const struct command *this_command;

/* "asmctl stop", "asmctl group stop", or "asmlist". */
const char *command_title(const struct command *command);

/* The one of @list, ended by NULL, that is called so. */
const struct command *find_command(const struct command *const *list, const char *name);

/* Says which command of @list may have been meant; exits. */
NORETURN void unknown_command(const struct command *const *list, const char *name);

/* ---- options.c ---- */

/* The next option's key with its argument in optarg, or -1 when operands follow. */
int next_option(int argc, char **argv);

void print_help(const struct command *command, FILE *to);

/* Exits unless there are from @min to @max operands; @what names them. */
void need_operands(int argc, int min, int max, const char *what);

/* ---- messages.c ---- */

/* "asmctl: ..." on standard error. */
PRINTF(1, 2) void complain(const char *format, ...);

/*
 * Likewise, and a hint at --help; exits with EXIT_USAGE. What is wrong in a file, see
 * errors_about(), has no hint, and exits with EXIT_FAILED.
 */
PRINTF(1, 2) NORETURN void usage_error(const char *format, ...);

/* From now on, all that is said is about @place, as "tree.json:3: name"; NULL ends that. */
void errors_about(const char *place);

NORETURN void out_of_memory(void);

/* The exit status for a negative errno of the library about an agent. */
int exit_status_of(int error);

/* ---- agents.c ---- */

/* A connection; exits with EXIT_NO_MODULE if there is no module. */
struct agentsys *connect_module(void);

NORETURN void module_missing(void);

/* The id that @text stands for, an id or a name: 0, or an exit status, and it was said why. */
int resolve_agent(struct agentsys *h, const char *text, uint32_t *id);

/* One agent; NULL, and it was said why, with the exit status in @status. */
struct agentsys_info *get_agent(struct agentsys *h, const char *text, int *status);

/* The last @n events, oldest first; how many there are. @events has room for them. */
size_t last_events(struct agentsys_event *events, size_t n);

/* ---- group.c ---- */

/* The exit status for a negative errno of the library about a group. */
int group_status_of(int error);

/* "; did you mean 'web'?", or "", for a group that does not exist; free() frees it. */
char *meant_group(struct agentsys *h, const char *name);

/* ---- suggest.c ---- */

/* How many letters have to be changed, added, removed or swapped. */
size_t edit_distance(const char *a, const char *b);

/* The one of @n names that is near enough to @name to have been meant, or NULL. */
const char *nearest(const char *name, const char *const names[], size_t n);

#endif
