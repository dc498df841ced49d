// SPDX-License-Identifier: GPL-2.0-only
/*
 * libasm and what comes back from the module: acknowledgements, answers and
 * dumps, whole and mutilated, in any order. Nothing may be read beyond a
 * message; of whole answers every value must arrive, and of a dump each agent
 * once and in order, each group as it was told of.
 *
 * fuzz: -max_len=256 -runs=12000
 * build: -Wno-missing-field-initializers
 */
#include "fuzz.h"
#include "fuzz_nl.h"

#include "../../tools/libasm/backend.c"
#include "../../tools/libasm/conn.c"
#include "../../tools/libasm/control.c"
#include "../../tools/libasm/group.c"
#include "../../tools/libasm/info.c"
#include "../../tools/libasm/limits.c"
#include "../../tools/libasm/list.c"
#include "../../tools/libasm/spec.c"
#include "../../tools/libasm/words.c"

#define SENT_MAX	64

static struct {
	struct fuzz in;
	uint32_t seq;		/* of the request */
	uint8_t cmd;
	bool whole;		/* nothing but what the module would send was sent */
	uint32_t sent[SENT_MAX];	/* agents told of since the request */
	size_t nsent;
} world;

ssize_t fuzz_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		    socklen_t tolen)
{
	const struct nlmsghdr *hdr = buf;
	const struct genlmsghdr *genl = nlmsg_data(hdr);

	(void)fd, (void)flags, (void)to, (void)tolen;
	CHECK(len >= sizeof(*hdr) + sizeof(*genl) && hdr->nlmsg_len == len);
	world.seq = hdr->nlmsg_seq;
	world.cmd = genl->cmd;
	world.nsent = 0;
	return (ssize_t)len;
}

/* An answer as the module makes it: all about an agent follows from its id. */
static void send_agent(struct nl_msg *msg, uint32_t id)
{
	char text[32];

	snprintf(text, sizeof(text), "agent %u", id);
	nla_put_u32(msg, AGENTSYS_A_ID, id);
	nla_put_string(msg, AGENTSYS_A_NAME, text);
	nla_put_u64(msg, AGENTSYS_A_MEMORY, id * 3ULL);
	nla_put_u32(msg, AGENTSYS_A_CODE, -id);
	snprintf(text, sizeof(text), "/agents/%u", id);
	nla_put_string(msg, AGENTSYS_A_CGROUP, text);
	if (world.nsent < SENT_MAX)
		world.sent[world.nsent++] = id;
}

/* Likewise of a group. */
static void send_group(struct nl_msg *msg, uint32_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "group %u", n);
	nla_put_string(msg, AGENTSYS_G_NAME, text);
	nla_put_string(msg, AGENTSYS_G_PARENT, text + 1);
	nla_put_u32(msg, AGENTSYS_G_BUDGET, n + 7);
	nla_put_u64(msg, AGENTSYS_G_RESTARTS, n * 3ULL);
	if (world.nsent < SENT_MAX)
		world.sent[world.nsent++] = n;
}

static void send_attributes(struct nl_msg *msg, struct fuzz *in)
{
	world.whole = false;
	for (int n = fuzz_u8(in) % 8; n; n--) {
		int type = fuzz_u8(in) % (AGENTSYS_A_MAX + 3);
		size_t len;
		char *bytes = fuzz_bytes(in, fuzz_u8(in) % 80, &len);

		nla_put(msg, type, (int)len, bytes);
		free(bytes);
	}
}

static void send_ack(struct nl_msg *msg, struct fuzz *in, uint32_t seq)
{
	uint8_t how = fuzz_u8(in);
	int error = how & 1 ? -(int)(fuzz_u8(in) % 134) : 0;
	struct nlmsgerr ack = { .error = error, .msg.nlmsg_len = sizeof(ack.msg) };

	if (how & 2) {	/* what no kernel sends */
		ack.error = (int)fuzz_u32(in);
		ack.msg.nlmsg_len = fuzz_u32(in);
		world.whole = false;
	}
	nlmsg_put(msg, 0, seq, NLMSG_ERROR, 0, (how & 4 ? NLM_F_CAPPED : 0) |
		  (how & 8 ? NLM_F_ACK_TLVS : 0));
	nlmsg_append(msg, &ack, sizeof(ack) - (how & 16 ? how % 8 : 0), 0);
	world.whole &= !(how & 16);
	if (how & 8)
		nla_put_string(msg, NLMSGERR_ATTR_MSG, "no such thing");
}

