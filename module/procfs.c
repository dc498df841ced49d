// SPDX-License-Identifier: GPL-2.0-only
#include "procfs.h"

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "agent.h"
#include "core/json.h"
#include "registry.h"
#include "report.h"
#include "telemetry.h"

#define DIRECTORY "agentsys"

/*
 * A page is a sequence of pieces, one agent or event each, so that its length
 * does not matter. The position names the piece by its id or seq: a reader that
 * comes back continues there, whoever came or went in the meantime.
 *
 * status:	head, rows by id, a blank line, lines by id
 * telemetry:	head, agents by id, middle, events by seq, tail
 * events:	events by seq, which starts at 1
 */
#define SECTION ((loff_t)AGENTSYS_ID_MAX + 1)

#define POS_HEAD    0LL
#define POS_FIRST   1LL /* plus the id */
#define POS_BETWEEN (POS_FIRST + SECTION)
#define POS_SECOND  (POS_BETWEEN + 1) /* plus the id or seq */
#define POS_TAIL    (S64_MAX / 2)

enum piece {
	HEAD,
	FIRST,
	BETWEEN,
	SECOND,
	TAIL,
};

/**
 * struct page_reader - one open page
 * @piece: which kind of piece comes next
 * @agent: the agent that it tells of, with a reference, or NULL
 * @event: the event that it tells of
 * @until: the newest event when the page was begun: it is the last one, or a
 *	page might never end
 * @lost: events that were overwritten before they could be shown
 * @json: what has been written of the telemetry page so far
 */
struct page_reader {
	enum piece piece;
	struct agentsys_agent *agent;
	struct agentsys_event event;
	u64 until;
	u64 lost;
	struct agentsys_json json;
};

static void *at_piece(struct page_reader *reader, enum piece piece)
{
	reader->piece = piece;
	return reader;
}

/* The agent at *@pos or behind it, in the section that starts at @base. */
static void *at_agent(struct page_reader *reader, enum piece piece, loff_t base, loff_t *pos)
{
	if (*pos - base > AGENTSYS_ID_MAX)
		return NULL;
	reader->agent = agentsys_registry_next(*pos - base);
	if (!reader->agent)
		return NULL;
	*pos = base + reader->agent->id;
	return at_piece(reader, piece);
}

/* The event at *@pos or behind it, in the section that starts at @base. */
static void *at_event(struct page_reader *reader, loff_t base, loff_t *pos)
{
	u64 seq = *pos - base;

	if (!agentsys_event_read(seq ? seq - 1 : 0, &reader->event, &reader->lost) ||
	    reader->event.seq > reader->until)
		return NULL;
	*pos = base + reader->event.seq;
	return at_piece(reader, SECOND);
}

static void page_begin(struct page_reader *reader)
{
	reader->until = agentsys_event_last();
	reader->lost = 0;
	agentsys_json_init(&reader->json, NULL, 0);
}

static void page_leave(struct page_reader *reader)
{
	if (reader->agent)
		agentsys_agent_put(reader->agent);
	reader->agent = NULL;
}

static void page_stop(struct seq_file *seq, void *v)
{
	page_leave(seq->private);
}

static void *status_at(struct page_reader *reader, loff_t *pos)
{
	void *piece;

	if (*pos == POS_HEAD) {
		page_begin(reader);
		return at_piece(reader, HEAD);
	}
	if (*pos < POS_BETWEEN) {
		piece = at_agent(reader, FIRST, POS_FIRST, pos);
		if (piece)
			return piece;
		*pos = POS_BETWEEN;
	}
	if (*pos == POS_BETWEEN) {
		if (agentsys_registry_count())
			return at_piece(reader, BETWEEN);
		*pos = POS_SECOND;
	}
	return at_agent(reader, SECOND, POS_SECOND, pos);
}

static void *status_start(struct seq_file *seq, loff_t *pos)
{
	return status_at(seq->private, pos);
}

static void *status_next(struct seq_file *seq, void *v, loff_t *pos)
{
	page_leave(v);
	++*pos;
	return status_at(v, pos);
}

static int status_show(struct seq_file *seq, void *v)
{
	struct page_reader *reader = v;

	switch (reader->piece) {
	case HEAD:
		agentsys_report_status_head(seq);
		break;
	case FIRST:
		agentsys_report_status_row(seq, reader->agent);
		break;
	case BETWEEN:
		seq_putc(seq, '\n');
		break;
	case SECOND:
		agentsys_report_status_line(seq, reader->agent);
		break;
	case TAIL:
		break;
	}
	return 0;
}

static const struct seq_operations status_ops = {
	.start = status_start,
	.next = status_next,
	.stop = page_stop,
	.show = status_show,
};

