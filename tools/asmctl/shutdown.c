// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "asmctl.h"
#include "parse.h"

enum {
	OPT_NOW = OPT_FIRST,
	OPT_NO_WAIT,
};

static const struct option_def options[] = {
	{ OPT_NOW, "now", NULL, "kill them at once" },
	{ 't', "timeout", "DURATION", "kill what is left after this, as 500ms (default 10s)" },
	{ OPT_NO_WAIT, "no-wait", NULL, "do not wait until it is done" },
	OPTION_END,
};

static int run(int argc, char **argv)
{
	int64_t timeout_ms = AGENTSYS_DEFAULT_TIMEOUT;
	unsigned int flags = AGENTSYS_WAIT;
	uint32_t ended, killed, ms;
	const char *why;
	struct agentsys *h;
	int key, ret;

	while ((key = next_option(argc, argv)) != -1) {
		switch (key) {
		case OPT_NOW:
			timeout_ms = 0;
			break;
		case 't':
			if (!parse_duration(optarg, false, &ms, &why))
				usage_error("'%s' %s", optarg, why);
			timeout_ms = ms;
			break;
		case OPT_NO_WAIT:
			flags = 0;
			break;
		}
	}
	need_operands(argc, 0, 0, "");

	h = connect_module();
	ret = agentsys_shutdown(h, timeout_ms, flags, &ended, &killed);
	if (ret)
		complain("cannot shut down: %s", agentsys_error(h));
	else if (!flags)
		printf("The shutdown has begun\n");
	else if (!ended)
		printf("No agent ran\n");
	else
		printf("Ended %u agent%s, %u of them by a kill\n", ended, ended == 1 ? "" : "s",
		       killed);
	agentsys_close(h);
	return exit_status_of(ret);
}

const struct command cmd_shutdown = {
	.name = "shutdown",
	.usage = "[OPTION]...",
	.summary = "Stop every agent, so that the module can be unloaded",
	.description =
		"No agent can be started until that is done. Their records stay. It gives up, and\n"
		"starts are accepted again, when for 10 s nothing of what was killed has gone.",
	.examples = "  asmctl shutdown && rmmod agentsys\n"
		    "  asmctl shutdown --timeout 30s\n"
		    "  asmctl shutdown --now\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};
