/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_TESTS_KERNEL_SEQ_FILE_H
#define AGENTSYS_TESTS_KERNEL_SEQ_FILE_H

struct seq_file;

void seq_puts(struct seq_file *seq, const char *s);
void seq_printf(struct seq_file *seq, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
