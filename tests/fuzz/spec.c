// SPDX-License-Identifier: GPL-2.0-only
/*
 * A spec that is built in any order, and the message that is made of it, for
 * which exactly the room that was announced must do: every attribute in it, in
 * order and with its value, and none that the request does not take.
 *
 * fuzz: -max_len=192 -runs=15000
 * build: -Wno-missing-field-initializers
 */
#include <errno.h>
#include <netlink/netlink.h>

#include "fuzz.h"

#include "../../tools/libasm/backend.c"
#include "../../tools/libasm/spec.c"
#include "../../tools/libasm/words.c"

#define MANY	24

/* What was set, as somebody would note it on paper. */
static struct {
	struct agentsys_spec *spec;
	uint64_t number[AGENTSYS_A_MAX + 1];
	bool set[AGENTSYS_A_MAX + 1];
	char *text[AGENTSYS_A_MAX + 1];
	char *args[MANY], *env[MANY];
	size_t nargs, nenv;
	uint32_t groups[MANY];
	size_t ngroups;
	uint64_t soft[AGENTSYS_RLIMITS], hard[AGENTSYS_RLIMITS];
	bool limited[AGENTSYS_RLIMITS];
	uint64_t codes[CODE_SETS][AGENTSYS_CODE_WORDS];
} noted;

/* Now and then one that is about too long for an attribute, which is 65530 bytes. */
static char *make_string(struct fuzz *in)
{
	uint8_t how = fuzz_u8(in);
	size_t len;
	char *s;

	if (how < 0xf8)
		return fuzz_string(in, how % 12);
	len = 65528 + how % 8;
	s = malloc(len + 1);
	CHECK(s);
	memset(s, '=', len);
	s[0] = 'a';
	s[len] = '\0';
	return s;
}

static void note_number(int attr, uint64_t value)
{
	noted.number[attr] = value;
	noted.set[attr] = true;
}

