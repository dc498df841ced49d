/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A direct call by ftrace that is not ours: a program of bpf that does nothing, attached
 * to the entry of a function of the kernel.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_FENTRY_H
#define TESTS_LIB_FENTRY_H

#include <linux/bpf.h>
#include <linux/btf.h>

#define BTF "/sys/kernel/btf/vmlinux"

static inline bool has_btf(void)
{
	return !access(BTF, F_OK);
}

/* So many bytes of a type follow what all types have. */
static inline size_t btf_rest(const struct btf_type *type)
{
	static const struct {
		size_t one, each;
	} rest[NR_BTF_KINDS] = {
		[BTF_KIND_INT] = { 4, 0 },
		[BTF_KIND_ARRAY] = { sizeof(struct btf_array), 0 },
		[BTF_KIND_STRUCT] = { 0, sizeof(struct btf_member) },
		[BTF_KIND_UNION] = { 0, sizeof(struct btf_member) },
		[BTF_KIND_ENUM] = { 0, sizeof(struct btf_enum) },
		[BTF_KIND_FUNC_PROTO] = { 0, sizeof(struct btf_param) },
		[BTF_KIND_VAR] = { sizeof(struct btf_var), 0 },
		[BTF_KIND_DATASEC] = { 0, sizeof(struct btf_var_secinfo) },
		[BTF_KIND_DECL_TAG] = { sizeof(struct btf_decl_tag), 0 },
		[BTF_KIND_ENUM64] = { 0, sizeof(struct btf_enum64) },
	};
	unsigned int kind = BTF_INFO_KIND(type->info);

	MUST(kind < NR_BTF_KINDS);
	return rest[kind].one + BTF_INFO_VLEN(type->info) * rest[kind].each;
}

/* The number of a function's type, 0 if there is none. */
static inline uint32_t btf_function(const char *name)
{
	static char text[16 << 20];
	const struct btf_header *header = (void *)text;
	const char *names, *at, *end;
	uint32_t id = 0;

	MUST(read_whole(BTF, text, sizeof(text)) > (ssize_t)sizeof(*header));
	at = text + header->hdr_len + header->type_off;
	end = at + header->type_len;
	names = text + header->hdr_len + header->str_off;
	while (at < end) {
		const struct btf_type *type = (const void *)at;

		id++;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(names + type->name_off, name))
			return id;
		at += sizeof(*type) + btf_rest(type);
	}
	return 0;
}

/* The function is called by way of a program as long as this is open. */
static inline int open_fentry(const char *function)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_FENTRY,
		.attach_btf_id = btf_function(function),
		.insns = (uintptr_t)program,
		.insn_cnt = 2,
		.license = (uintptr_t)"GPL",
	};
	union bpf_attr attach = { 0 };
	int fd;

	MUST(load.attach_btf_id);
	attach.raw_tracepoint.prog_fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	MUST((int)attach.raw_tracepoint.prog_fd >= 0);
	fd = syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attach, sizeof(attach));
	MUST(fd >= 0);
	close(attach.raw_tracepoint.prog_fd);
	return fd;
}

#endif
