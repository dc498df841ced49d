// SPDX-License-Identifier: CC0-1.0
/*
 * An agent in C: says who it is, sends a heartbeat every second, and looks at
 * the telemetry now and then.
 *
 *	cc counter.c -o counter $(pkg-config --cflags --libs libasm-agentsys)
 *	asmctl run --name counter --restart on-failure --stdout /tmp/counter.log ./counter
 *
 * The library's header is <libasm-agentsys/libasm.h>.
 */
#include <libasm-agentsys/libasm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t asked_to_stop;

static void on_term(int signal)
{
	(void)signal;
	asked_to_stop = 1;
}

static void print_telemetry(int device)
{
	char *json;
	ssize_t length = agentsys_telemetry(device, &json);

	if (length < 0) {
		fprintf(stderr, "no telemetry: %s\n", strerror(-length));
		return;
	}
	printf("the module knows %zd bytes about its agents\n", length);
	free(json);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_term };
	struct agentsys_whoami me = { .size = sizeof(me) };
	int device, ret;

	setlinebuf(stdout);
	sigaction(SIGTERM, &action, NULL);

	device = agentsys_device_open();
	if (device < 0) {
		fprintf(stderr, "cannot open %s: %s\n", AGENTSYS_DEVICE, strerror(-device));
		return 1;
	}
	ret = agentsys_whoami(device, &me);
	if (ret) {
		fprintf(stderr, "this is no agent; start it with \"asmctl run\"\n");
		return 1;
	}
	printf("I am agent %u (%s), instance %u, restarted %u of %u times\n", me.agent_id,
	       me.name, me.instance, me.restarts, me.max_restarts);

	for (int i = 0; !asked_to_stop; i++) {
		agentsys_heartbeat(device);
		if (i % 10 == 0)
			print_telemetry(device);
		sleep(1); /* the signal ends it early */
	}
	printf("asked to stop\n");
	close(device);
	return 0;
}
