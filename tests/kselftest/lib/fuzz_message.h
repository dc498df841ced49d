/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to the family "agentsys": every attribute of every command, as it should be
 * and as it should not. Include it behind fuzz.h.
 */
#ifndef TESTS_LIB_FUZZ_MESSAGE_H
#define TESTS_LIB_FUZZ_MESSAGE_H

#include <linux/agentsys.h>
#include <linux/agentsys_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define MESSAGE_MAX	(1 << 20)
#define NO_PID		4194304		/* may be, and is nobody's here */

#define MESSAGES	30

#define FUZZ_GROUP	"fuzz"	/* is there to begin with */

/* A datagram of one message or several, which begin at @heads. */
struct message {
	char *bytes;
	size_t len;
	size_t heads[MESSAGES];
	unsigned int n;
};

/**
 * struct target - whom a thread attaches
 * @pid: a child, 0 without
 */
struct target {
	pid_t pid;
};

/* There is a child; if @anew, it is none that has been an agent. */
static inline void target_renew(struct target *target, bool anew)
{
	if (target->pid && anew) {
		kill(target->pid, SIGKILL);
		waitpid(target->pid, NULL, 0);
		target->pid = 0;
	}
	if (target->pid)
		return;
	target->pid = fork();
	MUST(target->pid >= 0);
	if (!target->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

/* ---- writing ---- */

static inline void add_bytes(struct message *m, const void *bytes, size_t len)
{
	MUST(m->len + NLMSG_ALIGN(len) <= MESSAGE_MAX);
	memset(m->bytes + m->len, 0, NLMSG_ALIGN(len));
	if (len)
		memcpy(m->bytes + m->len, bytes, len);
	m->len += NLMSG_ALIGN(len);
}

static inline size_t message_begin(struct message *m, int family, uint16_t flags, uint32_t seq,
				   uint8_t cmd)
{
	struct nlmsghdr head = { .nlmsg_type = family, .nlmsg_flags = flags, .nlmsg_seq = seq };
	struct genlmsghdr genl = { .cmd = cmd, .version = AGENTSYS_GENL_VERSION };
	size_t at = m->len;

	MUST(m->n < MESSAGES);
	m->heads[m->n++] = at;
	add_bytes(m, &head, sizeof(head));
	add_bytes(m, &genl, sizeof(genl));
	return at;
}

static inline void message_end(struct message *m, size_t at)
{
	((struct nlmsghdr *)(m->bytes + at))->nlmsg_len = m->len - at;
}

/* With a length that need not be true. */
static inline void put_lying(struct message *m, uint16_t type, const void *data, size_t len,
			     uint16_t told)
{
	struct nlattr head = { .nla_len = told, .nla_type = type };

	add_bytes(m, &head, sizeof(head));
	add_bytes(m, data, len);
}

static inline void put(struct message *m, uint16_t type, const void *data, size_t len)
{
	put_lying(m, type, data, len, NLA_HDRLEN + len);
}

static inline bool message_has(const struct message *m, size_t at, int type)
{
	return nlmsg_find_attr((struct nlmsghdr *)(m->bytes + at), GENL_HDRLEN, type);
}

/* ---- values ---- */

/* Those of others are counted on behind those of agents: a set has little room. */
#define GROUP_ATTR(attr)	(AGENTSYS_A_MAX + 1 + AGENTSYS_G_##attr)
#define HISTORY_ATTR(attr)	FUZZ_HISTORY_##attr
#define RELATION_ATTR(attr)	FUZZ_RELATION_##attr
#define FAULT_ATTR(attr)	FUZZ_FAULT_##attr

/* Of these only what requests have. */
enum fuzz_attr {
	FUZZ_FIRST = GROUP_ATTR(MAX) + 1,
	FUZZ_HISTORY_AGENT_ID = FUZZ_FIRST,
	FUZZ_HISTORY_GROUP,
	FUZZ_RELATION_KIND,
	FUZZ_RELATION_FROM,
	FUZZ_RELATION_TO,
	FUZZ_FAULT_AGENT_ID,
	FUZZ_FAULT_REPORT,
	FUZZ_FAULT_INSTANCE,
	FUZZ_FAULT_TYPE,
	FUZZ_FAULT_PRESET,
	FUZZ_FAULT_AFTER,
	FUZZ_FAULT_WITHIN,
	FUZZ_FAULT_RULES,
	FUZZ_FAULT_LIMIT,
	FUZZ_ATTRS
};

/* What a message has for it. */
static inline uint16_t wire(int type)
{
	static const uint16_t others[] = {
		AGENTSYS_H_AGENT_ID, AGENTSYS_H_GROUP,
		AGENTSYS_R_KIND, AGENTSYS_R_FROM, AGENTSYS_R_TO,
		AGENTSYS_F_AGENT_ID, AGENTSYS_F_REPORT, AGENTSYS_F_INSTANCE, AGENTSYS_F_TYPE,
		AGENTSYS_F_PRESET, AGENTSYS_F_AFTER, AGENTSYS_F_WITHIN, AGENTSYS_F_RULES,
		AGENTSYS_F_LIMIT,
	};

	_Static_assert(ARRAY_SIZE(others) == FUZZ_ATTRS - FUZZ_FIRST, "one is missing");
	if (type >= FUZZ_FIRST)
		return others[type - FUZZ_FIRST];
	return type >= GROUP_ATTR(UNSPEC) ? type - GROUP_ATTR(UNSPEC) : type;
}

enum shape { NONE, FLAG, U32, U64, STRING, ARRAY, CODES, RELATION, LIMITS, RULES };

static const enum shape shapes[FUZZ_ATTRS] = {
	[AGENTSYS_A_ID] = U32, [AGENTSYS_A_NAME] = STRING, [AGENTSYS_A_PID] = U32,
	[AGENTSYS_A_WAIT] = FLAG, [AGENTSYS_A_ARG] = STRING, [AGENTSYS_A_ENV] = STRING,
	[AGENTSYS_A_CWD] = STRING, [AGENTSYS_A_UID] = U32, [AGENTSYS_A_GID] = U32,
	[AGENTSYS_A_GROUPS] = ARRAY, [AGENTSYS_A_RLIMITS] = ARRAY, [AGENTSYS_A_NICE] = U32,
	[AGENTSYS_A_OOM_SCORE_ADJ] = U32, [AGENTSYS_A_BOUNDING] = U64,
	[AGENTSYS_A_NEW_PRIVS] = FLAG, [AGENTSYS_A_SIGNIFICANT] = FLAG, [AGENTSYS_A_STDIN] = STRING,
	[AGENTSYS_A_STDOUT] = STRING, [AGENTSYS_A_STDERR] = STRING, [AGENTSYS_A_STDIN_FD] = U32,
	[AGENTSYS_A_STDOUT_FD] = U32, [AGENTSYS_A_STDERR_FD] = U32, [AGENTSYS_A_RESTART] = U32,
	[AGENTSYS_A_MAX_RESTARTS] = U32, [AGENTSYS_A_BACKOFF_INITIAL] = U32,
	[AGENTSYS_A_BACKOFF_MAX] = U32, [AGENTSYS_A_STOP_SIGNAL] = U32,
	[AGENTSYS_A_STOP_TIMEOUT] = U32, [AGENTSYS_A_MEMORY_MAX] = U64,
	[AGENTSYS_A_MEMORY_HIGH] = U64, [AGENTSYS_A_CPU_QUOTA] = U64,
	[AGENTSYS_A_CPU_PERIOD] = U64, [AGENTSYS_A_PIDS_MAX] = U64,
	[AGENTSYS_A_GROUP] = STRING, [AGENTSYS_A_BACKOFF_KIND] = U32, [AGENTSYS_A_JITTER] = U32,
	[AGENTSYS_A_STABLE] = U32, [AGENTSYS_A_BREAKER] = U32, [AGENTSYS_A_BREAKER_OPEN] = U32,
	[AGENTSYS_A_SUCCESS_CODES] = CODES, [AGENTSYS_A_SUCCESS_SIGNALS] = U64,
	[AGENTSYS_A_NEVER_CODES] = CODES, [AGENTSYS_A_NEVER_SIGNALS] = U64,
	[AGENTSYS_A_NEVER_CAUSES] = U32, [AGENTSYS_A_SET_SIGNIFICANT] = U32,
	[AGENTSYS_A_BACKEND] = U32, [AGENTSYS_A_LIMITS] = LIMITS,
	[AGENTSYS_A_LIMITS_PRESET] = U32,
	[GROUP_ATTR(NAME)] = STRING, [GROUP_ATTR(WAIT)] = FLAG, [GROUP_ATTR(PARENT)] = STRING,
	[GROUP_ATTR(STRATEGY)] = U32, [GROUP_ATTR(BUDGET)] = U32, [GROUP_ATTR(WITHIN)] = U32,
	[GROUP_ATTR(BACKOFF_INITIAL)] = U32, [GROUP_ATTR(BACKOFF_MAX)] = U32,
	[GROUP_ATTR(AUTO_SHUTDOWN)] = U32, [GROUP_ATTR(SIGNIFICANT)] = FLAG,
	[GROUP_ATTR(BACKOFF_KIND)] = U32, [GROUP_ATTR(JITTER)] = U32,
	[GROUP_ATTR(MEMBERS_MAX)] = U32,
	[GROUP_ATTR(SET_SIGNIFICANT)] = U32,
	[HISTORY_ATTR(AGENT_ID)] = U32, [HISTORY_ATTR(GROUP)] = STRING,
	[AGENTSYS_A_RELATION] = RELATION, [AGENTSYS_A_TRAPS] = U32,
	[RELATION_ATTR(KIND)] = U32, [RELATION_ATTR(FROM)] = U32, [RELATION_ATTR(TO)] = U32,
	[FAULT_ATTR(AGENT_ID)] = U32, [FAULT_ATTR(REPORT)] = U32,
	[FAULT_ATTR(INSTANCE)] = U32, [FAULT_ATTR(TYPE)] = U32,
	[FAULT_ATTR(PRESET)] = U32, [FAULT_ATTR(AFTER)] = U32, [FAULT_ATTR(WITHIN)] = U32,
	[FAULT_ATTR(RULES)] = RULES, [FAULT_ATTR(LIMIT)] = U64,
};

typedef unsigned __int128 attr_set;

_Static_assert(FUZZ_ATTRS <= 128, "a set has no room for all attributes");

#define BIT(n) ((attr_set)1 << (n))
#define BIT_OF(attr) BIT(AGENTSYS_A_##attr)
#define OF_STOP (BIT_OF(STOP_SIGNAL) | BIT_OF(STOP_TIMEOUT))
#define OF_RESTART (BIT_OF(RESTART) | BIT_OF(MAX_RESTARTS) | BIT_OF(BACKOFF_INITIAL) |	\
		    BIT_OF(BACKOFF_MAX) | BIT_OF(BACKOFF_KIND) | BIT_OF(JITTER) |	\
		    BIT_OF(STABLE) | BIT_OF(BREAKER) | BIT_OF(BREAKER_OPEN) |		\
		    BIT_OF(SUCCESS_CODES) | BIT_OF(SUCCESS_SIGNALS) |			\
		    BIT_OF(NEVER_CODES) | BIT_OF(NEVER_SIGNALS) | BIT_OF(NEVER_CAUSES))
#define OF_LIMITS (BIT_OF(MEMORY_MAX) | BIT_OF(MEMORY_HIGH) | BIT_OF(CPU_QUOTA) |	\
		   BIT_OF(CPU_PERIOD) | BIT_OF(PIDS_MAX) | BIT_OF(LIMITS))
