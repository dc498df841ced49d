// SPDX-License-Identifier: GPL-2.0-only
#include "helper.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "spec.h"

#define SOCKET "/run/agentsys/asmd.socket"

/* Longer than it takes for anything that is asked. */
#define ANSWER_SECONDS 30

/* One that was started listens after a moment. */
#define LISTEN_TRIES 1500
#define LISTEN_MS    20

/* ---- asking ---- */

static int connect_helper(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

static bool send_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		left -= n;
	}
	return true;
}

/* What comes until the other side closes; NULL if that does not happen. free() frees it. */
static char *receive_all(int fd)
{
	size_t got = 0, size = 65536;
	char *text = malloc(size);
	ssize_t n;

	if (!text)
		out_of_memory();
	while ((n = recv(fd, text + got, size - 1 - got, 0)) > 0) {
		got += n;
		if (got < size - 1)
			continue;
		size *= 2;
		text = realloc(text, size);
		if (!text)
			out_of_memory();
	}
	text[got] = '\0';
	if (!n && got)
		return text;
	free(text);
	return NULL;
}

struct json_object *helper_ask(struct json_object *request)
{
	struct json_object *answer = NULL;
	char *text = NULL;
	int fd = connect_helper();

	if (fd >= 0 &&
	    send_all(fd, json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN)) &&
	    send_all(fd, "\n"))
		text = receive_all(fd);
	if (fd >= 0)
		close(fd);
	json_object_put(request);
	if (text)
		answer = json_tokener_parse(text);
	free(text);
	return answer;
}

struct json_object *helper_request(const char *what, uint32_t id)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "do", json_object_new_string(what));
	if (id)
		json_object_object_add(request, "id", json_object_new_int64(id));
	return request;
}

struct json_object *helper_agent(uint32_t id)
{
	struct json_object *answer = helper_ask(helper_request("list", id));
	struct json_object *list, *agent = NULL;

	if (json_object_object_get_ex(answer, "agents", &list) && json_object_array_length(list))
		agent = json_object_get(json_object_array_get_idx(list, 0));
	json_object_put(answer);
	return agent;
}

/* Its pid, 0 if it does not listen. */
static int64_t listens(void)
{
	struct json_object *answer = helper_ask(helper_request("ping", 0));
	int64_t pid = json_object_get_int64(json_object_object_get(answer, "pid"));

	json_object_put(answer);
	return pid;
}

static const struct timespec moment = { .tv_nsec = LISTEN_MS * 1000000L };

/* It may be about to end just now, because nobody needed it. */
static int start_helper(struct agentsys *h)
{
	int ret = -EBUSY;

	for (int i = 0; i < LISTEN_TRIES && ret == -EBUSY; i++) {
		if (i)
			nanosleep(&moment, NULL);
		ret = agentsys_start(h, AGENTSYS_ID_HELPER, AGENTSYS_WAIT);
	}
	return ret;
}

int helper_need(struct agentsys *h)
{
	int ret;

	if (geteuid()) {
		complain("only root may ask the helper daemon for something");
		return EXIT_DENIED;
	}
	if (listens())
		return EXIT_OK;
	ret = start_helper(h);
	if (ret && ret != -EALREADY)
		return start_failed(h, ret, "start the helper daemon");
	for (int i = 0; i < LISTEN_TRIES; i++) {
		if (listens())
			return EXIT_OK;
		nanosleep(&moment, NULL);
	}
	complain("the helper daemon does not answer; see its messages in syslog");
	return EXIT_FAILED;
}

/* ---- asmctl helper ---- */

static int show(bool json)
{
	int64_t pid = listens();
	struct json_object *answer = pid ? helper_ask(helper_request("list", 0)) : NULL;
	struct json_object *list = NULL;
	size_t n = 0;

	if (json_object_object_get_ex(answer, "agents", &list))
		n = json_object_array_length(list);
	json_object_put(answer);
	if (json) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "running", json_object_new_boolean(pid));
		json_object_object_add(object, "pid", json_object_new_int64(pid));
		json_object_object_add(object, "agents", json_object_new_int64(n));
		print_json(object);
	} else if (pid) {
		printf("The helper daemon runs, pid %lld, and looks after %zu agent%s\n",
		       (long long)pid, n, n == 1 ? "" : "s");
	} else {
		printf("The helper daemon does not run\n");
	}
	return EXIT_OK;
}

static int stop(struct agentsys *h)
{
	int ret = agentsys_stop(h, AGENTSYS_ID_HELPER, AGENTSYS_DEFAULT_TIMEOUT, AGENTSYS_WAIT);
	int64_t pid;

	if (ret && ret != -ESRCH) {
		complain("cannot stop the helper daemon: %s", agentsys_error(h));
		return exit_status_of(ret);
	}
	pid = listens();
	if (!pid)
		return EXIT_OK;
	complain("the helper daemon, pid %lld, is not the module's: try \"systemctl stop asmd\"",
		 (long long)pid);
	return EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	struct agentsys *h;
	bool json = false;
	int ret;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 1, "start or stop");
	if (optind < argc && strcmp(argv[optind], "start") && strcmp(argv[optind], "stop"))
		usage_error("'%s' is neither start nor stop", argv[optind]);
	h = connect_module();
	if (optind == argc)
		ret = EXIT_OK;
	else if (!strcmp(argv[optind], "start"))
		ret = helper_need(h);
	else
		ret = stop(h);
	agentsys_close(h);
	return ret ?: show(json);
}

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

const struct command cmd_helper = {
	.name = "helper",
	.usage = "[OPTION]... [start|stop]",
	.summary = "Start or stop the helper daemon, or tell whether it runs",
	.description =
		"asmd makes health checks, and hears what agents say by sd_notify(); all else works\n"
		"without it. It is started when it is first needed, and is agent 1 (asmd) then: the\n"
		"module restarts it, stops it a moment after the last other agent has ended, and\n"
		"starts it again before the next one. One that was stopped with this stays so.\n\n"
		"Where systemd is to look after it instead, enable asmd.service, see asmd(8).",
	.examples = "  asmctl helper\n"
		    "  asmctl helper start\n",
	.options = options,
	.operands = OPERANDS_OTHER,
	.run = run,
};
