/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASMCTL_HELP_H
#define ASMCTL_HELP_H

#include <stdio.h>

void print_overview(FILE *to);

#endif