#define GROUP_NAME BIT(GROUP_ATTR(NAME))
#define OF_GROUP (BIT(GROUP_ATTR(STRATEGY)) | BIT(GROUP_ATTR(BUDGET)) | BIT(GROUP_ATTR(WITHIN)) | \
		  BIT(GROUP_ATTR(BACKOFF_INITIAL)) | BIT(GROUP_ATTR(BACKOFF_MAX)) | \
		  BIT(GROUP_ATTR(BACKOFF_KIND)) | BIT(GROUP_ATTR(JITTER)) | \
		  BIT(GROUP_ATTR(MEMBERS_MAX)))
#define OF_RELATION (BIT(RELATION_ATTR(KIND)) | BIT(RELATION_ATTR(FROM)) | BIT(RELATION_ATTR(TO)))
#define OF_CONTROL BIT(GROUP_ATTR(WAIT))

/* How often a command is sent, what it needs, what it takes besides. */
static const struct {
	unsigned int weight;
	attr_set needs, takes;
} grammar[AGENTSYS_CMD_MAX + 1] = {
	[AGENTSYS_CMD_GET] = { 3, BIT_OF(ID), 0 },
	[AGENTSYS_CMD_SPAWN] = { 12, BIT_OF(ARG), BIT_OF(ID) | BIT_OF(NAME) | BIT_OF(WAIT) |
		BIT_OF(ENV) | BIT_OF(CWD) | BIT_OF(UID) | BIT_OF(GID) | BIT_OF(GROUPS) |
		BIT_OF(RLIMITS) | BIT_OF(NICE) | BIT_OF(OOM_SCORE_ADJ) | BIT_OF(BOUNDING) |
		BIT_OF(NEW_PRIVS) | BIT_OF(STDIN) | BIT_OF(STDOUT) | BIT_OF(STDERR) |
		BIT_OF(STDIN_FD) | BIT_OF(STDOUT_FD) | BIT_OF(STDERR_FD) | OF_RESTART |
		OF_STOP | OF_LIMITS | BIT_OF(GROUP) | BIT_OF(RELATION) | BIT_OF(TRAPS) |
		BIT_OF(BACKEND) },
	[AGENTSYS_CMD_ATTACH] = { 4, BIT_OF(PID), BIT_OF(ID) | BIT_OF(NAME) | BIT_OF(WAIT) |
		OF_STOP | OF_LIMITS },
	[AGENTSYS_CMD_START] = { 4, BIT_OF(ID), BIT_OF(WAIT) },
	[AGENTSYS_CMD_STOP] = { 3, BIT_OF(ID), BIT_OF(WAIT) | BIT_OF(STOP_TIMEOUT) },
	[AGENTSYS_CMD_KILL] = { 5, BIT_OF(ID), BIT_OF(WAIT) },
	[AGENTSYS_CMD_RESTART] = { 4, BIT_OF(ID), BIT_OF(WAIT) | BIT_OF(STOP_TIMEOUT) },
	[AGENTSYS_CMD_PAUSE] = { 2, BIT_OF(ID), 0 },
	[AGENTSYS_CMD_RESUME] = { 2, BIT_OF(ID), 0 },
	[AGENTSYS_CMD_REMOVE] = { 5, BIT_OF(ID), BIT_OF(WAIT) },
	[AGENTSYS_CMD_SET] = { 4, BIT_OF(ID), OF_RESTART | BIT_OF(TRAPS) | BIT_OF(GROUP) |
		BIT_OF(SET_SIGNIFICANT) },
	[AGENTSYS_CMD_SYSTEM_GET] = { 1, 0, 0 },
	[AGENTSYS_CMD_EVENT_GET] = { 1, 0, 0 },
	[AGENTSYS_CMD_SHUTDOWN] = { 1, 0, BIT_OF(WAIT) | BIT_OF(STOP_TIMEOUT) },
	[AGENTSYS_CMD_GROUP_GET] = { 2, GROUP_NAME, 0 },
	[AGENTSYS_CMD_GROUP_NEW] = { 4, GROUP_NAME, BIT(GROUP_ATTR(PARENT)) | OF_GROUP },
	[AGENTSYS_CMD_GROUP_SET] = { 3, GROUP_NAME, OF_GROUP | BIT(GROUP_ATTR(PARENT)) |
		BIT(GROUP_ATTR(SET_SIGNIFICANT)) },
	[AGENTSYS_CMD_GROUP_DEL] = { 3, GROUP_NAME, 0 },
	[AGENTSYS_CMD_GROUP_START] = { 3, GROUP_NAME, OF_CONTROL },
	[AGENTSYS_CMD_GROUP_STOP] = { 2, GROUP_NAME, OF_CONTROL },
	[AGENTSYS_CMD_GROUP_RESTART] = { 3, GROUP_NAME, OF_CONTROL },
	[AGENTSYS_CMD_HISTORY_GET] = { 3, 0,
		BIT(HISTORY_ATTR(AGENT_ID)) | BIT(HISTORY_ATTR(GROUP)) },
	[AGENTSYS_CMD_RELATION_NEW] = { 6, OF_RELATION, 0 },
	[AGENTSYS_CMD_RELATION_DEL] = { 2, OF_RELATION, 0 },
	[AGENTSYS_CMD_RELATION_GET] = { 1, 0, 0 },
	[AGENTSYS_CMD_FAULT_GET] = { 2, 0, BIT(FAULT_ATTR(AGENT_ID)) },
	[AGENTSYS_CMD_RECOVERY_GET] = { 2, 0, BIT(FAULT_ATTR(AGENT_ID)) },
	[AGENTSYS_CMD_RECOVERY_SET] = { 4, 0, BIT(FAULT_ATTR(AGENT_ID)) |
		BIT(FAULT_ATTR(PRESET)) | BIT(FAULT_ATTR(AFTER)) | BIT(FAULT_ATTR(WITHIN)) |
		BIT(FAULT_ATTR(RULES)) },
	[AGENTSYS_CMD_REPORT] = { 8, BIT(FAULT_ATTR(AGENT_ID)) | BIT(FAULT_ATTR(REPORT)),
		BIT(FAULT_ATTR(INSTANCE)) | BIT(FAULT_ATTR(TYPE)) | BIT(FAULT_ATTR(LIMIT)) },
	[AGENTSYS_CMD_LIMITS_GET] = { 2, 0, BIT_OF(ID) },
	[AGENTSYS_CMD_LIMITS_SET] = { 6, BIT_OF(ID), BIT_OF(LIMITS) | BIT_OF(LIMITS_PRESET) },
};