static void send_answer(struct nl_msg *msg, struct fuzz *in, uint32_t seq)
{
	uint8_t how = fuzz_u8(in);

	genlmsg_put(msg, 0, seq, FUZZ_FAMILY, 0, (how & 1 ? NLM_F_MULTI : 0) |
		    (how & 2 ? NLM_F_DUMP_INTR : 0), how & 4 ? fuzz_u8(in) : world.cmd, 1);
	world.whole &= !(how & 4);
	if (how & 8)
		send_attributes(msg, in);
	else if (!(how & 4) && seq == world.seq && world.cmd == AGENTSYS_CMD_GET)
		send_agent(msg, how >> 4);
	else if (!(how & 4) && seq == world.seq && world.cmd == AGENTSYS_CMD_GROUP_GET)
		send_group(msg, how >> 4);
}

/* One message behind the others; its header may lie about its length. */
static void send_message(struct fuzz *in, uint8_t how)
{
	struct nl_msg *msg = nlmsg_alloc_size(8192);
	uint32_t seq = how & 0x80 ? fuzz_u8(in) : world.seq;
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	int status = 0;
	char *bytes;
	size_t len;

	switch (how % 4) {
	case 0:
		send_ack(msg, in, seq);
		break;
	case 1:
		send_answer(msg, in, seq);
		break;
	case 2:
		nlmsg_put(msg, 0, seq, NLMSG_DONE, 0, NLM_F_MULTI);
		if (how & 4)
			status = (int)fuzz_u32(in);
		world.whole &= !status;
		nlmsg_append(msg, &status, how & 8 ? 0 : sizeof(status), 0);
		break;
	case 3:
		world.whole = false;
		nlmsg_put(msg, 0, seq, how & 4 ? FUZZ_FAMILY : fuzz_u8(in), 0, fuzz_u8(in));
		bytes = fuzz_bytes(in, fuzz_u8(in), &len);
		nlmsg_append(msg, bytes, len, 0);
		free(bytes);
	}
	len = NLMSG_ALIGN(hdr->nlmsg_len);
	if (how & 0x40) {
		world.whole = false;
		hdr->nlmsg_len += fuzz_u8(in) % 64 - 32;
	}
	fuzz_nl_add(hdr, len);
	nlmsg_free(msg);
}

/* A datagram for a receiver that is about to wait for one. */
int fuzz_nl_more(const void *buf)
{
	struct fuzz *in = &world.in;
	uint8_t how = fuzz_u8(in);

	(void)buf;
	if (!in->left)
		return -EIO;
	if (how % 16 == 15)
		return how & 16 ? -ENOBUFS : -EINTR;
	do {
		send_message(in, fuzz_u8(in));
		how >>= 1;
	} while (how & 1);
	return 0;
}

/* ---- what is made of it ---- */

static void check_result(const struct agentsys *h, ssize_t ret)
{
	if (ret >= 0)
		return;
	CHECK(ret >= -4095);
	CHECK(*h->error && strlen(h->error) < sizeof(h->error));
}

static void check_info(const struct agentsys_info *info)
{
	char text[32];

	CHECK(strlen(info->name) < sizeof(info->name));
	CHECK(strlen(info->cgroup) < 65536);
	if (!world.whole)
		return;
	CHECK(info->memory == info->id * 3ULL);
	CHECK(info->code == -(int32_t)info->id);
	snprintf(text, sizeof(text), "agent %u", info->id);
	CHECK(!strcmp(info->name, text));
	snprintf(text, sizeof(text), "/agents/%u", info->id);
	CHECK(!strcmp(info->cgroup, text));
}

static bool was_sent(uint32_t id)
{
	for (size_t i = 0; i < world.nsent; i++)
		if (world.sent[i] == id)
			return true;
	return false;
}