static void *telemetry_at(struct page_reader *reader, loff_t *pos)
{
	void *piece;

	if (*pos == POS_HEAD) {
		page_begin(reader);
		return at_piece(reader, HEAD);
	}
	if (*pos < POS_BETWEEN) {
		piece = at_agent(reader, FIRST, POS_FIRST, pos);
		if (piece)
			return piece;
		*pos = POS_BETWEEN;
	}
	if (*pos == POS_BETWEEN)
		return at_piece(reader, BETWEEN);
	if (*pos < POS_TAIL) {
		piece = at_event(reader, POS_SECOND, pos);
		if (piece)
			return piece;
		*pos = POS_TAIL;
	}
	return *pos == POS_TAIL ? at_piece(reader, TAIL) : NULL;
}

static void *telemetry_start(struct seq_file *seq, loff_t *pos)
{
	return telemetry_at(seq->private, pos);
}

static void *telemetry_next(struct seq_file *seq, void *v, loff_t *pos)
{
	page_leave(v);
	++*pos;
	return telemetry_at(v, pos);
}

static void telemetry_piece(struct page_reader *reader, struct agentsys_json *json)
{
	switch (reader->piece) {
	case HEAD:
		agentsys_report_head(json);
		break;
	case FIRST:
		agentsys_report_agent(json, reader->agent);
		break;
	case BETWEEN:
		agentsys_report_middle(json);
		break;
	case SECOND:
		agentsys_report_event(json, &reader->event);
		break;
	case TAIL:
		agentsys_report_tail(json);
		break;
	}
}

/*
 * A piece that does not fit is asked for again with a larger buffer: the writer
 * moves on only if it did.
 */
static int telemetry_show(struct seq_file *seq, void *v)
{
	struct page_reader *reader = v;
	struct agentsys_json json = reader->json;
	size_t len;

	json.cap = seq_get_buf(seq, &json.buf);
	telemetry_piece(reader, &json);
	len = agentsys_json_take(&json);
	if (len + 1 >= json.cap) { /* with the last line's end */
		seq_commit(seq, -1);
		return 0;
	}
	seq_commit(seq, len);
	if (reader->piece == TAIL)
		seq_putc(seq, '\n');
	reader->json = json;
	return 0;
}

static const struct seq_operations telemetry_ops = {
	.start = telemetry_start,
	.next = telemetry_next,
	.stop = page_stop,
	.show = telemetry_show,
};

static void *events_start(struct seq_file *seq, loff_t *pos)
{
	struct page_reader *reader = seq->private;
	bool begin = *pos == POS_HEAD;
	void *piece;

	if (begin)
		page_begin(reader);
	piece = at_event(reader, 0, pos);
	/* What was overwritten before the page was begun is no loss to its reader. */
	if (begin)
		reader->lost = 0;
	return piece;
}

static void *events_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return at_event(v, 0, pos);
}

static int events_show(struct seq_file *seq, void *v)
{
	struct page_reader *reader = v;

	if (reader->lost)
		agentsys_report_lost_line(seq, reader->lost);
	agentsys_report_event_line(seq, &reader->event);
	if (!seq_has_overflowed(seq))
		reader->lost = 0;
	return 0;
}

static const struct seq_operations events_ops = {
	.start = events_start,
	.next = events_next,
	.stop = page_stop,
	.show = events_show,
};

static const struct {
	const char *name;
	const struct seq_operations *ops;
} pages[] = {
	{ "status", &status_ops },
	{ "telemetry", &telemetry_ops },
	{ "events", &events_ops },
};

/*
 * While a page is made, files of cgroups are read, which are pages of the same
 * kind with a lock of the same kind: tell lockdep that it is another one.
 */
static struct lock_class_key page_lock_key;

static int page_open(struct inode *inode, struct file *file)
{
	int ret = seq_open_private(file, pde_data(inode), sizeof(struct page_reader));

	if (!ret)
		lockdep_set_class(&((struct seq_file *)file->private_data)->lock, &page_lock_key);
	return ret;
}

static const struct proc_ops page_ops = {
	.proc_open = page_open,
	.proc_read_iter = seq_read_iter,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release_private,
};

int __init agentsys_procfs_init(void)
{
	struct proc_dir_entry *dir = proc_mkdir(DIRECTORY, NULL);
	unsigned int i;

	if (!dir)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!proc_create_data(pages[i].name, 0444, dir, &page_ops, (void *)pages[i].ops)) {
			remove_proc_subtree(DIRECTORY, NULL);
			return -ENOMEM;
		}
	}
	return 0;
}

void agentsys_procfs_exit(void)
{
	remove_proc_subtree(DIRECTORY, NULL);
}