static inline uint8_t some_command(struct fuzzer *f)
{
	unsigned int sum = 0, n;
	uint8_t cmd;

	for (cmd = 1; cmd < ARRAY_SIZE(grammar); cmd++)
		sum += grammar[cmd].weight;
	n = pick(f, sum);
	for (cmd = 1; n >= grammar[cmd].weight; cmd++)
		n -= grammar[cmd].weight;
	return cmd;
}

/* What would do. Times are short, so that nobody waits for what may take a day. */
static inline uint64_t good_number(struct fuzzer *f, int type, const struct target *target)
{
	static const uint64_t bytes[] = { 0, 0, 1 << 20, 1 << 24, 1ULL << 40, UINT64_MAX };
	static const uint64_t periods[] = { 1000, 100000, 1000000 };

	switch (type) {
	case AGENTSYS_A_ID:
	case HISTORY_ATTR(AGENT_ID):
	case RELATION_ATTR(FROM):
	case RELATION_ATTR(TO):
	case FAULT_ATTR(AGENT_ID):
		return one_in(f, 6) ? AGENTSYS_ID_AUTO + pick(f, 50) : FUZZ_ID + pick(f, FUZZ_IDS);
	case AGENTSYS_A_PID:
		return one_in(f, 8) ? NO_PID : target->pid;
	case AGENTSYS_A_UID:
	case AGENTSYS_A_GID:
		return one_in(f, 2) ? 0 : FUZZ_USER;
	case AGENTSYS_A_NICE:
		return (int)pick(f, 40) - 20;
	case AGENTSYS_A_OOM_SCORE_ADJ:
		return (int)pick(f, 2001) - 1000;
	case AGENTSYS_A_BOUNDING:
		return any(f);
	case AGENTSYS_A_STDIN_FD:
	case AGENTSYS_A_STDOUT_FD:
	case AGENTSYS_A_STDERR_FD:
		return pick(f, 3);
	case AGENTSYS_A_RESTART:
		return pick(f, __AGENTSYS_RESTARTS);
	case AGENTSYS_A_STOP_SIGNAL:
		return 1 + pick(f, 64);
	case AGENTSYS_A_MEMORY_MAX:
	case AGENTSYS_A_MEMORY_HIGH:
		return PICK_OF(f, bytes);
	case AGENTSYS_A_CPU_QUOTA:
		return pick(f, 3) * 50000;
	case AGENTSYS_A_CPU_PERIOD:
		return PICK_OF(f, periods);
	case AGENTSYS_A_BACKOFF_INITIAL:	/* nobody restarts all the time */
	case AGENTSYS_A_BACKOFF_MAX:
	case GROUP_ATTR(BACKOFF_INITIAL):
	case GROUP_ATTR(BACKOFF_MAX):
		return 50 + pick(f, 500);
	case AGENTSYS_A_BACKOFF_KIND:
	case GROUP_ATTR(BACKOFF_KIND):
		return pick(f, __AGENTSYS_BACKOFFS);
	case AGENTSYS_A_BACKEND:	/* mostly one that is available */
		return pick(f, one_in(f, 4) ? __AGENTSYS_BACKENDS : AGENTSYS_BACKEND_TEE);
	case AGENTSYS_A_STABLE:
		return 1 + pick(f, 1000);
	case AGENTSYS_A_SUCCESS_SIGNALS:
	case AGENTSYS_A_NEVER_SIGNALS:
		return any(f);
	case AGENTSYS_A_NEVER_CAUSES:
		return pick(f, 1 << __AGENTSYS_CAUSES);
	case RELATION_ATTR(KIND):
		return pick(f, __AGENTSYS_RELATIONS);
	case AGENTSYS_A_TRAPS:
		return pick(f, 2);
	case FAULT_ATTR(REPORT):
		return pick(f, __AGENTSYS_REPORTS);
	case FAULT_ATTR(INSTANCE):
		return pick(f, 3);
	case FAULT_ATTR(TYPE):
		return one_in(f, 4) ? 1 + pick(f, __AGENTSYS_FAULTS - 1) :
				      AGENTSYS_FAULT_UNRESPONSIVE;
	case FAULT_ATTR(PRESET):
		return pick(f, AGENTSYS_PRESET_CUSTOM);
	case GROUP_ATTR(STRATEGY):
		return pick(f, __AGENTSYS_STRATEGIES);
	case GROUP_ATTR(MEMBERS_MAX):	/* mostly enough for those that come */
		return one_in(f, 4) ? 1 + pick(f, 10) : 1000;
	case GROUP_ATTR(WITHIN):	/* mostly longer than the restarts that it bounds */
		return one_in(f, 4) ? 1 + pick(f, 1000) : 60000;
	case AGENTSYS_A_LIMITS_PRESET:	/* the other one would have everything slowed down */
		return AGENTSYS_LIMITS_NONE;
	case AGENTSYS_A_SET_SIGNIFICANT:
	case GROUP_ATTR(SET_SIGNIFICANT):
		return pick(f, 2);
	default:	/* times and counts */
		return pick(f, 30);
	}
}

