// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Events come by two ways: as notifications, and from the ring when asked for.
 * A subscription is made first and the ring is read then, so that nothing falls
 * in between; whatever was seen already is recognised by its number. The ring
 * is also what a reader that was too slow for the notifications goes back to.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conn.h"

/**
 * struct agentsys_events - a subscription
 * @live: has joined the group
 * @ring: asks for the ring, so that answers do not mix with notifications
 * @queue: events that were received and not yet handed out
 * @first: the next one to hand out
 * @count: how many there are, those before @first included
 * @room: how many fit
 * @last: number of the event last put into the queue
 * @handed: number of the event last handed out, 0 for none
 * @overrun: notifications were dropped
 */
struct agentsys_events {
	struct agentsys *live;
	struct agentsys *ring;
	struct agentsys_event *queue;
	size_t first, count, room;
	uint64_t last;
	uint64_t handed;
	bool overrun;
};

static void make_event(struct agentsys_event *event, struct nlattr **attrs)
{
	const char *name = attr_string(attrs[AGENTSYS_E_NAME]);

	memset(event, 0, sizeof(*event));
	event->seq = attr_u64(attrs[AGENTSYS_E_SEQ]);
	event->time_ns = attr_u64(attrs[AGENTSYS_E_TIME]);
	event->agent_id = attr_u32(attrs[AGENTSYS_E_AGENT_ID]);
	event->pid = attr_u32(attrs[AGENTSYS_E_PID]);
	event->type = attr_u32(attrs[AGENTSYS_E_TYPE]);
	event->cause = attr_u32(attrs[AGENTSYS_E_CAUSE]);
	event->code = attr_u32(attrs[AGENTSYS_E_CODE]);
	event->instance = attr_u32(attrs[AGENTSYS_E_INSTANCE]);
	event->value = attr_u64(attrs[AGENTSYS_E_VALUE]);
	event->limit = attr_u64(attrs[AGENTSYS_E_LIMIT]);
	event->action = attr_u32(attrs[AGENTSYS_E_ACTION]);
	if (name)
		memcpy(event->name, name, strnlen(name, sizeof(event->name)));
}

static int put_event(struct agentsys_events *events, const struct agentsys_event *event)
{
	if (event->seq <= events->last)
		return 0;
	if (events->first == events->count)
		events->first = events->count = 0;
	if (events->count == events->room) {
		size_t room = events->room ? 2 * events->room : 64;
		struct agentsys_event *queue = realloc(events->queue, room * sizeof(*queue));

		if (!queue)
			return -ENOMEM;
		events->queue = queue;
		events->room = room;
	}
	events->queue[events->count++] = *event;
	events->last = event->seq;
	return 0;
}

static int take_ring_event(struct agentsys *h, struct nlattr **attrs, void *arg)
{
	struct agentsys_event event;

	(void)h;
	make_event(&event, attrs);
	return put_event(arg, &event);
}

/* Queue what the ring holds behind the last event that was queued. */
static int read_ring(struct agentsys_events *events)
{
	struct nl_msg *msg =
		conn_message(events->ring, AGENTSYS_CMD_EVENT_GET, NLM_F_DUMP, nla_total_size(8));
	struct answers answers = {
		.cmd = AGENTSYS_NTF_EVENT,
		.maxattr = AGENTSYS_E_MAX,
		.fn = take_ring_event,
		.arg = events,
	};

	if (!msg)
		return -ENOMEM;
	nla_put_u64(msg, AGENTSYS_E_SEQ, events->last);
	return conn_request(events->ring, msg, &answers);
}

/*
 * A number that was not reached yet is from the time before the module was
 * loaded again: everything is new then.
 */
static int set_start(struct agentsys_events *events, uint64_t after)
{
	struct agentsys_system *system;
	int ret = agentsys_system(events->ring, &system);

	if (ret)
		return ret;
	if (after == AGENTSYS_EVENTS_NEW)
		after = system->events;
	else if (after > system->events)
		after = 0;
	events->last = events->handed = after;
	agentsys_system_free(system);
	return 0;
}

