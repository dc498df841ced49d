// SPDX-License-Identifier: GPL-2.0-only
#include "name.h"
#include "utf8.h"

int agentsys_name_check(const char *s, size_t len)
{
	size_t at = 0;

	if (!len)
		return -EINVAL;
	if (len > AGENTSYS_NAME_MAX)
		return -ENAMETOOLONG;

	while (at < len) {
		u32 code;
		size_t n = agentsys_utf8_decode(s + at, len - at, &code);

		if (!n || agentsys_utf8_control(code))
			return -EINVAL;
		at += n;
	}
	return 0;
}

size_t agentsys_name_fit(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((u8)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}