#define NARROW(_setter, _attr) \
	(agentsys_spec_set_##_setter(spec, n), note_number(AGENTSYS_A_##_attr, (uint32_t)n))
#define WIDE(_setter, _attr) \
	(agentsys_spec_set_##_setter(spec, n), note_number(AGENTSYS_A_##_attr, n))

static void set_some_number(struct fuzz *in)
{
	struct agentsys_spec *spec = noted.spec;
	uint8_t which = fuzz_u8(in) % 17;
	uint64_t n = fuzz_any(in);

	switch (which) {
	case 0:
		NARROW(id, ID);
		break;
	case 1:
		NARROW(uid, UID);
		break;
	case 2:
		NARROW(gid, GID);
		break;
	case 3:
		NARROW(nice, NICE);
		break;
	case 4:
		NARROW(oom_score_adj, OOM_SCORE_ADJ);
		break;
	case 5:
		WIDE(bounding, BOUNDING);
		break;
	case 6:
		NARROW(max_restarts, MAX_RESTARTS);
		break;
	case 7:
		NARROW(stop_signal, STOP_SIGNAL);
		break;
	case 8:
		NARROW(stop_timeout, STOP_TIMEOUT);
		break;
	case 9:
		WIDE(memory_max, MEMORY_MAX);
		break;
	case 10:
		WIDE(memory_high, MEMORY_HIGH);
		break;
	case 11:
		WIDE(pids_max, PIDS_MAX);
		break;
	case 12:
		NARROW(jitter, JITTER);
		break;
	case 13:
		NARROW(stable, STABLE);
		break;
	case 14:
		NARROW(never_causes, NEVER_CAUSES);
		break;
	case 15:
		WIDE(success_signals, SUCCESS_SIGNALS);
		break;
	case 16:
		WIDE(never_signals, NEVER_SIGNALS);
		break;
	}
}

static void set_some_pair(struct fuzz *in)
{
	uint8_t which = fuzz_u8(in) % 5;
	uint64_t a = fuzz_any(in), b = fuzz_any(in);

	switch (which) {
	case 0:
		agentsys_spec_set_restart(noted.spec, a % 4);
		note_number(AGENTSYS_A_RESTART, a % 4);
		break;
	case 1:
		agentsys_spec_set_backoff(noted.spec, (uint32_t)a, (uint32_t)b);
		note_number(AGENTSYS_A_BACKOFF_INITIAL, (uint32_t)a);
		note_number(AGENTSYS_A_BACKOFF_MAX, (uint32_t)b);
		break;
	case 2:
		agentsys_spec_set_cpu(noted.spec, a, b);
		note_number(AGENTSYS_A_CPU_QUOTA, a);
		note_number(AGENTSYS_A_CPU_PERIOD, b);
		break;
	case 3:
		agentsys_spec_set_breaker(noted.spec, (uint32_t)a, (uint32_t)b);
		note_number(AGENTSYS_A_BREAKER, (uint32_t)a);
		note_number(AGENTSYS_A_BREAKER_OPEN, (uint32_t)b);
		break;
	case 4:
		agentsys_spec_set_backoff_kind(noted.spec, a % 4);
		note_number(AGENTSYS_A_BACKOFF_KIND, a % 4);
		break;
	}
}

static void note_text(int attr, char *s)
{
	free(noted.text[attr]);
	noted.text[attr] = s;
}

static void add_arg(struct fuzz *in)
{
	char *s = make_string(in);

	if (noted.nargs == MANY) {
		free(s);
		return;
	}
	CHECK(!agentsys_spec_add_arg(noted.spec, s));
	noted.args[noted.nargs++] = s;
}

static void add_env(struct fuzz *in)
{
	char *s = make_string(in), *equals = strchr(s, '=');
	size_t i = 0;

	if (!equals || equals == s) {
		CHECK(agentsys_spec_add_env(noted.spec, s) == -EINVAL);
		free(s);
		return;
	}
	while (i < noted.nenv && strncmp(noted.env[i], s, (size_t)(equals - s) + 1))
		i++;
	if (i == MANY) {
		free(s);
		return;
	}
	CHECK(!agentsys_spec_add_env(noted.spec, s));
	if (i < noted.nenv)
		free(noted.env[i]);
	else
		noted.nenv++;
	noted.env[i] = s;
}

static void set_stdio(struct fuzz *in)
{
	int n = fuzz_u8(in) % 5 - 1, fd = fuzz_u8(in) - 128;
	bool valid = n >= 0 && n <= 2;
	char *path = NULL;

	if (fuzz_u8(in) & 1) {
		CHECK(agentsys_spec_set_stdio_fd(noted.spec, n, fd) ==
		      (valid && fd >= 0 ? 0 : -EINVAL));
		if (!valid || fd < 0)
			return;
		note_number(stdio_fd_attrs[n], (uint32_t)fd);
	} else {
		path = fuzz_u8(in) & 1 ? make_string(in) : NULL;
		CHECK(agentsys_spec_set_stdio_path(noted.spec, n, path) == (valid ? 0 : -EINVAL));
		if (!valid) {
			free(path);
			return;
		}
		noted.set[stdio_fd_attrs[n]] = false;
	}
	note_text(stdio_path_attrs[n], path);
}

static void set_rlimit(struct fuzz *in)
{
	uint32_t resource = fuzz_u8(in) % (AGENTSYS_RLIMITS + 2);
	uint64_t soft = fuzz_any(in), hard = fuzz_any(in);
	int ret = agentsys_spec_set_rlimit(noted.spec, resource, soft, hard);

	CHECK(ret == (resource < AGENTSYS_RLIMITS ? 0 : -EINVAL));
	if (ret)
		return;
	noted.soft[resource] = soft;
	noted.hard[resource] = hard;
	noted.limited[resource] = noted.set[AGENTSYS_A_RLIMITS] = true;
}

static void set_groups(struct fuzz *in)
{
	size_t n = fuzz_u8(in) % MANY;

	for (size_t i = 0; i < n; i++)
		noted.groups[i] = fuzz_u8(in);
	CHECK(!agentsys_spec_set_groups(noted.spec, n, noted.groups));
	noted.ngroups = n;
	noted.set[AGENTSYS_A_GROUPS] = true;
}

static void set_codes_of(struct fuzz *in)
{
	uint64_t *codes = noted.codes[fuzz_u8(in) & 1];

	for (int i = 0; i < AGENTSYS_CODE_WORDS; i++)
		codes[i] = fuzz_any(in);
	if (codes == noted.codes[C_SUCCESS])
		agentsys_spec_set_success_codes(noted.spec, codes);
	else
		agentsys_spec_set_never_codes(noted.spec, codes);
	noted.set[code_attrs[codes == noted.codes[C_SUCCESS] ? C_SUCCESS : C_NEVER]] = true;
}

static void check_codes(struct nlattr *attr, enum code_set set)
{
	CHECK(nla_len(attr) == sizeof(noted.codes[set]));
	CHECK(!memcmp(nla_data(attr), noted.codes[set], sizeof(noted.codes[set])));
}

static void set_something(struct fuzz *in)
{
	char *s;

	switch (fuzz_u8(in) % 11) {
	case 0:
	case 1:
		set_some_number(in);
		break;
	case 2:
		set_some_pair(in);
		break;
	case 3:
		add_arg(in);
		break;
	case 4:
		add_env(in);
		break;
	case 5:
		set_stdio(in);
		break;
	case 6:
		set_rlimit(in);
		break;
	case 7:
		set_groups(in);
		break;
	case 8:
		s = make_string(in);
		CHECK(!agentsys_spec_set_name(noted.spec, s));
		note_text(AGENTSYS_A_NAME, s);
		break;
	case 9:
		s = make_string(in);
		CHECK(!agentsys_spec_set_cwd(noted.spec, s));
		note_text(AGENTSYS_A_CWD, s);
		break;
	case 10:
		set_codes_of(in);
		break;
	}
}

/* ---- the message ---- */

/* The attributes of the requests, as <linux/agentsys_netlink.h> lists them. */
static bool is_taken(int attr, enum spec_parts parts)
{
	switch (attr) {
	case AGENTSYS_A_RESTART:
	case AGENTSYS_A_MAX_RESTARTS:
	case AGENTSYS_A_BACKOFF_INITIAL:
	case AGENTSYS_A_BACKOFF_MAX:
	case AGENTSYS_A_BACKOFF_KIND:
	case AGENTSYS_A_JITTER:
	case AGENTSYS_A_STABLE:
	case AGENTSYS_A_BREAKER:
	case AGENTSYS_A_BREAKER_OPEN:
	case AGENTSYS_A_SUCCESS_CODES:
	case AGENTSYS_A_SUCCESS_SIGNALS:
	case AGENTSYS_A_NEVER_CODES:
	case AGENTSYS_A_NEVER_SIGNALS:
	case AGENTSYS_A_NEVER_CAUSES:
		return parts != SPEC_ATTACH;
	case AGENTSYS_A_ID:
	case AGENTSYS_A_NAME:
	case AGENTSYS_A_STOP_SIGNAL:
	case AGENTSYS_A_STOP_TIMEOUT:
	case AGENTSYS_A_MEMORY_MAX:
	case AGENTSYS_A_MEMORY_HIGH:
	case AGENTSYS_A_CPU_QUOTA:
	case AGENTSYS_A_CPU_PERIOD:
	case AGENTSYS_A_PIDS_MAX:
		return parts != SPEC_POLICY;
	default:
		return parts == SPEC_ALL;
	}
}

static void check_rlimits(struct nlattr *attr)
{
	struct agentsys_job_rlimit limits[AGENTSYS_RLIMITS];
	size_t n = (size_t)nla_len(attr) / sizeof(*limits), expected = 0;

	for (int i = 0; i < AGENTSYS_RLIMITS; i++)
		expected += noted.limited[i];
	CHECK(n == expected && nla_len(attr) == (int)(n * sizeof(*limits)));
	memcpy(limits, nla_data(attr), n * sizeof(*limits));
	for (size_t i = 0; i < n; i++) {
		CHECK(limits[i].resource < AGENTSYS_RLIMITS && noted.limited[limits[i].resource]);
		CHECK(limits[i].cur == noted.soft[limits[i].resource]);
		CHECK(limits[i].max == noted.hard[limits[i].resource]);
	}
}

static void check_attribute(struct nlattr *attr, size_t *args, size_t *env)
{
	int type = nla_type(attr);
	const char *text = NULL;

	CHECK(type > 0 && type <= AGENTSYS_A_MAX);
	switch (type) {
	case AGENTSYS_A_RLIMITS:
		check_rlimits(attr);
		return;
	case AGENTSYS_A_GROUPS:
		CHECK(nla_len(attr) == (int)(noted.ngroups * sizeof(uint32_t)));
		CHECK(!memcmp(nla_data(attr), noted.groups, noted.ngroups * sizeof(uint32_t)));
		return;
	case AGENTSYS_A_SUCCESS_CODES:
		check_codes(attr, C_SUCCESS);
		return;
	case AGENTSYS_A_NEVER_CODES:
		check_codes(attr, C_NEVER);
		return;
	case AGENTSYS_A_ARG:
		CHECK(*args < noted.nargs);
		text = noted.args[(*args)++];
		break;
	case AGENTSYS_A_ENV:
		CHECK(*env < noted.nenv);
		text = noted.env[(*env)++];
		break;
	default:
		text = noted.text[type];
	}
	if (text) {
		CHECK(nla_len(attr) == (int)strlen(text) + 1 && !strcmp(nla_data(attr), text));
	} else {
		CHECK(noted.set[type] && nla_len(attr) >= 4);
		CHECK((nla_len(attr) == 8 ? nla_get_u64(attr) : nla_get_u32(attr)) ==
		      noted.number[type]);
	}
}

static void check_message(struct nl_msg *msg, enum spec_parts parts)
{
	bool seen[AGENTSYS_A_MAX + 1] = { false };
	size_t args = 0, env = 0;
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, nlmsg_hdr(msg), 0, left) {
		check_attribute(attr, &args, &env);
		CHECK(is_taken(nla_type(attr), parts));
		CHECK(!seen[nla_type(attr)] || nla_type(attr) == AGENTSYS_A_ARG ||
		      nla_type(attr) == AGENTSYS_A_ENV);
		seen[nla_type(attr)] = true;
	}
	CHECK(!left);
	for (int i = 1; i <= AGENTSYS_A_MAX; i++)
		CHECK(seen[i] || !is_taken(i, parts) || !(noted.set[i] || noted.text[i]));
	CHECK(parts != SPEC_ALL || (args == noted.nargs && env == noted.nenv));
}

/* The length of an attribute has 16 bits, for its head and the terminator as well. */
static bool is_long(const char *s)
{
	return s && strlen(s) + 1 + 4 > 65535;
}

static int expected_error(void)
{
	for (size_t i = 0; i < noted.nargs; i++)
		if (is_long(noted.args[i]))
			return -E2BIG;
	for (size_t i = 0; i < noted.nenv; i++)
		if (is_long(noted.env[i]))
			return -E2BIG;
	for (int i = 0; i <= AGENTSYS_A_MAX; i++)
		if (is_long(noted.text[i]))
			return -ENAMETOOLONG;
	return 0;
}

static void check_parts(enum spec_parts parts)
{
	struct words args = { NULL };
	struct nl_msg *msg;
	char why[64];
	int ret;

	if (parts == SPEC_ALL)
		CHECK(!spec_args(noted.spec, &args, why, sizeof(why)) && !*why);
	msg = nlmsg_alloc_size(NLMSG_HDRLEN + spec_size(noted.spec, &args));
	nlmsg_put(msg, 0, 0, 30, 0, 0);
	ret = spec_put(msg, noted.spec, parts, parts == SPEC_ALL ? &args : NULL);
	CHECK(ret == expected_error());
	if (!ret)
		check_message(msg, parts);
	nlmsg_free(msg);
	words_clear(&args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };

	memset(&noted, 0, sizeof(noted));
	noted.spec = agentsys_spec_new();
	while (in.left)
		set_something(&in);
	check_parts(SPEC_ALL);
	check_parts(SPEC_ATTACH);
	check_parts(SPEC_POLICY);
	agentsys_spec_free(noted.spec);
	for (size_t i = 0; i < MANY; i++) {
		free(noted.args[i]);
		free(noted.env[i]);
	}
	for (int i = 0; i <= AGENTSYS_A_MAX; i++)
		free(noted.text[i]);
	return 0;
}
