// SPDX-License-Identifier: GPL-2.0-only
#include "log.h"

#include <stdarg.h>
#include <stdlib.h>

void log_init(bool verbose)
{
	openlog("asmd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	setlogmask(LOG_UPTO(verbose ? LOG_DEBUG : LOG_NOTICE));
}

void say(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsyslog(priority, format, args);
	va_end(args);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsyslog(LOG_ERR, format, args);
	va_end(args);
	exit(EXIT_FAILURE);
}

void *need(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}
