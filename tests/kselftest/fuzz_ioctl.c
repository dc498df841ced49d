// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of /dev/agentsys and files of /proc/agentsys that are nearly right: by root,
 * by a user, and from within an agent, at the same time. What the header does not
 * allow does not come back, nothing is written where it was not asked for, and who
 * may change nothing changes nothing. See lib/fuzz.h for how to repeat a failure.
 *
 * vm: timeout=300
 */
#include "kselftest_harness.h"
#include "lib/agents.h"
#include "lib/ending.h"
#include "lib/fuzz.h"
#include "lib/fuzz_buffer.h"
#include "lib/fuzz_file.h"

#include <json-c/json.h>
#include <linux/agentsys.h>
#include <sys/ioctl.h>

#define CALLS		10000	/* of each thread */
#define OWN_ID		200	/* the agent that makes calls */

#define ARG_PAGES	2
#define TEXT_PAGES	16

enum kind {
	VERSION,	/* takes any size */
	TEXT,		/* has a buffer that is written */
	ANSWER,		/* is written itself */
	PLAIN,		/* is only read */
};

/*
 * What <linux/agentsys.h> says of each call. @never: what others than the launcher
 * never get is success.
 */
static const struct command {
	unsigned int number;
	const char *name;
	size_t size;
	enum kind kind;
	bool never;
	const int *errors;
} commands[] = {
#define COMMON EFAULT, EINVAL, E2BIG
#define ERRORS(...) (const int[]){ __VA_ARGS__, 0 }
	{ AGENTSYS_IOC_VERSION, "version", sizeof(struct agentsys_version), VERSION, false,
	  ERRORS(EFAULT) },
	{ AGENTSYS_IOC_TELEMETRY, "telemetry", sizeof(struct agentsys_text), TEXT, false,
	  ERRORS(COMMON, EMSGSIZE, EINTR, ENOMEM) },
	{ AGENTSYS_IOC_POLICY, "policy", sizeof(struct agentsys_policy), PLAIN, false,
	  ERRORS(COMMON, EPERM, ESRCH, EOPNOTSUPP) },
	{ AGENTSYS_IOC_INFO, "info", sizeof(struct agentsys_text), TEXT, false,
	  ERRORS(COMMON, ESRCH, EPERM, EMSGSIZE, EINTR, ENOMEM) },
	{ AGENTSYS_IOC_WHOAMI, "whoami", sizeof(struct agentsys_whoami), ANSWER, false,
	  ERRORS(COMMON, ESRCH) },
	{ AGENTSYS_IOC_HEARTBEAT, "heartbeat", sizeof(struct agentsys_heartbeat), PLAIN, false,
	  ERRORS(COMMON, ESRCH) },
	{ AGENTSYS_IOC_USE, "use", sizeof(struct agentsys_use), PLAIN, false,
	  ERRORS(COMMON, ESRCH, EDQUOT, ENOMEM) },
	{ AGENTSYS_IOC_LAUNCH_JOIN, "launch-join", sizeof(struct agentsys_launch_join), PLAIN,
	  true, ERRORS(COMMON, EPERM) },
	{ AGENTSYS_IOC_LAUNCH_NEXT, "launch-next", sizeof(struct agentsys_launch_next), PLAIN,
	  true, ERRORS(COMMON, EPERM, ENOBUFS) },
	{ AGENTSYS_IOC_LAUNCH_COMMIT, "launch-commit", sizeof(struct agentsys_launch_result),
	  PLAIN, true, ERRORS(COMMON, EPERM) },
	{ AGENTSYS_IOC_LAUNCH_FAIL, "launch-fail", sizeof(struct agentsys_launch_result), PLAIN,
	  true, ERRORS(COMMON, EPERM) },
};

/**
 * struct own - what a thread has of its own
 * @files: open, read on and on
 * @arg: where structs are put
 * @text: where texts are put
 * @before: what was in @arg before the call
 * @image: the struct to be given
 * @in_agent: its process is agent OWN_ID
 */