static inline const char *good_string(struct fuzzer *f, int type)
{
	static const char *const names[] = { "a", "two words", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		"123456789012345\xc3\xa4", "quotes \" and \\",
		"123456789012345678901234567890123456789012345678901234567890123" };

	/* Few, so that they meet, and that there are never many groups. */
	static const char *const groups[] = { FUZZ_GROUP, "inner", "other", "two words",
		"\xc3\xa4\xe2\x82\xac", AGENTSYS_ROOT_GROUP };

	switch (type) {
	case AGENTSYS_A_GROUP:
	case GROUP_ATTR(NAME):
	case GROUP_ATTR(PARENT):
	case HISTORY_ATTR(GROUP):
		return PICK_OF(f, groups);
	case AGENTSYS_A_NAME:
		return PICK_OF(f, names);
	case AGENTSYS_A_ARG:
		return one_in(f, 10) ? "/nowhere" : program("nothing");
	case AGENTSYS_A_ENV:
		return one_in(f, 2) ? "A=" : "PATH=/bin:/usr/bin";
	case AGENTSYS_A_CWD:
		return one_in(f, 5) ? "/nowhere" : "/tmp";
	case AGENTSYS_A_STDIN:
		return "/dev/null";
	default:
		return one_in(f, 5) ? "/nowhere/out" : WORK "/out";
	}
}

