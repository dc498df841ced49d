// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a URL answer with a status of 200 to 399? A redirection is one, and not followed.
 * Requests are made by libcurl, on our loop.
 */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "check.h"
#include "curl.h"
#include "log.h"

#define EVENTS 16

static CURLM *multi;

/*
 * libcurl's descriptors have an epoll of their own: it closes some of them before it says
 * that they are not to be waited for any more.
 */
static struct source source;

/* ---- libcurl's descriptors and times ---- */

static void finish_all(void);

static void act(int fd, int events)
{
	int running;

	curl.multi_socket_action(multi, fd, events, &running);
	finish_all();
}

static void sockets_ready(struct source *from, uint32_t unused)
{
	struct epoll_event event[EVENTS];
	int n = epoll_wait(from->fd, event, EVENTS, 0);

	(void)unused;
	/* One that has been closed meanwhile is none that libcurl knows. */
	for (int i = 0; i < n; i++) {
		int mask = 0;

		if (event[i].events & (EPOLLIN | EPOLLHUP))
			mask |= CURL_CSELECT_IN;
		if (event[i].events & EPOLLOUT)
			mask |= CURL_CSELECT_OUT;
		if (event[i].events & EPOLLERR)
			mask |= CURL_CSELECT_ERR;
		act(event[i].data.fd, mask);
	}
}

static void time_has_come(struct timer *timer)
{
	(void)timer;
	act(CURL_SOCKET_TIMEOUT, 0);
}

static struct timer timer = { .due = time_has_come };

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *unused, void *mine)
{
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	(void)unused;
	(void)mine;
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(source.fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(source.fd, EPOLL_CTL_MOD, fd, &event))
		epoll_ctl(source.fd, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int want_time(CURLM *unused, long ms, void *mine)
{
	(void)unused;
	(void)mine;
	if (ms < 0)
		timer_drop(&timer);
	else
		timer_set(&timer, ms);
	return 0;
}

static void begin_all(void)
{
	source.fd = epoll_create1(EPOLL_CLOEXEC);
	if (source.fd < 0)
		die("cannot wait for events: %m");
	source.ready = sockets_ready;
	source_add(&source, EPOLLIN);
	multi = need(curl.multi_init());
	curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_time);
}

static int prepare(const char *target, char why[CHECK_WHY_MAX])
{
	CURLU *url;
	CURLUcode code;

	if (curl_load()) {
		snprintf(why, CHECK_WHY_MAX,
			 "http needs libcurl, which is not installed (libcurl4)");
		return -1;
	}
	if (strncmp(target, "http://", 7) && strncmp(target, "https://", 8)) {
		snprintf(why, CHECK_WHY_MAX, "http takes a URL, as http://127.0.0.1:8080/health");
		return -1;
	}
	url = need(curl.url());
	code = curl.url_set(url, CURLUPART_URL, target, 0);
	if (code)
		snprintf(why, CHECK_WHY_MAX, "%s", curl.url_strerror(code));
	curl.url_cleanup(url);
	if (code)
		return -1;
	if (!multi)
		begin_all();
	return 0;
}

/* ---- a request ---- */

/* What it sends is of no interest. */
static size_t drop(char *data, size_t size, size_t n, void *unused)
{
	(void)data;
	(void)unused;
	return size * n;
}

static void cancel(struct check *check)
{
	if (!check->work)
		return;
	curl.multi_remove_handle(multi, check->work);
	curl.easy_cleanup(check->work);
	check->work = NULL;
}

static void finish(CURL *easy, CURLcode result)
{
	struct check *check;
	long status = 0;

	curl.easy_getinfo(easy, CURLINFO_PRIVATE, &check);
	curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	cancel(check);
	if (result)
		check_done(check, false, "%s", curl.easy_strerror(result));
	else
		check_done(check, status >= 200 && status < 400, "status %ld", status);
}

static void finish_all(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(multi, &left)))
		if (message->msg == CURLMSG_DONE)
			finish(message->easy_handle, message->data.result);
}

static void begin(struct check *check)
{
	CURL *easy = need(curl.easy_init());

	check->work = easy;
	curl.easy_setopt(easy, CURLOPT_URL, check->target);
	curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl.easy_setopt(easy, CURLOPT_PRIVATE, check);
	curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl.easy_setopt(easy, CURLOPT_USERAGENT, "asmd");
	curl.easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* That it accepts connections is a part of it. */
	curl.easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl.easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	/* It begins with the timer that libcurl sets here. */
	curl.multi_add_handle(multi, easy);
}

const struct check_kind check_http = {
	.name = "http",
	.needs_target = true,
	.prepare = prepare,
	.begin = begin,
	.cancel = cancel,
};