struct own {
	int files[N_FILES];
	struct pages arg;
	struct pages text;
	char *before;
	union {
		uint32_t size;
		struct agentsys_text text;
		struct agentsys_policy policy;
		struct agentsys_use use;
		struct agentsys_launch_result result;
		char bytes[ARG_PAGES * FUZZ_PAGE];
	} image;
	bool in_agent;
};

/* Structs of several threads at once, each changed by the others while it is read. */
static struct pages shared;

static void begin(struct fuzzer *f)
{
	struct own *own = f->own;

	open_files(own->files);
	pages_make(&own->arg, ARG_PAGES * FUZZ_PAGE);
	pages_make(&own->text, TEXT_PAGES * FUZZ_PAGE);
	own->before = malloc(own->arg.size);
	MUST(own->before);
}

/* ---- texts ---- */

static void check_text(struct fuzzer *f, const struct buffer *buffer, uint64_t len, int ret,
		       char byte)
{
	struct json_object *json;

	check_fence(f, buffer, byte);
	if (ret == -EMSGSIZE && len <= buffer->len)
		wrong(f, "does not fit in %llu, and needs only %llu",
		      (unsigned long long)buffer->len, (unsigned long long)len);
	if (ret < 0)
		return;
	if (len != (uint64_t)ret + 1 || len > buffer->len || strnlen(buffer->at, len) != len - 1) {
		wrong(f, "returns %d, and a length of %llu", ret, (unsigned long long)len);
		return;
	}
	if (!is_utf8(buffer->at, ret))
		wrong(f, "the text is not UTF-8");
	if (!one_in(f, 16))
		return;
	json = json_tokener_parse(buffer->at);
	if (!json)
		wrong(f, "the text is no JSON: %.60s", buffer->at);
	json_object_put(json);
}

/* ---- structs ---- */

static uint32_t some_id(struct fuzzer *f)
{
	switch (pick(f, 5)) {
	case 0:
		return extreme(f);
	case 1:
		return one_in(f, 2) ? OWN_ID : 0;
	default:
		return FUZZ_ID + pick(f, FUZZ_IDS);
	}
}

/* What would do. */
static void fill(struct fuzzer *f, const struct command *c, struct buffer *buffer)
{
	struct own *own = f->own;

	memset(&own->image, 0, sizeof(own->image));
	own->image.size = c->size;
	switch (c->number) {
	case AGENTSYS_IOC_INFO:
		own->image.text.agent_id = some_id(f);
		/* fallthrough */
	case AGENTSYS_IOC_TELEMETRY:
		*buffer = some_buffer(f, &own->text);
		own->image.text.buf = (uintptr_t)buffer->at;
		own->image.text.len = buffer->len;
		break;
	case AGENTSYS_IOC_LAUNCH_NEXT:
		own->image.text.buf = (uintptr_t)own->text.rw;
		own->image.text.len = one_in(f, 2) ? extreme(f) : AGENTSYS_SPEC_MAX;
		break;
	case AGENTSYS_IOC_POLICY:
		own->image.policy.agent_id = some_id(f);
		own->image.policy.patch = pick(f, 6);
		own->image.policy.value = one_in(f, 3) ? extreme(f) : pick(f, 4);
		break;
	case AGENTSYS_IOC_USE:
		own->image.use.messages = one_in(f, 2) ? extreme(f) : 1;
		own->image.use.tool_calls = one_in(f, 2) ? extreme(f) : 1;
		break;
	case AGENTSYS_IOC_LAUNCH_FAIL:
		own->image.result.step = pick(f, __AGENTSYS_STEPS + 1);
		own->image.result.error = one_in(f, 3) ? extreme(f) : ENOENT;
		/* fallthrough */
	case AGENTSYS_IOC_LAUNCH_COMMIT:
		own->image.result.token = one_in(f, 3) ? extreme(f) : pick(f, 50);
		break;
	}
}

static uint32_t some_size(struct fuzzer *f, size_t size)
{
	switch (pick(f, 6)) {
	case 0:
		return extreme(f);
	case 1:
		return pick(f, size + 1);
	case 2:
		return size + pick(f, 64);
	case 3:
		return FUZZ_PAGE - 2 + pick(f, 4);
	default:
		return size;
	}
}