static inline void put_number(struct message *m, int type, uint64_t number)
{
	put(m, wire(type), &number, shapes[type] == U64 ? 8 : 4);
}

static inline void put_array(struct fuzzer *f, struct message *m, int type, unsigned int n)
{
	struct agentsys_job_rlimit limits[20] = {};
	uint32_t groups[1100] = { pick(f, 2000), pick(f, 2000), any(f) };

	for (unsigned int i = 0; i < ARRAY_SIZE(limits); i++)
		limits[i] = (struct agentsys_job_rlimit) { pick(f, 16), 0, 1 << 20, 1ULL << 40 };
	if (type == AGENTSYS_A_GROUPS)
		put(m, type, groups, n % ARRAY_SIZE(groups) * sizeof(groups[0]));
	else
		put(m, type, limits, n % ARRAY_SIZE(limits) * sizeof(limits[0]));
}

/* Now and then with something missing, or something that it does not have. */
static inline void put_relation(struct fuzzer *f, struct message *m)
{
	static const int all[] = { RELATION_ATTR(KIND), RELATION_ATTR(TO), RELATION_ATTR(FROM) };
	struct nlattr *nest = (struct nlattr *)(m->bytes + m->len);
	size_t at = m->len;

	add_bytes(m, &(struct nlattr){ NLA_HDRLEN, NLA_F_NESTED | AGENTSYS_A_RELATION },
		  NLA_HDRLEN);
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		bool needed = all[i] != RELATION_ATTR(FROM);

		if (needed != one_in(f, 8))
			put_number(m, all[i], good_number(f, all[i], NULL));
	}
	nest->nla_len = m->len - at;
}

