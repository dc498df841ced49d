// SPDX-License-Identifier: GPL-2.0-only
#include "curl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "log.h"

struct curl curl;

static bool loaded;

static const struct {
	const char *name;
	size_t place;
} functions[] = {
	{ "curl_global_init", offsetof(struct curl, global_init) },
	{ "curl_easy_init", offsetof(struct curl, easy_init) },
	{ "curl_easy_setopt", offsetof(struct curl, easy_setopt) },
	{ "curl_easy_getinfo", offsetof(struct curl, easy_getinfo) },
	{ "curl_easy_strerror", offsetof(struct curl, easy_strerror) },
	{ "curl_easy_cleanup", offsetof(struct curl, easy_cleanup) },
	{ "curl_multi_init", offsetof(struct curl, multi_init) },
	{ "curl_multi_setopt", offsetof(struct curl, multi_setopt) },
	{ "curl_multi_add_handle", offsetof(struct curl, multi_add_handle) },
	{ "curl_multi_remove_handle", offsetof(struct curl, multi_remove_handle) },
	{ "curl_multi_socket_action", offsetof(struct curl, multi_socket_action) },
	{ "curl_multi_info_read", offsetof(struct curl, multi_info_read) },
	{ "curl_url", offsetof(struct curl, url) },
	{ "curl_url_set", offsetof(struct curl, url_set) },
	{ "curl_url_strerror", offsetof(struct curl, url_strerror) },
	{ "curl_url_cleanup", offsetof(struct curl, url_cleanup) },
};

static void *find_library(void)
{
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	void *library = NULL;

	for (size_t i = 0; !library && i < sizeof(names) / sizeof(*names); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return library;
}

static int find_functions(void *library)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return -1;
		memcpy((char *)&curl + functions[i].place, &function, sizeof(function));
	}
	return 0;
}

int curl_load(void)
{
	void *library;

	if (loaded)
		return 0;
	library = find_library();
	if (!library || find_functions(library) || curl.global_init(CURL_GLOBAL_DEFAULT)) {
		say(LOG_NOTICE, "libcurl cannot be loaded: %s", dlerror() ?: "it is too old");
		return -1;
	}
	loaded = true;
	return 0;
}