/* One thing, or two, that would not do. The buffer stays what it is: it is ours. */
static void mutate(struct fuzzer *f, const struct command *c)
{
	struct own *own = f->own;
	bool text = c->kind == TEXT;
	size_t room = text ? offsetof(struct agentsys_text, buf) : c->size;
	uint32_t value;

	if (one_in(f, 2))
		own->image.size = some_size(f, c->size);
	switch (pick(f, 4)) {
	case 0:			/* a field */
		value = extreme(f);
		memcpy(own->image.bytes + 4 * (1 + pick(f, room / 4 - 1)), &value, 4);
		break;
	case 1:			/* a bit */
		own->image.bytes[4 + pick(f, room - 4)] ^= 1 << pick(f, 8);
		break;
	case 2:			/* something that only a later version knows */
		own->image.bytes[c->size + pick(f, one_in(f, 2) ? 16 : 4500)] = 1 + pick(f, 255);
		break;
	}
}

/* What becomes of a struct that can be read, before its fields are looked at; else 0. */
static int expected(const struct own *own, const struct command *c)
{
	uint32_t size = own->image.size;

	if (c->kind == VERSION)
		return 0;
	if (size < c->size)
		return -EINVAL;
	if (size > FUZZ_PAGE)
		return -E2BIG;
	for (uint32_t i = c->size; i < size; i++)
		if (own->image.bytes[i])
			return -E2BIG;
	return 0;
}

enum place { INSIDE, AT_END, CUT, READ_ONLY, NOWHERE, SHARED };

/* Put @len bytes of the struct there. */
static char *put(struct fuzzer *f, enum place where, size_t len)
{
	struct own *own = f->own;
	char *end = own->arg.rw + own->arg.size;
	size_t at, there = len;

	switch (where) {
	case INSIDE:
		at = pick(f, own->arg.size - len);
		break;
	case AT_END:
		at = own->arg.size - len;
		break;
	case CUT:
		there = pick(f, len);
		at = own->arg.size - there;
		break;
	case READ_ONLY:
		at = pick(f, own->arg.size - len);
		memcpy(own->arg.rw + at, own->image.bytes, len);
		return own->arg.ro + at;
	case NOWHERE:
		return bad_address(f);
	default:
		memcpy(shared.rw, own->image.bytes, len);
		return shared.rw;
	}
	memcpy(own->arg.rw + at, own->image.bytes, there);
	MUST(own->arg.rw + at + there <= end);
	return own->arg.rw + at;
}

/* Nothing but what the call answers with has changed in @own->arg. */
static void check_arg(struct fuzzer *f, const struct command *c, char *at)
{
	struct own *own = f->own;
	size_t from = 0, to = 0;

	if (at >= own->arg.rw && at < own->arg.rw + own->arg.size) {
		from = at - own->arg.rw;
		switch (c->kind) {
		case VERSION:
			to = from + (own->image.size && own->image.size < c->size ?
				     own->image.size : c->size);
			break;
		case ANSWER:
			to = from + c->size;
			break;
		case TEXT:
			from += offsetof(struct agentsys_text, len);
			to = from + sizeof(uint64_t);
			break;
		case PLAIN:
			to = from;
			break;
		}
	}
	/* One that is cut ends before that. */
	from = from < own->arg.size ? from : own->arg.size;
	to = to < own->arg.size ? to : own->arg.size;
	if (memcmp(own->arg.rw, own->before, from) ||
	    memcmp(own->arg.rw + to, own->before + to, own->arg.size - to))
		wrong(f, "something beside the answer is written");
}

/* Who may and who may not. */
static void check_success(struct fuzzer *f, const struct command *c)
{
	const struct own *own = f->own;

	if (c->never)
		wrong(f, "a call of the launcher works");
	if (c->number == AGENTSYS_IOC_POLICY && f->user)
		wrong(f, "a user changes a policy");
	if ((c->number == AGENTSYS_IOC_WHOAMI || c->number == AGENTSYS_IOC_HEARTBEAT ||
	     c->number == AGENTSYS_IOC_USE) && !own->in_agent)
		wrong(f, "it is in no agent");
}