/* A few of them, some of which do not fit; without an action the agent has no rule of its own. */
static inline void put_rules(struct fuzzer *f, struct message *m)
{
	struct nlattr *nest = (struct nlattr *)(m->bytes + m->len), *rule;
	size_t at = m->len, rule_at;

	add_bytes(m, &(struct nlattr){ NLA_HDRLEN, NLA_F_NESTED | AGENTSYS_F_RULES }, NLA_HDRLEN);
	for (unsigned int i = pick(f, 4); i; i--) {
		uint32_t type = one_in(f, 16) ? any(f) : 1 + pick(f, __AGENTSYS_FAULTS - 1);
		uint32_t action = one_in(f, 16) ? any(f) : pick(f, __AGENTSYS_RECOVERS);

		rule = (struct nlattr *)(m->bytes + m->len);
		rule_at = m->len;
		add_bytes(m, &(struct nlattr){ NLA_HDRLEN, NLA_F_NESTED | AGENTSYS_F_RULE },
			  NLA_HDRLEN);
		if (!one_in(f, 16))
			put(m, AGENTSYS_F_TYPE, &type, 4);
		if (!one_in(f, 4))
			put(m, AGENTSYS_F_ACTION, &action, 4);
		rule->nla_len = m->len - rule_at;
	}
	nest->nla_len = m->len - at;
}

/* Mostly so much that nobody is kept from anything, and now and then none at all. */
static inline void put_limits(struct fuzzer *f, struct message *m)
{
	struct nlattr *nest = (struct nlattr *)(m->bytes + m->len);
	size_t at = m->len;

	add_bytes(m, &(struct nlattr){ NLA_HDRLEN, NLA_F_NESTED | AGENTSYS_A_LIMITS }, NLA_HDRLEN);
	for (unsigned int i = 0; i < __AGENTSYS_LIMITS; i++) {
		uint64_t max = one_in(f, 3) ? 0 : 20000 + pick(f, 80000);

		if (i == AGENTSYS_LIMIT_WATCHDOG_MODE)
			max = pick(f, __AGENTSYS_WATCHDOGS);
		else if (i == AGENTSYS_LIMIT_WATCHDOG_START)
			max = pick(f, 2);
		else if (i == AGENTSYS_LIMIT_WATCHDOG_PHI)
			max %= 12001;
		else if (i == AGENTSYS_LIMIT_WATCHDOG_WINDOW)
			max %= 129;
		if (one_in(f, 16))
			max = extreme(f);
		if (i == AGENTSYS_LIMIT_MEMORY_MAX || i == AGENTSYS_LIMIT_MEMORY_HIGH)
			max <<= 10;
		if (one_in(f, 4))
			put(m, AGENTSYS_L_FIRST + i, &max, one_in(f, 40) ? 4 : 8);
	}
	nest->nla_len = m->len - at;
}

