// SPDX-License-Identifier: GPL-2.0-only
/*
 * A subscription to events, with a module that writes them, notifications that
 * are dropped when nobody reads them, and a ring that overwrites: each event
 * comes once and in order, and what is missing was counted and could not be had
 * any more.
 *
 * fuzz: -max_len=64 -runs=6000
 * build: -Wno-missing-field-initializers
 */
#include "fuzz.h"
#include "fuzz_nl.h"

#define agentsys_open(h)	fuzz_never(h)

static int fuzz_never(struct agentsys **h)
{
	(void)h;
	abort();
}

#include "../../tools/libasm/events.c"
#undef agentsys_open
#include "../../tools/libasm/conn.c"
#include "../../tools/libasm/info.c"
#include "../../tools/libasm/list.c"

#define RING	8
#define LIVE	4	/* notifications that wait at most */

static struct {
	struct fuzz in;
	struct agentsys_events *events;
	uint64_t last;			/* number of the newest event */
	uint64_t live[LIVE];		/* notifications that wait */
	size_t nlive;
	bool dropped;			/* some did not fit */
	uint64_t dump;			/* what the dump tells of next */
	uint32_t seq;			/* of the dump's request */
	bool dumping;
	bool busy;			/* events come while the ring is dumped, too */
} world;

/* There may be no memory to tell of it. */
static void write_event(bool told)
{
	world.last++;
	if (!told)
		return;
	if (world.nlive < LIVE)
		world.live[world.nlive++] = world.last;
	else
		world.dropped = true;
}

static uint64_t value_of(uint64_t seq)
{
	return seq * 7 + 1;
}

static void add_event(uint64_t seq, uint32_t message, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(256);
	char name[32];

	snprintf(name, sizeof(name), "%s%u", seq % 2 ? "agent " : "an agent of a long name ",
		 (unsigned int)seq);
	genlmsg_put(msg, 0, message, FUZZ_FAMILY, 0, flags, AGENTSYS_NTF_EVENT, 1);
	nla_put_u64(msg, AGENTSYS_E_SEQ, seq);
	nla_put_u64(msg, AGENTSYS_E_VALUE, value_of(seq));
	nla_put_string(msg, AGENTSYS_E_NAME, name);
	fuzz_nl_add(nlmsg_hdr(msg), NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len));
	nlmsg_free(msg);
}

static uint64_t oldest(void)
{
	return world.last > RING ? world.last - RING + 1 : 1;
}

/* A part of a dump, as the module makes it: what is overwritten meanwhile is missing. */
static void add_dump(void)
{
	struct nl_msg *msg;
	int status = 0;

	for (int n = 0; n < 3; n++) {
		if (world.busy && fuzz_u8(&world.in) & 1)
			write_event(true);
		if (world.dump < oldest())
			world.dump = oldest();
		if (world.dump > world.last)
			break;
		add_event(world.dump++, world.seq, NLM_F_MULTI);
	}
	if (world.dump <= world.last)
		return;
	msg = nlmsg_alloc_size(256);
	nlmsg_put(msg, 0, world.seq, NLMSG_DONE, 0, NLM_F_MULTI);
	nlmsg_append(msg, &status, sizeof(status), 0);
	fuzz_nl_add(nlmsg_hdr(msg), NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len));
	nlmsg_free(msg);
	world.dumping = false;
}

int fuzz_nl_more(const void *buf)
{
	if (buf == world.events->ring->buf) {
		CHECK(world.dumping);
		add_dump();
		return 0;
	}
	if (world.dropped) {
		world.dropped = false;
		return -ENOBUFS;
	}
	if (!world.nlive)
		return -EAGAIN;
	add_event(world.live[0], 0, 0);
	memmove(world.live, world.live + 1, --world.nlive * sizeof(*world.live));
	return 0;
}

ssize_t fuzz_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		    socklen_t tolen)
{
	struct nlattr *attrs[AGENTSYS_E_MAX + 1];
	struct nlmsghdr *hdr = (struct nlmsghdr *)buf;

	(void)fd, (void)flags, (void)to, (void)tolen;
	CHECK(!nlmsg_parse(hdr, GENL_HDRLEN, attrs, AGENTSYS_E_MAX, NULL));
	CHECK(hdr->nlmsg_flags & NLM_F_DUMP && !world.dumping);
	world.dumping = true;
	world.seq = hdr->nlmsg_seq;
	world.dump = nla_get_u64(attrs[AGENTSYS_E_SEQ]) + 1;
	return (ssize_t)len;
}

/* The next event, if there is one; @handed is the one before. */
static bool next(uint64_t *handed)
{
	struct agentsys_event event;
	uint64_t lost = 77;
	int ret = agentsys_events_next(world.events, &event, &lost, 0);

	CHECK(ret == 0 || ret == 1);
	if (!ret)
		return false;
	CHECK(event.seq > *handed && event.seq <= world.last);
	CHECK(event.value == value_of(event.seq));
	CHECK(!strncmp(event.name, event.seq % 2 ? "agent " : "an agent of a lo", 6));
	CHECK(lost == (*handed ? event.seq - *handed - 1 : 0));
	/* Only what the ring has lost is lost. */
	CHECK(event.seq == *handed + 1 || event.seq - 1 < oldest());
	*handed = event.seq;
	return true;
}

static void begin(uint64_t after)
{
	struct agentsys_events *events = calloc(1, sizeof(*events));

	CHECK(events);
	events->live = fuzz_nl_open();
	events->ring = fuzz_nl_open();
	world.events = events;
	/* As set_start() does it. */
	events->last = events->handed = after > world.last ? 0 : after;
	CHECK(!read_ring(events));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	uint64_t handed;

	memset(&world, 0, sizeof(world));
	world.busy = fuzz_u8(&in) & 1;
	world.last = fuzz_u8(&in) % 32;
	world.in = in;
	begin(fuzz_u8(&world.in) % 40);
	handed = world.events->handed;
	while (world.in.left) {
		uint8_t op = fuzz_u8(&world.in);

		for (int n = op % 16; n && !(op & 0x10); n--)
			write_event(!(op & 0x20));
		for (int n = op % 16; n && op & 0x10; n--)
			next(&handed);
	}
	/* In the end everything has come, if only the last one was told of. */
	while (next(&handed))
		;
	write_event(true);
	while (next(&handed))
		;
	CHECK(handed == world.last);
	agentsys_events_close(world.events);
	fuzz_nl_clear();
	return 0;
}
