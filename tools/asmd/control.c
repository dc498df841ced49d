// SPDX-License-Identifier: GPL-2.0-only
#include "control.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agents.h"
#include "check.h"
#include "log.h"
#include "loop.h"
#include "state.h"

#define REQUEST_MAX 65536
#define CLIENTS_MAX 32
#define CLIENT_MS   10000

/**
 * struct client - somebody who asks
 * @source: its socket
 * @timer: when it has been waited for long enough
 * @request: what has come of its request
 * @got: bytes of that
 * @answer: what it is answered; NULL before
 * @size: bytes of that
 * @sent: those that have been sent
 */
struct client {
	struct source source;
	struct timer timer;
	char request[REQUEST_MAX];
	size_t got;
	char *answer;
	size_t size;
	size_t sent;
};

static struct source source;
static unsigned int clients;

/* ---- what is asked for ---- */

static void refuse(struct json_object *answer, int error, const char *why)
{
	json_object_object_add(answer, "error", json_object_new_string(why));
	json_object_object_add(answer, "errno", json_object_new_int(error));
}

static struct json_object *json_of(const struct agent *agent)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "id", json_object_new_int64(agent->id));
	json_object_object_add(object, "name", json_object_new_string(agent->name));
	json_object_object_add(object, "group", json_object_new_string(agent->group));
	json_object_object_add(object, "health", json_object_new_string(agent_health(agent)));
	json_object_object_add(object, "paused", json_object_new_boolean(agent->paused));
	json_object_object_add(object, "notifies", json_object_new_boolean(agent->notifies));
	json_object_object_add(object, "ready", json_object_new_boolean(agent->ready));
	json_object_object_add(object, "stopping", json_object_new_boolean(agent->stopping));
	json_object_object_add(object, "status", json_object_new_string(agent->status));
	json_object_object_add(object, "checks", checks_json(agent, true));
	return object;
}

static void list(uint32_t id, struct json_object *answer)
{
	struct json_object *array = json_object_new_array();

	for (struct agent *agent = agent_next(NULL); agent; agent = agent_next(agent))
		if (!id || agent->id == id)
			json_object_array_add(array, json_of(agent));
	json_object_object_add(answer, "agents", array);
}

static void change(const char *what, uint32_t id, struct json_object *request,
		   struct json_object *answer)
{
	struct agent *agent = id ? agent_of(id) : NULL;
	char why[CHECK_WHY_MAX];

	if (!agent) {
		refuse(answer, ESRCH, "no such agent");
		return;
	}
	if (!strcmp(what, "notify")) {
		agent->notifies = true;
		state_changed();
	} else if (checks_set(agent, json_object_object_get(request, "checks"), why)) {
		refuse(answer, EINVAL, why);
	}
	agent_trim(agent);
	/* Who is told that it is done has it done for good. */
	state_save();
}

static struct json_object *answer_to(struct json_object *request)
{
	struct json_object *answer = json_object_new_object();
	const char *what = json_object_get_string(json_object_object_get(request, "do")) ?: "";
	int64_t id = json_object_get_int64(json_object_object_get(request, "id"));

	if (id < 0 || id > AGENTSYS_ID_MAX)
		refuse(answer, ERANGE, "that is no id of an agent");
	else if (!strcmp(what, "ping"))
		json_object_object_add(answer, "pid", json_object_new_int(getpid()));
	else if (!strcmp(what, "list"))
		list(id, answer);
	else if (!strcmp(what, "notify") || !strcmp(what, "check"))
		change(what, id, request, answer);
	else
		refuse(answer, EOPNOTSUPP, "asmd does not know what to do");
	return answer;
}

/* ---- who asks ---- */

static void end(struct client *client)
{
	timer_drop(&client->timer);
	source_drop(&client->source);
	close(client->source.fd);
	free(client->answer);
	free(client);
	clients--;
}

static void end_late(struct timer *timer)
{
	end(HOLDER(timer, struct client, timer));
}

static void send_answer(struct client *client)
{
	ssize_t n = send(client->source.fd, client->answer + client->sent,
			 client->size - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		client->sent += n;
	if (client->sent == client->size || (n < 0 && errno != EAGAIN))
		end(client);
}

static void make_answer(struct client *client)
{
	struct json_object *request = json_tokener_parse(client->request);
	struct json_object *answer;

	if (json_object_is_type(request, json_type_object)) {
		answer = answer_to(request);
	} else {
		answer = json_object_new_object();
		refuse(answer, EINVAL, "the request is no JSON object");
	}
	client->answer =
		need(strdup(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN)));
	client->size = strlen(client->answer);
	json_object_put(answer);
	json_object_put(request);
	source_change(&client->source, EPOLLOUT);
}

static void take(struct client *client)
{
	size_t room = sizeof(client->request) - 1 - client->got;
	ssize_t n = recv(client->source.fd, client->request + client->got, room, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) { /* it has gone, or the line has no end */
		end(client);
		return;
	}
	client->got += n;
	client->request[client->got] = '\0';
	if (strchr(client->request, '\n'))
		make_answer(client);
	else if (client->got == sizeof(client->request) - 1)
		end(client);
}

static void ready(struct source *from, uint32_t events)
{
	struct client *client = HOLDER(from, struct client, source);

	(void)events;
	if (client->answer)
		send_answer(client);
	else
		take(client);
}

static void accept_client(struct source *from, uint32_t events)
{
	int fd = accept4(from->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	socklen_t size = sizeof(struct ucred);
	struct client *client;
	struct ucred who;

	(void)events;
	if (fd < 0)
		return;
	if (clients == CLIENTS_MAX || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) ||
	    who.uid) {
		close(fd);
		return;
	}
	client = need(calloc(1, sizeof(*client)));
	client->source.fd = fd;
	client->source.ready = ready;
	client->timer.due = end_late;
	source_add(&client->source, EPOLLIN);
	timer_set(&client->timer, CLIENT_MS);
	clients++;
}

void control_init(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET };
	mode_t before = umask(0177);

	source.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	source.ready = accept_client;
	unlink(CONTROL_SOCKET);
	if (source.fd < 0 || bind(source.fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(source.fd, CLIENTS_MAX))
		die("cannot listen on %s: %m", CONTROL_SOCKET);
	umask(before);
	source_add(&source, EPOLLIN);
}
