/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libcurl, loaded when it is first needed: a daemon that makes no requests starts at
 * once, stays small, and does without it where it is not installed.
 */
#ifndef ASMD_CURL_H
#define ASMD_CURL_H

#include <curl/curl.h>

/* The macros that check types are of no use by way of a pointer. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

/* What is used of it: curl.easy_init() is curl_easy_init(). */
extern struct curl {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_socket_action) *multi_socket_action;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_url) *url;
	__typeof__(curl_url_set) *url_set;
	__typeof__(curl_url_strerror) *url_strerror;
	__typeof__(curl_url_cleanup) *url_cleanup;
} curl;

/* Load it: 0, or -1 if it is not there. */
int curl_load(void);

#endif
