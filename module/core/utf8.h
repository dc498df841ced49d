/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_CORE_UTF8_H
#define AGENTSYS_CORE_UTF8_H

#include "env.h"

/**
 * agentsys_utf8_decode - length of the character at @s
 * @s: bytes
 * @len: how many, at least 1
 * @code: its code point
 *
 * Return: 1 to 4, or 0 for what is not UTF-8 (overlong forms, surrogates and
 * characters cut short among them).
 */
static inline size_t agentsys_utf8_decode(const char *s, size_t len, u32 *code)
{
	static const u32 smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	u8 lead = (u8)s[0];
	size_t need, i;
	u32 c;

	if (lead < 0x80) {
		*code = lead;
		return 1;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		need = 2;
		c = lead & 0x1f;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		need = 3;
		c = lead & 0x0f;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		need = 4;
		c = lead & 0x07;
	} else {
		return 0;
	}
	if (len < need)
		return 0;
	for (i = 1; i < need; i++) {
		u8 byte = (u8)s[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (byte & 0x3f);
	}
	if (c < smallest[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return need;
}

/* C0, DEL and C1: what makes a terminal do things. */
static inline bool agentsys_utf8_control(u32 code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

/* Put '?' for each byte of @s that is not UTF-8 or makes a terminal do things. */
static inline void agentsys_utf8_clean(char *s, size_t len)
{
	size_t at = 0;

	while (at < len) {
		u32 code;
		size_t n = agentsys_utf8_decode(s + at, len - at, &code);

		if (!n || agentsys_utf8_control(code)) {
			s[at++] = '?';
			continue;
		}
		at += n;
	}
}

#endif /* AGENTSYS_CORE_UTF8_H */
