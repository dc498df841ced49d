/* SPDX-License-Identifier: GPL-2.0-only */
/* Every event is a tracepoint too: agentsys:agentsys_event. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM agentsys

#if !defined(_AGENTSYS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _AGENTSYS_TRACE_H

#include <linux/agentsys.h>
#include <linux/tracepoint.h>

/* Names are spelled as agentsys_event_name() does. */
#define AGENTSYS_TRACE_TYPES						\
	EM(AGENTSYS_EVENT_SPAWN,		"spawn")		\
	EM(AGENTSYS_EVENT_EXEC,			"exec")			\
	EM(AGENTSYS_EVENT_EXIT,			"exit")			\
	EM(AGENTSYS_EVENT_CRASH,		"crash")		\
	EM(AGENTSYS_EVENT_RESTART_SCHEDULED,	"restart-scheduled")	\
	EM(AGENTSYS_EVENT_RESTART,		"restart")		\
	EM(AGENTSYS_EVENT_STOP,			"stop")			\
	EM(AGENTSYS_EVENT_KILL,			"kill")			\
	EM(AGENTSYS_EVENT_FAILED,		"failed")		\
	EM(AGENTSYS_EVENT_LAUNCH_FAILED,	"launch-failed")	\
	EM(AGENTSYS_EVENT_ATTACH,		"attach")		\
	EM(AGENTSYS_EVENT_PAUSE,		"pause")		\
	EM(AGENTSYS_EVENT_RESUME,		"resume")		\
	EM(AGENTSYS_EVENT_REMOVE,		"remove")		\
	EM(AGENTSYS_EVENT_POLICY,		"policy")		\
	EM(AGENTSYS_EVENT_LAUNCHER,		"launcher")		\
	EM(AGENTSYS_EVENT_SHUTDOWN,		"shutdown")		\
	EM(AGENTSYS_EVENT_FAULT,		"fault")		\
	EM(AGENTSYS_EVENT_GROUP_RESTART,	"group-restart")	\
	EM(AGENTSYS_EVENT_GROUP_STARTED,	"group-started")	\
	EM(AGENTSYS_EVENT_GROUP_STOPPED,	"group-stopped")	\
	EM(AGENTSYS_EVENT_GROUP_FAILED,		"group-failed")		\
	EM(AGENTSYS_EVENT_CIRCUIT_OPEN,		"circuit-open")		\
	EM(AGENTSYS_EVENT_REQUIRED,		"required")		\
	EM(AGENTSYS_EVENT_LINK,			"link")			\
	EM(AGENTSYS_EVENT_DOWN,			"down")			\
	EM(AGENTSYS_EVENT_WARNING,		"warning")		\
	EM(AGENTSYS_EVENT_PRESSURE,		"pressure")		\
	EMe(AGENTSYS_EVENT_LIMITS,		"limits")

#define AGENTSYS_TRACE_CAUSES						\
	EM(AGENTSYS_CAUSE_NONE,			"none")			\
	EM(AGENTSYS_CAUSE_EXIT,			"exit")			\
	EM(AGENTSYS_CAUSE_SIGNAL,		"signal")		\
	EM(AGENTSYS_CAUSE_OOM,			"oom")			\
	EM(AGENTSYS_CAUSE_FAULT,		"fault")		\
	EM(AGENTSYS_CAUSE_STOP,			"stop")			\
	EM(AGENTSYS_CAUSE_KILL,			"kill")			\
	EM(AGENTSYS_CAUSE_RESTART,		"restart")		\
	EM(AGENTSYS_CAUSE_GROUP,		"group")		\
	EM(AGENTSYS_CAUSE_LAUNCH,		"launch")		\
	EM(AGENTSYS_CAUSE_DEPENDENCY,		"dependency")		\
	EMe(AGENTSYS_CAUSE_LINK,		"link")

/* Tell the tools the numbers behind the names. */
#undef EM
#undef EMe
#define EM(_number, _name)	TRACE_DEFINE_ENUM(_number);
#define EMe(_number, _name)	TRACE_DEFINE_ENUM(_number);

AGENTSYS_TRACE_TYPES
AGENTSYS_TRACE_CAUSES

#undef EM
#undef EMe
#define EM(_number, _name)	{ _number, _name },
#define EMe(_number, _name)	{ _number, _name }

TRACE_EVENT(agentsys_event,
	TP_PROTO(const struct agentsys_event *event),

	TP_ARGS(event),

	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u64, value)
		__field(u32, agent_id)
		__field(s32, pid)
		__field(u16, type)
		__field(u16, cause)
		__field(s32, code)
		__field(u32, instance)
		__array(char, name, 17)		/* a number, for the tools */
		__field(u32, action)
		__field(u64, limit)
	),

	TP_fast_assign(
		__entry->seq = event->seq;
		__entry->value = event->value;
		__entry->agent_id = event->agent_id;
		__entry->pid = event->pid;
		__entry->type = event->type;
		__entry->cause = event->cause;
		__entry->code = event->code;
		__entry->instance = event->instance;
		memcpy(__entry->name, event->name, sizeof(event->name));
		__entry->name[16] = '\0';
		__entry->action = event->action;
		__entry->limit = event->limit;
	),

	TP_printk("seq=%llu agent=%u name=%s type=%s cause=%s code=%d value=%llu pid=%d instance=%u limit=%llu action=%u",
		  __entry->seq, __entry->agent_id, __entry->name,
		  __print_symbolic(__entry->type, AGENTSYS_TRACE_TYPES),
		  __print_symbolic(__entry->cause, AGENTSYS_TRACE_CAUSES),
		  __entry->code, __entry->value, __entry->pid, __entry->instance,
		  __entry->limit, __entry->action)
);

#endif /* _AGENTSYS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