static inline void put_good(struct fuzzer *f, struct message *m, const struct target *target,
			    int type)
{
	uint64_t codes[AGENTSYS_CODE_WORDS];
	const char *string;

	switch (shapes[type]) {
	case U32:
	case U64:
		put_number(m, type, good_number(f, type, target));
		break;
	case STRING:
		string = good_string(f, type);
		put(m, wire(type), string, strlen(string) + 1);
		/* It is there for ever. */
		if (type == AGENTSYS_A_ARG && one_in(f, 2))
			put(m, type, "stay", 5);
		break;
	case ARRAY:
		put_array(f, m, type, pick(f, 4));
		break;
	case RELATION:
		put_relation(f, m);
		break;
	case LIMITS:
		put_limits(f, m);
		break;
	case RULES:
		put_rules(f, m);
		break;
	case CODES:
		for (unsigned int i = 0; i < AGENTSYS_CODE_WORDS; i++)
			codes[i] = any(f) & any(f);
		put(m, wire(type), codes, sizeof(codes));
		break;
	default:
		put(m, wire(type), NULL, 0);
	}
}

/* ---- values that would not do ---- */

static inline void put_bad_string(struct fuzzer *f, struct message *m, int type)
{
	static const size_t lengths[] = { 0, 1, 16, 63, 64, 4095, 4096, AGENTSYS_STR_MAX,
					  AGENTSYS_STR_MAX + 1, 65500 };
	static const char *const texts[] = { "", "\xff", "cut \xc3", "\xed\xa0\x80", "tab\t",
					     "=", "no value", "relative", "../..", "%s%n" };
	static char xs[65536] = "x";
	size_t len = PICK_OF(f, lengths);
	const char *text = PICK_OF(f, texts);

	if (!xs[sizeof(xs) - 1])
		memset(xs, 'x', sizeof(xs));
	switch (pick(f, 3)) {
	case 0:		/* without its end */
		put(m, wire(type), xs, len);
		break;
	case 1:		/* long, its end in the middle perhaps */
		add_bytes(m, &(struct nlattr){ NLA_HDRLEN + len + 1, wire(type) }, NLA_HDRLEN);
		add_bytes(m, xs, len + 1);
		m->bytes[m->len - NLMSG_ALIGN(len + 1) + len] = '\0';
		if (len && one_in(f, 4))
			m->bytes[m->len - NLMSG_ALIGN(len + 1) + pick(f, len)] = '\0';
		break;
	default:
		put(m, wire(type), text, strlen(text) + 1);
	}
}

/* Once more what may be given often, up to more than may be. */
static inline void put_many(struct fuzzer *f, struct message *m)
{
	static const unsigned int counts[] = { 9, AGENTSYS_ARGS_MAX, AGENTSYS_ARGS_MAX + 1 };
	int type = one_in(f, 2) ? AGENTSYS_A_ARG : AGENTSYS_A_ENV;
	unsigned int n = PICK_OF(f, counts);
	const char *text = one_in(f, 2) ? "A=1" : "B=2222222222222222222222222222222222222";

	while (n--)
		put(m, type, text, strlen(text) + 1);
}

/* Any type that is not of a pid or of a file that is written: those are only given on purpose. */
static inline uint16_t harmless_type(struct fuzzer *f)
{
	static const uint16_t types[] = {
		AGENTSYS_A_UNSPEC, AGENTSYS_A_PAD, AGENTSYS_A_ID, AGENTSYS_A_NAME, AGENTSYS_A_WAIT,
		AGENTSYS_A_ERRNO, AGENTSYS_A_TEXT, AGENTSYS_A_ENV, AGENTSYS_A_UID,
		AGENTSYS_A_GROUPS, AGENTSYS_A_RLIMITS, AGENTSYS_A_NICE, AGENTSYS_A_RESTART,
		AGENTSYS_A_STOP_TIMEOUT, AGENTSYS_A_MEMORY_MAX, AGENTSYS_A_STATE,
		AGENTSYS_A_CGROUP, AGENTSYS_A_PLACE, AGENTSYS_A_CIRCUIT, AGENTSYS_A_MAX + 1,
		100, 255, 0x3fff,
	};

	return PICK_OF(f, types);
}

