/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the entries of hooked functions call. The arguments are in their registers
 * and stay there; above the return address into the hooked function is that to its
 * own caller.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/ibt.h>
#include <asm/nospec-branch.h>

#ifndef CALL_DEPTH_ACCOUNT
#define CALL_DEPTH_ACCOUNT
#endif

	.text

/* Not the hooked function: what the check gave goes to its caller. */
SYM_CODE_START_LOCAL(refused)
	UNWIND_HINT_FUNC
	ANNOTATE_NOENDBR /* one returns to here */
	RET
SYM_CODE_END(refused)

SYM_FUNC_START(agentsys_hook_entry)
	ENDBR
	CALL_DEPTH_ACCOUNT
	pushq	%rbp
	movq	%rsp, %rbp
	call	agentsys_hook_concerns		/* changes no register but rax */
	testb	%al, %al
	jnz	1f
	popq	%rbp
	RET

1:	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	call	agentsys_hook_check
	testq	%rax, %rax
	jz	2f
	movq	$refused, 8(%rbp)
2:	popq	%r9
	popq	%r8
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%rbp
	RET
SYM_FUNC_END(agentsys_hook_entry)