static void call_struct(struct fuzzer *f)
{
	const struct command *c = &PICK_OF(f, commands);
	enum place place = pick(f, 10);
	struct own *own = f->own;
	struct buffer buffer = { .valid = true };
	bool readable, sane;
	uint64_t len = 0;
	char byte = any(f);
	int want, ret;
	char *at;
	size_t given;

	if (place > SHARED)
		place = place % 2;	/* mostly where it would do */
	fill(f, c, &buffer);
	if (one_in(f, 2))
		mutate(f, c);
	given = own->image.size > FUZZ_PAGE ? FUZZ_PAGE : own->image.size;
	if (given < c->size)
		given = c->kind == VERSION && !given ? c->size : given < 4 ? 4 : given;
	if (c->kind == VERSION && given > c->size)
		given = c->size;

	if (place == SHARED) {
		/* Whoever comes first has it, also as another call: no text goes elsewhere. */
		buffer.at = shared.rw + FUZZ_PAGE;
		if (c->kind == TEXT || c->number == AGENTSYS_IOC_LAUNCH_NEXT)
			own->image.text.buf = (uintptr_t)buffer.at;
	}
	memset(own->arg.rw, byte, own->arg.size);
	at = put(f, place, given);
	memcpy(own->before, own->arg.rw, own->arg.size);
	if (c->kind == TEXT)
		mark_fence(&buffer, byte);
	doing(f, "%s, size %u, place %d, id %u, buffer %p, length %#llx", c->name,
	      own->image.size, place, own->image.text.agent_id, buffer.at,
	      (unsigned long long)buffer.len);

	ret = ioctl(own->files[DEVICE], c->number, at);
	ret = ret < 0 ? -errno : ret;

	if (ret < 0 && !is_among(-ret, c->errors))
		wrong(f, "%s is not documented", strerrorname_np(-ret));
	if (ret > 0 && c->kind != TEXT)
		wrong(f, "returns %d", ret);
	if (ret >= 0)
		check_success(f, c);
	check_arg(f, c, at);
	if (place == SHARED)	/* anybody's */
		return;
	readable = place == INSIDE || place == AT_END || place == READ_ONLY;
	sane = (place == INSIDE || place == AT_END) && buffer.valid;
	want = readable ? expected(own, c) : 0;
	if (want && ret != want)
		wrong(f, "%d instead of %d", ret, want);
	if (sane && ret == -EFAULT)
		wrong(f, "all of it can be accessed");
	if (place == NOWHERE && ret != -EFAULT)
		wrong(f, "%d without any memory", ret);
	if (c->kind != TEXT || (place != INSIDE && place != AT_END) || want)
		return;
	memcpy(&len, at + offsetof(struct agentsys_text, len), sizeof(len));
	check_text(f, &buffer, len, ret, byte);
}

static void call_unknown(struct fuzzer *f)
{
	static const int dirs[] = { _IOC_NONE, _IOC_READ, _IOC_WRITE, _IOC_READ | _IOC_WRITE };
	struct own *own = f->own;
	unsigned int number = _IOC(PICK_OF(f, dirs), one_in(f, 2) ? AGENTSYS_IOC_MAGIC : 'x',
				   one_in(f, 2) ? pick(f, 256) : pick(f, 8),
				   one_in(f, 2) ? 0 : pick(f, 1 << _IOC_SIZEBITS));

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (number == commands[i].number)
			return;
	doing(f, "unknown call %#x", number);
	if (ioctl(own->files[DEVICE], number, one_in(f, 2) ? bad_address(f) : own->arg.rw) != -1 ||
	    errno != ENOTTY)
		wrong(f, "%s", strerrorname_np(errno));
}

static void call_one(struct fuzzer *f)
{
	struct own *own = f->own;

	switch (pick(f, 20)) {
	case 0:
		call_unknown(f);
		break;
	case 1:
	case 2:
	case 3:
		call_file(f, own->files, &own->text);
		break;
	default:
		call_struct(f);
	}
}

/* ---- tests ---- */

#define THREADS		6

FIXTURE(fuzz) {
	struct agents a;
	struct fuzzer *fuzzers;	/* the agent's too */
	struct own *own;
};