static void check_list(struct agentsys_info **list, ssize_t n)
{
	ssize_t different = 0;

	CHECK(!list[n]);
	for (ssize_t i = 0; i < n; i++) {
		check_info(list[i]);
		CHECK(!i || list[i - 1]->id < list[i]->id);
		CHECK(!world.whole || was_sent(list[i]->id));
	}
	for (size_t i = 0; i < world.nsent; i++) {
		size_t before = 0;

		while (world.sent[before] != world.sent[i])
			before++;
		different += before == i;
	}
	if (world.whole && world.nsent < SENT_MAX)
		CHECK(n == different);
}

static void get(struct agentsys *h)
{
	struct agentsys_info *info;
	int ret = agentsys_get(h, 5, &info);

	check_result(h, ret);
	CHECK(!ret || !info);
	if (info && (!world.whole || world.nsent))
		check_info(info);
	agentsys_info_free(info);
}

static void list(struct agentsys *h)
{
	struct agentsys_info **agents;
	ssize_t n = agentsys_list(h, &agents);

	check_result(h, n);
	CHECK((n >= 0) == !!agents);
	if (agents)
		check_list(agents, n);
	agentsys_list_free(agents);
}

static void get_system(struct agentsys *h)
{
	struct agentsys_system *system;
	int ret = agentsys_system(h, &system);

	check_result(h, ret);
	CHECK(!ret || !system);
	if (system)
		CHECK(strlen(system->release) + strlen(system->launcher_path) +
		      strlen(system->cgroup_root) + strlen(system->controllers) < 4 * 65536);
	agentsys_system_free(system);
}

static void find(struct agentsys *h)
{
	uint32_t id = 77;
	int ret = agentsys_find(h, "agent 7", &id);

	check_result(h, ret);
	if (!ret && world.whole)
		CHECK(id == 7);
}

static void check_group(const struct agentsys_group *group)
{
	uint32_t n = group->budget - 7;
	char text[32];

	CHECK(strlen(group->name) < sizeof(group->name));
	CHECK(strlen(group->parent) < sizeof(group->parent));
	if (!world.whole)
		return;
	snprintf(text, sizeof(text), "group %u", n);
	CHECK(was_sent(n) && group->restarts == n * 3ULL);
	CHECK(!strcmp(group->name, text) && !strcmp(group->parent, text + 1));
}

static void group_get(struct agentsys *h)
{
	struct agentsys_group *group;
	int ret = agentsys_group_get(h, "group 5", &group);

	check_result(h, ret);
	CHECK(!ret || !group);
	if (group && (!world.whole || world.nsent))
		check_group(group);
	agentsys_group_free(group);
}

static void group_list(struct agentsys *h)
{
	struct agentsys_group **groups;
	ssize_t n = agentsys_group_list(h, &groups);

	check_result(h, n);
	CHECK((n >= 0) == !!groups);
	for (ssize_t i = 0; i < n; i++)
		check_group(groups[i]);
	CHECK(n < 0 || !groups[n]);
	agentsys_group_list_free(groups);
}

static void group_command(struct agentsys *h, uint8_t how)
{
	switch (how % 3) {
	case 0:
		group_get(h);
		break;
	case 1:
		group_list(h);
		break;
	case 2:
		check_result(h, agentsys_group_stop(h, "group 5", AGENTSYS_WAIT));
		break;
	}
}

static void spawn(struct agentsys *h)
{
	struct agentsys_spec *spec = agentsys_spec_new();
	uint32_t id;

	CHECK(!agentsys_spec_add_arg(spec, "/bin/true"));
	check_result(h, agentsys_spawn(h, spec, AGENTSYS_WAIT, &id));
	agentsys_spec_free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agentsys *h = fuzz_nl_open();
	uint32_t ended, killed;
	uint8_t command;

	memset(&world, 0, sizeof(world));
	world.in = (struct fuzz){ data, size };
	while (world.in.left) {
		world.whole = true;
		fuzz_nl_clear();
		command = fuzz_u8(&world.in);
		if (command >= 0xf0) {
			group_command(h, command);
			continue;
		}
		switch (command % 6) {
		case 0:
			get(h);
			break;
		case 1:
			list(h);
			break;
		case 2:
			get_system(h);
			break;
		case 3:
			spawn(h);
			break;
		case 4:
			find(h);
			break;
		case 5:
			check_result(h, agentsys_shutdown(h, 5, AGENTSYS_WAIT, &ended, &killed));
			break;
		}
	}
	fuzz_nl_clear();
	agentsys_close(h);
	return 0;
}
