# SPDX-License-Identifier: GPL-2.0-only
# Feature probes: what the kernel at hand declares, never which version it says
# it is, because distributions backport.
has = $(if $(shell grep -sw '$(2)' $(srctree)/include/linux/$(1)),-D$(3))

ccflags-y += $(call has,mount.h,mnt_idmap,HAVE_MNT_IDMAP)
ccflags-y += $(call has,netlink.h,NL_SET_ERR_MSG_FMT,HAVE_NL_SET_ERR_MSG_FMT)
ccflags-y += $(call has,mm.h,vm_flags_mod,HAVE_VM_FLAGS_MOD)
ccflags-y += $(call has,ftrace.h,register_ftrace_direct_multi,HAVE_FTRACE_DIRECT_MULTI)
ccflags-y += $(call has,../../arch/x86/include/asm/current.h,pcpu_hot,HAVE_PCPU_HOT)
ccflags-y += $(call has,timer.h,timer_delete_sync,HAVE_TIMER_DELETE_SYNC)
ccflags-y += $(call has,psi_types.h,kernfs_open_file,HAVE_PSI_TRIGGER_OF_FILE)
ccflags-y += -include $(src)/compat/compat.h