int agentsys_events_open(struct agentsys_events **result, uint64_t after)
{
	struct agentsys_events *events = calloc(1, sizeof(*events));
	int ret;

	*result = NULL;
	if (!events)
		return -ENOMEM;
	ret = agentsys_open(&events->live);
	if (!ret)
		ret = agentsys_open(&events->ring);
	if (!ret)
		ret = conn_join_events(events->live);
	if (!ret)
		ret = set_start(events, after);
	if (!ret)
		ret = read_ring(events);
	if (ret) {
		agentsys_events_close(events);
		return ret;
	}
	*result = events;
	return 0;
}

void agentsys_events_close(struct agentsys_events *events)
{
	if (!events)
		return;
	agentsys_close(events->live);
	agentsys_close(events->ring);
	free(events->queue);
	free(events);
}

int agentsys_events_fd(const struct agentsys_events *events)
{
	return nl_socket_get_fd(events->live->sock);
}

static bool is_farewell(struct agentsys_events *events, struct nlmsghdr *hdr)
{
	const struct genlmsghdr *genl = nlmsg_data(hdr);
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];

	return hdr->nlmsg_type == GENL_ID_CTRL && !conn_parse(hdr, attrs, CTRL_ATTR_MAX) &&
	       genl->cmd == CTRL_CMD_DELFAMILY && attrs[CTRL_ATTR_FAMILY_ID] &&
	       nla_get_u16(attrs[CTRL_ATTR_FAMILY_ID]) == events->live->family;
}

/* A notification. One that does not follow the last one sends us to the ring first. */
static int take_notification(struct agentsys_events *events, struct nlmsghdr *hdr)
{
	struct nlattr *attrs[AGENTSYS_E_MAX + 1];
	const struct genlmsghdr *genl = nlmsg_data(hdr);
	struct agentsys_event event;
	int ret;

	if (is_farewell(events, hdr))
		return -ENODEV;
	if (hdr->nlmsg_type != events->live->family || conn_parse(hdr, attrs, AGENTSYS_E_MAX) ||
	    genl->cmd != AGENTSYS_NTF_EVENT)
		return 0;
	make_event(&event, attrs);
	if (events->overrun || event.seq > events->last + 1) {
		events->overrun = false;
		ret = read_ring(events);
		if (ret)
			return ret;
	}
	return put_event(events, &event);
}

/* Queue what there is, without waiting. */
static int receive(struct agentsys_events *events)
{
	struct nlmsghdr *hdr;
	ssize_t received;
	int left, ret;

	received = conn_receive(events->live);
	if (received == -ENOBUFS) {
		events->overrun = true;
		return read_ring(events);
	}
	if (received < 0)
		return received;
	left = received;
	for (hdr = (struct nlmsghdr *)events->live->buf; nlmsg_ok(hdr, left);
	     hdr = nlmsg_next(hdr, &left)) {
		ret = take_notification(events, hdr);
		if (ret)
			return ret;
	}
	return 0;
}

static void hand_out(struct agentsys_events *events, struct agentsys_event *event, uint64_t *lost)
{
	*event = events->queue[events->first++];
	if (lost)
		*lost = events->handed ? event->seq - events->handed - 1 : 0;
	events->handed = event->seq;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int agentsys_events_next(struct agentsys_events *events, struct agentsys_event *event,
			 uint64_t *lost, int timeout_ms)
{
	int64_t deadline = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	int ret;

	for (;;) {
		if (events->first < events->count) {
			hand_out(events, event, lost);
			return 1;
		}
		ret = receive(events);
		if (!ret)
			continue;
		if (ret != -EAGAIN)
			return ret;
		if (timeout_ms > 0) {
			int64_t left = deadline - now_ms();

			timeout_ms = left > 0 ? left : 0;
		}
		if (!timeout_ms)
			return 0;
		ret = conn_wait(events->live, timeout_ms);
		if (ret < 0)
			return ret;
	}
}
