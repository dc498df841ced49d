/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzers share: generators that repeat themselves, memory that ends where
 * it should, and somebody who watches.
 *
 * The seed is printed. SEED=N in the environment makes every thread make the same
 * calls again; THREAD=N makes only one of them do so, CALL=N or CALL=N-M only these
 * calls; CALLS=N asks for more or fewer than usual.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_FUZZ_H
#define TESTS_LIB_FUZZ_H

#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define FUZZ_USER	1000
#define FUZZ_PAGE	4096
#define FUZZ_GAP	(8 << 20)	/* more than any text: it goes on behind what faults */
#define FUZZ_ID		100	/* the first of the agents that are asked about */
#define FUZZ_IDS	8
#define FUZZ_TOLD	10	/* failures of a thread that are printed */

/**
 * struct fuzzer - one thread that makes calls, in memory that processes share
 * @thread: the thread
 * @tid: the same for the kernel, 0 when it has ended
 * @number: of the thread
 * @user: it has no privileges
 * @call_fn: makes one call
 * @begin_fn: called first, may be NULL
 * @own: the test's
 * @state: of the generator
 * @call: number of the call under way
 * @since: when it began, 0 between two calls
 * @doing: what it does
 * @done: calls made
 * @wrong: oracles that did not hold
 */
struct fuzzer {
	pthread_t thread;
	atomic_int tid;
	unsigned int number;
	bool user;
	void (*call_fn)(struct fuzzer *f);
	void (*begin_fn)(struct fuzzer *f);
	void *own;
	uint64_t state;
	atomic_uint call;
	atomic_ullong since;
	char doing[200];
	atomic_uint done;
	atomic_uint wrong;
};

/* What the environment asks for. */
struct fuzz_options {
	unsigned int seed;
	unsigned int first, last;	/* calls */
	int thread;			/* -1 for all */
};

static struct fuzz_options fuzz_options;

static inline unsigned int fuzz_number(const char *variable, unsigned int otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static inline void fuzz_ask(unsigned int calls)
{
	const char *only = getenv("CALL");

	fuzz_options.seed = fuzz_number("SEED", now_ms() * 2654435761U);
	fuzz_options.thread = (int)fuzz_number("THREAD", -1);
	fuzz_options.first = 0;
	fuzz_options.last = fuzz_number("CALLS", calls / vm_scale()) - 1;
	if (only) {
		fuzz_options.first = fuzz_number("CALL", 0);
		fuzz_options.last = strchr(only, '-') ? strtoul(strchr(only, '-') + 1, NULL, 0) :
							fuzz_options.first;
	}
	printf("# SEED=%u, %u calls of each thread\n", fuzz_options.seed,
	       fuzz_options.last - fuzz_options.first + 1);
}

/* ---- numbers ---- */

/* splitmix64 */
static inline uint64_t any(struct fuzzer *f)
{
	uint64_t z = f->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* A call's choices depend on nothing but the seed, the thread and the call. */
static inline void fuzz_reseed(struct fuzzer *f, unsigned int call)
{
	f->state = ((uint64_t)fuzz_options.seed << 32) + f->number;
	f->state = any(f) + call;
	any(f);
}

static inline unsigned int pick(struct fuzzer *f, unsigned int n)
{
	return any(f) % n;
}

static inline bool one_in(struct fuzzer *f, unsigned int n)
{
	return !pick(f, n);
}

#define PICK_OF(f, array) ((array)[pick(f, ARRAY_SIZE(array))])

/* Where arithmetic and comparisons go wrong. */
static inline uint64_t extreme(struct fuzzer *f)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 7, 8, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536,
		INT32_MAX - 1, INT32_MAX, 1U << 31, UINT32_MAX - 1, UINT32_MAX, 1ULL << 32,
		INT64_MAX, 1ULL << 63, UINT64_MAX - 4095, UINT64_MAX - 1, UINT64_MAX,
	};

	return one_in(f, 4) ? any(f) >> pick(f, 64) : PICK_OF(f, numbers);
}

/* ---- memory ---- */

/**
 * struct pages - memory behind which there is none
 * @rw: its address
 * @ro: the same memory, not to be written
 * @size: a multiple of pages
 */
struct pages {
	char *rw;
	char *ro;
	size_t size;
};