FIXTURE_SETUP(fuzz)
{
	const size_t size = THREADS * sizeof(struct fuzzer);

	fuzz_ask(CALLS);
	agents_open(_metadata, &self->a);
	/* An agent may say of itself that it is broken. */
	ASSERT_EQ(0, agentsys_recovery_set(self->a.h, 0, AGENTSYS_PRESET_PERMISSIVE, NULL, 0));
	self->fuzzers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	self->own = calloc(THREADS, sizeof(*self->own));
	ASSERT_TRUE(self->fuzzers != MAP_FAILED && self->own);
	pages_make(&shared, ARG_PAGES * FUZZ_PAGE);
	for (unsigned int i = 0; i < THREADS; i++) {
		struct fuzzer *f = &self->fuzzers[i];

		f->number = i;
		f->user = i % 2;
		f->call_fn = call_one;
		f->begin_fn = begin;
		f->own = &self->own[i];
	}
	for (unsigned int i = 0; i < FUZZ_IDS; i++) {
		struct agentsys_spec *spec = SPEC(program("nothing"), "stay");

		agentsys_spec_set_id(spec, FUZZ_ID + i);
		agentsys_spec_set_name(spec, i % 2 ? "quotes \" and \\" : "\xc3\xa4hnlich");
		SPAWN(&self->a, spec);
	}
}

FIXTURE_TEARDOWN(fuzz)
{
	EXPECT_EQ(0, agentsys_recovery_set(self->a.h, 0, AGENTSYS_PRESET_DEFAULT, NULL, 0));
	expect_all_ended(_metadata, &self->a);
	agents_close(&self->a);
	free(self->own);
}

static unsigned int all_wrong(const struct fuzzer *fuzzers)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < THREADS; i++)
		sum += fuzzers[i].wrong;
	return sum;
}

/* A process that makes calls as the agent that it is. */
static pid_t fork_agent(struct __test_metadata *_metadata, struct agents *a,
			struct fuzzer *fuzzers)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	int ends[2];
	char byte;
	pid_t pid;

	agentsys_spec_set_id(spec, OWN_ID);
	MUST(!pipe2(ends, O_CLOEXEC));
	for (int i = 0; i < 2; i++)
		fuzzers[i].tid = fuzz_wanted(&fuzzers[i]) ? -1 : 0;
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		MUST(read(ends[0], &byte, 1) == 1);
		for (int i = 0; i < 2; i++) {
			((struct own *)fuzzers[i].own)->in_agent = true;
			fuzz_start(&fuzzers[i]);
		}
		for (int i = 0; i < 2; i++)
			fuzz_join(&fuzzers[i]);
		_exit(0);
	}
	ASSERT_OK(a->h, agentsys_attach(a->h, pid, spec, AGENTSYS_WAIT, NULL));
	MUST(write(ends[1], "x", 1) == 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

TEST_F_TIMEOUT(fuzz, root_a_user_and_an_agent, 240)
{
	pid_t pid = fork_agent(_metadata, &self->a, &self->fuzzers[THREADS - 2]);
	int status;

	for (int i = 0; i < THREADS - 2; i++)
		fuzz_start(&self->fuzzers[i]);
	ASSERT_TRUE(fuzz_watch(self->fuzzers, THREADS));
	for (int i = 0; i < THREADS - 2; i++)
		fuzz_join(&self->fuzzers[i]);
	MUST(waitpid(pid, &status, 0) == pid);
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, all_wrong(self->fuzzers));
}

TEST_F_TIMEOUT(fuzz, a_user_changes_nothing, 240)
{
	struct fuzz_state before;

	fuzz_remember(&self->a, &before);
	for (int i = 1; i < THREADS; i += 2)
		fuzz_start(&self->fuzzers[i]);
	ASSERT_TRUE(fuzz_watch(self->fuzzers, THREADS));
	for (int i = 1; i < THREADS; i += 2)
		fuzz_join(&self->fuzzers[i]);
	EXPECT_EQ(0, all_wrong(self->fuzzers));
	EXPECT_TRUE(fuzz_unchanged(&self->a, &before));
}

TEST_HARNESS_MAIN
