/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The texts that people and agents read: the pages below /proc/agentsys, and the
 * JSON of calls 500 and 502. Long ones are made piece by piece, one agent or
 * event at a time: no lock is held from one to the next, nothing grows with the
 * number of agents, and user memory is touched with nothing held at all.
 */
#ifndef _AGENTSYS_REPORT_H
#define _AGENTSYS_REPORT_H

#include <linux/agentsys.h>
#include <linux/types.h>

struct agentsys_agent;
struct agentsys_json;
struct seq_file;

/* The status page: a head, a row of the table for each agent, then a line for each. */
void agentsys_report_status_head(struct seq_file *seq);
void agentsys_report_status_row(struct seq_file *seq, struct agentsys_agent *agent);
void agentsys_report_status_line(struct seq_file *seq, struct agentsys_agent *agent);

/* The events page. */
void agentsys_report_event_line(struct seq_file *seq, const struct agentsys_event *event);
void agentsys_report_lost_line(struct seq_file *seq, u64 lost);

/* The telemetry text: a head, each agent, the middle, each event, oldest first, and the tail. */
void agentsys_report_head(struct agentsys_json *json);
void agentsys_report_agent(struct agentsys_json *json, struct agentsys_agent *agent);
void agentsys_report_middle(struct agentsys_json *json);
void agentsys_report_event(struct agentsys_json *json, const struct agentsys_event *event);
void agentsys_report_tail(struct agentsys_json *json);

/*
 * Whole texts into a buffer in user memory of @len bytes. Both return the length
 * of the text without its terminator and set @len to it with the terminator;
 * or -EMSGSIZE with @len set to what was needed, -EFAULT, -EINTR (killed
 * meanwhile), -ENOMEM. No lock held.
 */
ssize_t agentsys_report_telemetry(char __user *buf, u64 *len);
ssize_t agentsys_report_info(struct agentsys_agent *agent, char __user *buf, u64 *len);

#endif /* _AGENTSYS_REPORT_H */