static inline void pages_make(struct pages *pages, size_t size)
{
	int fd = memfd_create("pages", MFD_CLOEXEC);
	size_t whole = size + FUZZ_GAP;
	char *at;

	MUST(fd >= 0 && !ftruncate(fd, size));
	at = mmap(NULL, 2 * whole + FUZZ_GAP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(at != MAP_FAILED);
	/* Memory that cannot be accessed is before, between and behind them. */
	pages->rw = mmap(at + FUZZ_GAP, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 0);
	pages->ro = mmap(at + FUZZ_GAP + whole, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	MUST(pages->rw != MAP_FAILED && pages->ro != MAP_FAILED);
	pages->size = size;
	close(fd);
}

/* Nothing is there that could be accessed, or nothing of ours. */
static inline void *bad_address(struct fuzzer *f)
{
	static const uint64_t addresses[] = {
		0, 1, 8, 4096, 0x00007ffffffff000ULL, 0x00007ffffffffffcULL, 0x0000800000000000ULL,
		0x8000000000000000ULL, 0xffff888000000000ULL, 0xffffffff81000000ULL,
		0xffffffffff600000ULL, 0xfffffffffffff000ULL, UINT64_MAX - 7, UINT64_MAX,
	};

	return (void *)PICK_OF(f, addresses);
}

static inline bool is_utf8(const char *s, size_t len)
{
	size_t more;

	for (; len; s++, len--) {
		unsigned char c = *s;

		if (c < 0x80)
			continue;
		more = c >= 0xf0 && c < 0xf5 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
		if (!more || c >= 0xf5 || more >= len)
			return false;
		for (; more; more--, len--)
			if ((*++s & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* ---- threads ---- */

__attribute__((format(printf, 2, 3)))
static inline void doing(struct fuzzer *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->doing, sizeof(f->doing), format, args);
	va_end(args);
}

/* An oracle does not hold. */
__attribute__((format(printf, 2, 3)))
static inline void wrong(struct fuzzer *f, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (f->wrong++ < FUZZ_TOLD)
		printf("# SEED=%u THREAD=%u CALL=%u (%s): %s: %s\n", fuzz_options.seed, f->number,
		       f->call, f->user ? "user" : "root", f->doing, text);
	fflush(stdout);
}

/* A list of errors ends with 0. */
static inline bool is_among(int error, const int *errors)
{
	for (; *errors; errors++)
		if (error == *errors)
			return true;
	return false;
}

/* This thread alone: the library's calls would change all of them. */
static inline void become_user(void)
{
	MUST(!syscall(SYS_setgroups, 0, NULL));
	MUST(!syscall(SYS_setresgid, FUZZ_USER, FUZZ_USER, FUZZ_USER));
	MUST(!syscall(SYS_setresuid, FUZZ_USER, FUZZ_USER, FUZZ_USER));
}

static inline void *fuzz_loop(void *arg)
{
	struct fuzzer *f = arg;

	f->tid = gettid();
	fuzz_reseed(f, UINT32_MAX);
	if (f->begin_fn)
		f->begin_fn(f);
	if (f->user)
		become_user();
	for (unsigned int call = fuzz_options.first; call <= fuzz_options.last; call++) {
		fuzz_reseed(f, call);
		f->call = call;
		f->since = now_ms();
		f->call_fn(f);
		f->since = 0;
		f->done++;
	}
	f->tid = 0;
	return NULL;
}

static inline bool fuzz_wanted(const struct fuzzer *f)
{
	return fuzz_options.thread < 0 || fuzz_options.thread == (int)f->number;
}

static inline void fuzz_start(struct fuzzer *f)
{
	if (!fuzz_wanted(f))
		return;
	f->tid = -1;
	MUST(!pthread_create(&f->thread, NULL, fuzz_loop, f));
}

static inline void fuzz_join(struct fuzzer *f)
{
	if (fuzz_wanted(f))
		pthread_join(f->thread, NULL);
}

/* Wait until all have ended. False, and who does what, if a call does not return. */
static inline bool fuzz_watch(struct fuzzer *fuzzers, size_t n)
{
	char path[64], stack[2048];
	bool hung = false, busy;

	do {
		busy = false;
		usleep(50000);
		for (size_t i = 0; i < n; i++) {
			struct fuzzer *f = &fuzzers[i];
			uint64_t since = f->since;

			busy = busy || f->tid;
			if (!since || now_ms() < since + PATIENCE_MS)
				continue;
			snprintf(path, sizeof(path), "/proc/%d/stack", f->tid);
			read_whole(path, stack, sizeof(stack));
			printf("# SEED=%u THREAD=%u CALL=%u does not return: %s\n%s",
			       fuzz_options.seed, f->number, f->call, f->doing, stack);
			hung = true;
		}
	} while (busy && !hung);
	fflush(stdout);
	return !hung;
}

/* ---- what a user cannot change ---- */

/* The agents from FUZZ_ID on, which do nothing, and the totals. */
struct fuzz_state {
	struct agentsys_system system;
	struct agentsys_info agents[FUZZ_IDS];
};

static inline void fuzz_remember(struct agents *a, struct fuzz_state *state)
{
	state->system = look_system(a->h);
	for (unsigned int i = 0; i < FUZZ_IDS; i++) {
		state->agents[i] = look(a, FUZZ_ID + i);
		state->agents[i].cpu_time_us = 0;
		state->agents[i].memory = 0;
	}
}

static inline bool fuzz_unchanged(struct agents *a, const struct fuzz_state *before)
{
	struct fuzz_state now;

	fuzz_remember(a, &now);
	return !memcmp(&now.system, &before->system, sizeof(now.system)) &&
	       !memcmp(now.agents, before->agents, sizeof(now.agents));
}

#endif