static inline void put_bad(struct fuzzer *f, struct message *m, const struct target *target,
			   int type)
{
	static char zeros[8192];
	bool often = type == AGENTSYS_A_BACKOFF_INITIAL || type == AGENTSYS_A_BACKOFF_MAX ||
		     type == GROUP_ATTR(BACKOFF_INITIAL) || type == GROUP_ATTR(BACKOFF_MAX);
	uint64_t number = !often && one_in(f, 2) ? extreme(f) : good_number(f, type, target);
	size_t size = shapes[type] == U64 ? 8 : shapes[type] == FLAG ? 0 : 4;

	switch (pick(f, 9)) {
	case 0:		/* a number out of range; a shutdown or stop of a day would end no test */
		if (size && type != AGENTSYS_A_PID && type != AGENTSYS_A_STOP_TIMEOUT)
			put(m, wire(type), &number, size);
		break;
	case 1:		/* too short or too long */
		put(m, wire(type), zeros, pick(f, 3) ? pick(f, 20) : pick(f, sizeof(zeros)));
		break;
	case 2:		/* of another length than it says */
		put_lying(m, wire(type), &number, size, one_in(f, 2) ? pick(f, 4) : any(f));
		break;
	case 3:
		put(m, harmless_type(f), &number, pick(f, 9));
		break;
	case 4:		/* nested, or of the other byte order */
		put(m, wire(type) | (one_in(f, 2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER), &number,
		    size);
		break;
	case 5:		/* what is in it looks like attributes */
		add_bytes(m, &(struct nlattr){ 12, NLA_F_NESTED | harmless_type(f) }, NLA_HDRLEN);
		put(m, harmless_type(f), &number, 4);
		break;
	case 6:
		put_array(f, m, one_in(f, 2) ? AGENTSYS_A_GROUPS : AGENTSYS_A_RLIMITS, any(f));
		break;
	case 7:
		if (one_in(f, 4))
			put_many(f, m);
		break;
	default:	/* a second time */
		put_good(f, m, target, type);
	}
	if (shapes[type] == STRING && one_in(f, 2))
		put_bad_string(f, m, type);
}

static inline int some_attribute(struct fuzzer *f, attr_set of)
{
	int type;

	do
		type = pick(f, FUZZ_ATTRS);
	while (!(of & BIT(type)) && (of || !shapes[type]));
	return type;
}

/* Taken rarely, these would leave too much untried. */
static inline bool is_common(int type)
{
	return type == AGENTSYS_A_WAIT || type == AGENTSYS_A_GROUP || type == GROUP_ATTR(WAIT) ||
	       type == GROUP_ATTR(PARENT) || type == HISTORY_ATTR(AGENT_ID) ||
	       type == HISTORY_ATTR(GROUP) || type == AGENTSYS_A_LIMITS ||
	       type == FAULT_ATTR(RULES);
}

/* What a command needs, some of what it takes, and now and then something wrong. */
static inline void put_attributes(struct fuzzer *f, struct message *m,
				  const struct target *target, uint8_t cmd)
{
	attr_set known = grammar[cmd].needs | grammar[cmd].takes;
	uint64_t seq = extreme(f);

	if (cmd == AGENTSYS_CMD_EVENT_GET && one_in(f, 2))
		put(m, AGENTSYS_E_SEQ, &seq, one_in(f, 4) ? pick(f, 12) % 9 : 8);
	for (int type = 0; type < FUZZ_ATTRS; type++) {
		if (grammar[cmd].needs & BIT(type) && !one_in(f, 16))
			put_good(f, m, target, type);
		if (grammar[cmd].takes & BIT(type) &&
		    (type == AGENTSYS_A_ID ? !one_in(f, 8) : one_in(f, is_common(type) ? 2 : 8)))
			put_good(f, m, target, type);
	}
	while (one_in(f, 3))
		put_bad(f, m, target, some_attribute(f, one_in(f, 8) ? 0 : known));
}

/* ---- frames ---- */

static inline void mutate_frame(struct fuzzer *f, struct message *m)
{
	struct nlmsghdr *head = (struct nlmsghdr *)m->bytes;
	struct genlmsghdr *genl = NLMSG_DATA(head);
	size_t fixed = NLMSG_HDRLEN + GENL_HDRLEN;

	switch (pick(f, 8)) {
	case 0:
		head->nlmsg_len = one_in(f, 2) ? pick(f, m->len + 64) : extreme(f);
		break;
	case 1:
		head->nlmsg_flags = any(f);
		break;
	case 2:		/* a message of the kernel itself, or of no family */
		head->nlmsg_type = one_in(f, 2) ? pick(f, 16) : UINT16_MAX - pick(f, 100);
		break;
	case 3:
		genl->cmd = any(f);
		break;
	case 4:
		genl->version = any(f);
		genl->reserved = one_in(f, 2) ? any(f) : 0;
		break;
	case 5:		/* less than was said */
		m->len = 1 + pick(f, m->len);
		break;
	case 6:		/* more */
		for (unsigned int i = pick(f, 40); i; i--)
			add_bytes(m, &(uint32_t){ any(f) }, 4);
		if (one_in(f, 2))
			head->nlmsg_len = m->len;
		break;
	default:
		for (unsigned int i = 1 + pick(f, 8); i && m->len > fixed; i--)
			m->bytes[fixed + pick(f, m->len - fixed)] ^= 1 << pick(f, 8);
	}
}

/* Whatever else it has become: no pid but the child's is in it. */
static inline void scrub(struct message *m, const struct target *target)
{
	unsigned int head = 0;

	for (size_t at = 0; at + 8 <= m->len; at += 4) {
		struct nlattr *attr = (struct nlattr *)(m->bytes + at);
		uint32_t *pid = nla_data(attr);

		if (head < m->n && at == m->heads[head]) {
			head++;
			continue;
		}
		if (nla_type(attr) == AGENTSYS_A_PID && attr->nla_len == 8 &&
		    *pid != (uint32_t)target->pid)
			*pid = NO_PID;
	}
}

#endif
