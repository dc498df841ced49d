/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libasm - the C library of agentsys, the Agent Supervision Module.
 *
 *	cc agent.c $(pkg-config --cflags --libs libasm-agentsys)
 *
 * Two halves. A connection (struct agentsys) is for whoever controls agents:
 * it goes by generic netlink, and changing something needs CAP_SYS_ADMIN. The
 * functions that take a descriptor of /dev/agentsys are for the agents
 * themselves, and need no right but to be one.
 *
 * Functions that can fail return a negative errno, which is what the kernel
 * said where nothing else is noted; success is 0 or what is described. A number
 * that is out of its range, an id of 0 for one, is -ERANGE with every request. A
 * connection, a spec or a subscription may be used by one thread at a time.
 * Structs that the library hands out are made by it and may grow at their end.
 */
#ifndef LIBASM_AGENTSYS_LIBASM_H
#define LIBASM_AGENTSYS_LIBASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/agentsys.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AGENTSYS_API   __attribute__((visibility("default")))
#define AGENTSYS_CHECK __attribute__((warn_unused_result))

/* ---- Connection ------------------------------------------------------- */

/** struct agentsys - a connection to the module */
struct agentsys;

/**
 * agentsys_open - connect to the module
 * @h: where to put the connection
 *
 * Errors: -ENODEV the module is not loaded, -ENOMEM, -EMFILE.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_open(struct agentsys **h);

/**
 * agentsys_close - end a connection
 * @h: the connection, or NULL
 *
 * Ends no agent, and gives up no request that was accepted.
 */
AGENTSYS_API void agentsys_close(struct agentsys *h);

/**
 * agentsys_error - why the last call on a connection failed
 * @h: the connection
 *
 * Return: one line for a person, in the module's own words where it had some
 * ('cannot execute "/bin/nope": No such file or directory'). Valid until the
 * next call with @h.
 */
AGENTSYS_API const char *agentsys_error(const struct agentsys *h);

/**
 * agentsys_error_step - the step at which the last start failed
 * @h: the connection
 *
 * Return: an enum agentsys_step; AGENTSYS_STEP_NONE if no launch was involved.
 */
AGENTSYS_API enum agentsys_step agentsys_error_step(const struct agentsys *h);

/**
 * agentsys_pid - the process that the last start brought up
 * @h: the connection
 *
 * Return: the main process, in the initial pid namespace, of the agent that the
 * last agentsys_spawn(), agentsys_attach(), agentsys_start() or agentsys_restart()
 * with AGENTSYS_WAIT was about, as it was when its program had been executed; 0 if
 * that failed or did not wait.
 */
AGENTSYS_API pid_t agentsys_pid(const struct agentsys *h);

/**
 * AGENTSYS_WAIT - return when the agent has started or ended, not at once
 *
 * A flag of the calls below. Such a wait ends with -EINTR when a signal handler
 * ran, even one that was installed with SA_RESTART; what was asked for goes on,
 * and the connection can be used for something else.
 */
#define AGENTSYS_WAIT (1U << 0)

/** AGENTSYS_DEFAULT_TIMEOUT - the agent's own stop timeout */
#define AGENTSYS_DEFAULT_TIMEOUT (-1)

/* ---- What to run ------------------------------------------------------ */

/**
 * struct agentsys_spec - what an agent is made of
 *
 * Strings and arrays are copied. What is not set has the default that
 * <linux/agentsys_netlink.h> gives: /, no environment, /dev/null, no limit,
 * no restart, the caller's user and groups, no_new_privs.
 */
struct agentsys_spec;

/**
 * agentsys_spec_new - an empty spec
 *
 * Return: NULL if there is no memory.
 */
AGENTSYS_API struct agentsys_spec *agentsys_spec_new(void);

/**
 * agentsys_spec_free - forget a spec
 * @spec: the spec, or NULL
 */
AGENTSYS_API void agentsys_spec_free(struct agentsys_spec *spec);

/** agentsys_spec_set_id - the agent's id; without it the module picks one */
AGENTSYS_API void agentsys_spec_set_id(struct agentsys_spec *spec, uint32_t id);

/** agentsys_spec_set_name - its name, 1 to AGENTSYS_NAME_MAX bytes. Error: -ENOMEM. */
AGENTSYS_API int agentsys_spec_set_name(struct agentsys_spec *spec, const char *name);

/**
 * agentsys_spec_add_arg - one more argument
 *
 * The first one is the program to execute: a path, or a name that is searched
 * for in the PATH of the agent's environment. Error: -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_add_arg(struct agentsys_spec *spec, const char *arg);

/** agentsys_spec_set_args - all arguments, with NULL behind the last. Error: -ENOMEM. */
AGENTSYS_API int agentsys_spec_set_args(struct agentsys_spec *spec, const char *const args[]);

/**
 * agentsys_spec_add_env - one more variable of the environment
 * @spec: the spec
 * @variable: "NAME=value"; replaces one of the same name
 *
 * Errors: -EINVAL no name or no "=", -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_add_env(struct agentsys_spec *spec, const char *variable);

/** agentsys_spec_set_env - all variables, with NULL behind the last. Errors: as above. */
AGENTSYS_API int agentsys_spec_set_env(struct agentsys_spec *spec, const char *const variables[]);

/** AGENTSYS_NOTIFY_SOCKET - where the helper daemon hears what agents say with sd_notify() */
#define AGENTSYS_NOTIFY_SOCKET "/run/agentsys/notify"

/**
 * agentsys_spec_set_notify - have it tell the helper daemon how it is, as by sd_notify()
 *
 * Adds the variable NOTIFY_SOCKET and, where it has a watchdog, WATCHDOG_USEC. Who spawns it
 * starts the helper before, agentsys_start() with AGENTSYS_ID_HELPER. Error: -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_set_notify(struct agentsys_spec *spec);

/** agentsys_spec_set_cwd - working directory, an absolute path. Error: -ENOMEM. */
AGENTSYS_API int agentsys_spec_set_cwd(struct agentsys_spec *spec, const char *path);

/** agentsys_spec_set_uid - user id; set the group id with it, and the groups if it has any */
AGENTSYS_API void agentsys_spec_set_uid(struct agentsys_spec *spec, uid_t uid);

/** agentsys_spec_set_gid - group id */
AGENTSYS_API void agentsys_spec_set_gid(struct agentsys_spec *spec, gid_t gid);

/** agentsys_spec_set_groups - supplementary groups. Errors: -E2BIG, -ENOMEM. */
AGENTSYS_API int agentsys_spec_set_groups(struct agentsys_spec *spec, size_t n,
					  const gid_t groups[]);

/**
 * agentsys_spec_set_rlimit - a resource limit
 * @spec: the spec
 * @resource: RLIMIT_*
 * @soft: soft limit, UINT64_MAX for none
 * @hard: hard limit
 *
 * Error: -EINVAL no such resource.
 */
AGENTSYS_API int agentsys_spec_set_rlimit(struct agentsys_spec *spec, unsigned int resource,
					  uint64_t soft, uint64_t hard);

/** agentsys_spec_set_nice - nice value, -20 to 19 */
AGENTSYS_API void agentsys_spec_set_nice(struct agentsys_spec *spec, int nice);

/** agentsys_spec_set_oom_score_adj - -1000 (never the first to go) to 1000 */
AGENTSYS_API void agentsys_spec_set_oom_score_adj(struct agentsys_spec *spec, int adj);

/** agentsys_spec_set_bounding - capabilities that stay in the bounding set, a bit each */
AGENTSYS_API void agentsys_spec_set_bounding(struct agentsys_spec *spec, uint64_t caps);

/** agentsys_spec_set_significant - is it a significant member of its group? */
AGENTSYS_API void agentsys_spec_set_significant(struct agentsys_spec *spec, bool significant);

/** agentsys_spec_set_traps - does it survive crashes of agents that it is linked to? */
AGENTSYS_API void agentsys_spec_set_traps(struct agentsys_spec *spec, bool traps);

/**
 * agentsys_spec_add_relation - what it is to another agent, from its first start on
 * @spec: the spec
 * @kind: AGENTSYS_RELATION_REQUIRES, _WANTS, _PEER, _LINK or _MONITOR, see <linux/agentsys.h>
 * @to: the other agent
 *
 * Error: -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_add_relation(struct agentsys_spec *spec, enum agentsys_relation kind,
					    uint32_t to);

/** agentsys_spec_set_new_privs - may it gain privileges by executing programs? */
AGENTSYS_API void agentsys_spec_set_new_privs(struct agentsys_spec *spec, bool allow);

/**
 * agentsys_spec_set_stdio_path - a file as a standard descriptor
 * @spec: the spec
 * @n: 0 to 2; if 1 is set and 2 is not, 2 becomes the same
 * @path: read from (0), or made if it is missing and appended to (1, 2); NULL for /dev/null
 *
 * Errors: -EINVAL, -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_set_stdio_path(struct agentsys_spec *spec, int n, const char *path);

/**
 * agentsys_spec_set_stdio_fd - a descriptor of the caller as a standard descriptor
 * @spec: the spec
 * @n: 0 to 2
 * @fd: must be open when the agent is spawned
 *
 * Restarts use the same open file again. Error: -EINVAL.
 */
AGENTSYS_API int agentsys_spec_set_stdio_fd(struct agentsys_spec *spec, int n, int fd);

/**
 * agentsys_spec_set_group - the group of the supervision tree that it becomes a member of
 * @spec: the spec
 * @name: its name; AGENTSYS_ROOT_GROUP if none is set
 *
 * Below root the group's strategy tells when it is started again, if
 * agentsys_spec_set_restart() does not, and as often as the group's budget allows, if
 * agentsys_spec_set_max_restarts() does not. Error: -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_set_group(struct agentsys_spec *spec, const char *name);

/** agentsys_spec_set_restart - when the module starts it again */
AGENTSYS_API void agentsys_spec_set_restart(struct agentsys_spec *spec,
					    enum agentsys_restart condition);

/** agentsys_spec_set_max_restarts - how often in its life */
AGENTSYS_API void agentsys_spec_set_max_restarts(struct agentsys_spec *spec, uint32_t n);

/**
 * agentsys_spec_set_backoff - how long it waits before that
 * @spec: the spec
 * @initial_ms: before the first restart; see enum agentsys_backoff for further ones
 * @max_ms: up to this
 */
AGENTSYS_API void agentsys_spec_set_backoff(struct agentsys_spec *spec, uint32_t initial_ms,
					    uint32_t max_ms);

/** agentsys_spec_set_backoff_kind - how the wait before a restart grows */
AGENTSYS_API void agentsys_spec_set_backoff_kind(struct agentsys_spec *spec,
						 enum agentsys_backoff kind);

/** agentsys_spec_set_jitter - per cent of a wait, up to which are added at random; 0 to 100 */
AGENTSYS_API void agentsys_spec_set_jitter(struct agentsys_spec *spec, uint32_t percent);

/** agentsys_spec_set_stable - the wait starts anew after an instance that ran for 1 ms to a day */
AGENTSYS_API void agentsys_spec_set_stable(struct agentsys_spec *spec, uint32_t ms);

/**
 * agentsys_spec_set_breaker - have a crash loop wait for longer
 * @spec: the spec
 * @n: restarts in a row of instances that did not run for the stable time, after which
 *	the circuit opens; 0 for never
 * @open_ms: for so long, before the next restart
 */
AGENTSYS_API void agentsys_spec_set_breaker(struct agentsys_spec *spec, uint32_t n,
					    uint32_t open_ms);

/**
 * agentsys_spec_set_success_codes - exit codes that are no failure, as 0 is
 * @spec: the spec
 * @codes: code n is bit n % 64 of word n / 64
 */
AGENTSYS_API void agentsys_spec_set_success_codes(struct agentsys_spec *spec,
						  const uint64_t codes[AGENTSYS_CODE_WORDS]);

/** agentsys_spec_set_success_signals - signals that are no failure; signal n is bit n - 1 */
AGENTSYS_API void agentsys_spec_set_success_signals(struct agentsys_spec *spec, uint64_t signals);

/**
 * agentsys_spec_set_never_codes - exit codes after which it is not restarted, whatever else is set
 * @spec: the spec
 * @codes: as above
 */
AGENTSYS_API void agentsys_spec_set_never_codes(struct agentsys_spec *spec,
						const uint64_t codes[AGENTSYS_CODE_WORDS]);

/** agentsys_spec_set_never_signals - signals likewise; signal n is bit n - 1 */
AGENTSYS_API void agentsys_spec_set_never_signals(struct agentsys_spec *spec, uint64_t signals);

/** agentsys_spec_set_never_causes - causes likewise; enum agentsys_cause n is bit n */
AGENTSYS_API void agentsys_spec_set_never_causes(struct agentsys_spec *spec, uint32_t causes);

/** agentsys_spec_set_stop_signal - what asks it to end */
AGENTSYS_API void agentsys_spec_set_stop_signal(struct agentsys_spec *spec, int signal);

/**
 * agentsys_spec_set_stop_timeout - how long it may take until it is killed
 * @spec: the spec
 * @ms: up to a day, 0 to kill it at once, or AGENTSYS_STOP_UNLIMITED
 */
AGENTSYS_API void agentsys_spec_set_stop_timeout(struct agentsys_spec *spec, uint32_t ms);

/** agentsys_spec_set_memory_max - bytes at which it is killed; 0 for no limit */
AGENTSYS_API void agentsys_spec_set_memory_max(struct agentsys_spec *spec, uint64_t bytes);

/** agentsys_spec_set_memory_high - bytes at which it is slowed down; 0 for no limit */
AGENTSYS_API void agentsys_spec_set_memory_high(struct agentsys_spec *spec, uint64_t bytes);

/** agentsys_spec_set_cpu - microseconds of CPU time per period; 0 for no limit */
AGENTSYS_API void agentsys_spec_set_cpu(struct agentsys_spec *spec, uint64_t quota_us,
					uint64_t period_us);

/** agentsys_spec_set_pids_max - processes and threads; 0 for no limit */
AGENTSYS_API void agentsys_spec_set_pids_max(struct agentsys_spec *spec, uint64_t n);

/**
 * agentsys_spec_set_limit - what it may use, of any kind
 * @spec: the spec
 * @limit: enum agentsys_limit
 * @max: how much; 0 for no limit. What is not set is as agentsys_limits_default() says.
 *
 * Return: 0, or -EINVAL: there is no such limit.
 */
AGENTSYS_API int agentsys_spec_set_limit(struct agentsys_spec *spec, uint32_t limit, uint64_t max);

/**
 * agentsys_spec_set_backend - what executes the program; native if nothing is said
 * @spec: the spec
 * @backend: AGENTSYS_BACKEND_WASM runs the WebAssembly module that the first argument is
 *	the path of, with WASI preview 1 and all arguments, as the agent's user; for a
 *	container call agentsys_spec_set_container() instead
 */
AGENTSYS_API void agentsys_spec_set_backend(struct agentsys_spec *spec,
					    enum agentsys_backend backend);

/**
 * enum agentsys_container - what a container is made from
 * @AGENTSYS_CONTAINER_ROOTFS: a folder that becomes its root
 * @AGENTSYS_CONTAINER_BUNDLE: the folder of an OCI bundle, which has a config.json
 * @AGENTSYS_CONTAINER_IMAGE: an image that podman knows or can pull, by its name
 */
enum agentsys_container {
	AGENTSYS_CONTAINER_ROOTFS,
	AGENTSYS_CONTAINER_BUNDLE,
	AGENTSYS_CONTAINER_IMAGE,
};

/**
 * agentsys_spec_set_container - execute the program in a container
 * @spec: the spec
 * @from: what it is made from
 * @what: the folder, an absolute path, or the image's name
 *
 * The program, its arguments, the working directory, the user, the groups and the
 * environment are meant inside; where a bundle or an image says them, they may be left
 * out. Without a user it is root there, without capabilities: only those of
 * agentsys_spec_set_bounding() are left to it. All of the container is in the agent's
 * cgroup, so limits hold in it. See asm-container(8). Errors: -EINVAL, -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_set_container(struct agentsys_spec *spec,
					     enum agentsys_container from, const char *what);

/**
 * agentsys_spec_add_mount - show a folder or file of this machine to a container or a module
 * @spec: the spec
 * @mount: "SOURCE:TARGET" or "SOURCE:TARGET:ro", absolute paths without a colon
 *
 * A WebAssembly module sees no other files; ":ro" is for containers only. Errors: -EINVAL,
 * -ENOMEM.
 */
AGENTSYS_API int agentsys_spec_add_mount(struct agentsys_spec *spec, const char *mount);

/** agentsys_spec_set_network - does a container use this machine's network, or none? It does. */
AGENTSYS_API void agentsys_spec_set_network(struct agentsys_spec *spec, bool network);

/** agentsys_spec_set_read_only - may a container not change its root file system? It may. */
AGENTSYS_API void agentsys_spec_set_read_only(struct agentsys_spec *spec, bool read_only);

/**
 * agentsys_backend_check - can agents have this backend on this machine?
 * @backend: the backend
 * @why: where to put why not, one line for a person, or "" if they can
 * @size: bytes there
 *
 * Return: 0 if they can. Errors: -EOPNOTSUPP no, -EINVAL there is no such backend.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_backend_check(enum agentsys_backend backend, char *why,
						       size_t size);

/* ---- Control ---------------------------------------------------------- */

/**
 * agentsys_spawn - make an agent and start it
 * @h: the connection
 * @spec: what to run
 * @flags: AGENTSYS_WAIT until its program runs
 * @id: where to put its id, or NULL; set as soon as the request is accepted,
 *	so after a failed start and after -EINTR too, else 0
 *
 * Errors: -EEXIST, -E2BIG, -ENAMETOOLONG, -EINVAL, -ENOSPC, -ESHUTDOWN,
 * -EBADF, -ENOENT no such group, -EBUSY it is being stopped, -EPERM, -EOPNOTSUPP the
 * backend is not available, which agentsys_error() tells why; with
 * AGENTSYS_WAIT also what the step that failed said, see
 * agentsys_error_step(): the agent is forgotten then. Without, the record of an
 * agent whose first start failed stays.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_spawn(struct agentsys *h, const struct agentsys_spec *spec,
					       unsigned int flags, uint32_t *id);

/**
 * agentsys_attach - adopt a running process
 * @h: the connection
 * @pid: the process
 * @spec: its id, name, stop settings and limits; or NULL
 * @flags: AGENTSYS_WAIT until it is in its cgroup
 * @id: as above
 *
 * Errors: -ESRCH no such process, or it ended meanwhile, so that the number may
 * have come to mean another one; -EINVAL, -EBUSY, -EEXIST, -ENOSPC, -EPERM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_attach(struct agentsys *h, pid_t pid,
						const struct agentsys_spec *spec,
						unsigned int flags, uint32_t *id);

/**
 * agentsys_start - start an ended agent by hand
 *
 * Errors: -ESRCH no such agent, -EALREADY it runs, -EBUSY it is ending,
 * -EOPNOTSUPP it was attached, -ESHUTDOWN, -EPERM.
 */
AGENTSYS_API int agentsys_start(struct agentsys *h, uint32_t id, unsigned int flags);

/**
 * agentsys_stop - ask an agent to end, and kill what is left after a while
 * @h: the connection
 * @id: the agent
 * @timeout_ms: this while; 0 kills at once, AGENTSYS_STOP_UNLIMITED never; or
 *	AGENTSYS_DEFAULT_TIMEOUT, its own
 * @flags: AGENTSYS_WAIT until it has ended
 *
 * No restart follows. Errors: -ESRCH, -EPERM.
 */
AGENTSYS_API int agentsys_stop(struct agentsys *h, uint32_t id, int64_t timeout_ms,
			       unsigned int flags);

/** agentsys_kill - kill all of an agent at once. Errors: -ESRCH, -EPERM. */
AGENTSYS_API int agentsys_kill(struct agentsys *h, uint32_t id, unsigned int flags);

/**
 * agentsys_restart - stop it if it runs, and start it
 *
 * Errors: -ESRCH, -EOPNOTSUPP, -ESHUTDOWN, -EPERM.
 */
AGENTSYS_API int agentsys_restart(struct agentsys *h, uint32_t id, int64_t timeout_ms,
				  unsigned int flags);

/** agentsys_pause - freeze all of its processes. Errors: -ESRCH, -EINVAL not active, -EPERM. */
AGENTSYS_API int agentsys_pause(struct agentsys *h, uint32_t id);

/** agentsys_resume - thaw them. Errors: as above. */
AGENTSYS_API int agentsys_resume(struct agentsys *h, uint32_t id);

/**
 * agentsys_remove - forget an ended agent
 *
 * Returns when its record is gone and its id free. Errors: -ESRCH, -EBUSY it has
 * not ended, -ECANCELED it was started again meanwhile, -EPERM.
 */
AGENTSYS_API int agentsys_remove(struct agentsys *h, uint32_t id);

/**
 * agentsys_set - change the restart policy of an agent
 * @h: the connection
 * @id: the agent
 * @spec: with any of restart, max_restarts, backoff, backoff_kind, jitter, stable, breaker,
 *	success_*, never_* and traps set; the rest is not looked at
 *
 * Errors: -ESRCH, -EOPNOTSUPP it was attached, -EINVAL it could never spend the budget of
 * its group then, -EPERM.
 */
AGENTSYS_API int agentsys_set(struct agentsys *h, uint32_t id, const struct agentsys_spec *spec);

/**
 * agentsys_move - make an agent the last member of a group
 * @h: the connection
 * @id: the agent
 * @group: the group, which may be the one that it is in
 *
 * Its process goes on, and so does its restart policy. A group that is down is active again
 * when an agent that runs enters it. Errors: -ESRCH, -ENOENT no such group, -ENOSPC it has
 * 1024 members, -EBUSY the agent is just ending, or something is under way in one of the
 * groups, -EINVAL there its restarts could go on for ever, -EOPNOTSUPP it was attached, -EPERM.
 */
AGENTSYS_API int agentsys_move(struct agentsys *h, uint32_t id, const char *group);

/**
 * agentsys_set_significant - make an agent a significant member of its group, or none
 *
 * An end before does not count. Errors: -ESRCH, -EOPNOTSUPP it was attached, -EPERM.
 */
AGENTSYS_API int agentsys_set_significant(struct agentsys *h, uint32_t id, bool significant);

/**
 * agentsys_shutdown - stop every agent and dismiss the launcher
 *
 * Agents and groups in root are stopped side by side, the members of a group one after
 * another, the last one first. Nothing is started meanwhile.
 *
 * @h: the connection
 * @timeout_ms: what is left after this is killed; 0 kills at once;
 *	AGENTSYS_DEFAULT_TIMEOUT is 10 seconds
 * @flags: AGENTSYS_WAIT until the module can be unloaded
 * @ended: where to put how many agents were ended, or NULL; known with AGENTSYS_WAIT only
 * @killed: likewise, how many of them by a kill
 *
 * Errors: -EALREADY one is under way, -ETIMEDOUT what was killed does not go away, -EPERM.
 */
AGENTSYS_API int agentsys_shutdown(struct agentsys *h, int64_t timeout_ms, unsigned int flags,
				   uint32_t *ended, uint32_t *killed);

struct agentsys_info;

/**
 * agentsys_shutdown_all - stop every agent, and tell what became of each
 *
 * Waits as agentsys_shutdown() does. What is told is how an agent ended: @cause, which is
 * AGENTSYS_CAUSE_KILL for one that did not end in time, @exit_status and @end_pid; and
 * how long that took, from @asked_time to @end_time.
 *
 * @h: the connection
 * @timeout_ms: as with agentsys_shutdown()
 * @list: where to put the agents that were ended, those that ended first ahead, with NULL
 *	behind the last; agentsys_list_free() frees it. NULL if nothing could be told. Among
 *	them are those that waited for a restart, unless @timeout_ms is 0
 *
 * Return: how many there are. Errors: -EALREADY, -EPERM, -ENOMEM; -ETIMEDOUT what was killed
 * does not go away: the list is there all the same, with what has not ended.
 */
AGENTSYS_API ssize_t agentsys_shutdown_all(struct agentsys *h, int64_t timeout_ms,
					   struct agentsys_info ***list);

/* ---- Looking ---------------------------------------------------------- */

/**
 * struct agentsys_info - one agent
 *
 * Times are CLOCK_BOOTTIME in nanoseconds, 0 for never.
 *
 * @id: its id
 * @pid: main process, 0 for none
 * @name: its name
 * @state: enum agentsys_state
 * @flags: AGENTSYS_AGENT_*
 * @instance: starts so far
 * @restart: enum agentsys_restart
 * @restarts: restarts by the module that count against @max_restarts
 * @max_restarts: how many there may be
 * @backoff_initial_ms: wait before the first restart
 * @backoff_max_ms: the longest wait
 * @next_start_ms: until the scheduled restart, in state backoff
 * @stop_signal: what asks it to end
 * @stop_timeout_ms: until it is killed, or AGENTSYS_STOP_UNLIMITED
 * @cause: enum agentsys_cause of the last end
 * @code: exit code, signal, errno or fault, as the cause says
 * @step: enum agentsys_step, if a failed launch was the cause
 * @uid: whom it runs as; 0 for one that was attached
 * @gid: likewise
 * @spawns: instances that ran
 * @exits: instances that ended
 * @crashes: those that ended otherwise than asked or with code 0
 * @faults: faults detected, crashes among them
 * @heartbeats: how many it sent
 * @cpu_time_us: of all its processes and instances
 * @memory: bytes now
 * @start_time: the last start
 * @end_time: the last end
 * @last_activity: the last event or heartbeat
 * @memory_max: limit, 0 for none; likewise the following
 * @memory_high: bytes
 * @cpu_quota_us: per period
 * @cpu_period_us: the period
 * @pids_max: processes and threads
 * @cgroup: path of its cgroup below the v2 mount
 * @group: the group that it is in
 * @place: grows with the order in it
 * @backoff_kind: enum agentsys_backoff
 * @jitter: per cent of a wait, up to which are added
 * @stable_ms: the wait starts anew after an instance that ran so long
 * @breaker: restarts in a row that open the circuit, 0 for none
 * @breaker_open_ms: for how long
 * @never_causes: causes after which it is not restarted, n is bit n
 * @success_codes: exit codes that are no failure, n is bit n % 64 of word n / 64
 * @never_codes: exit codes after which it is not restarted, likewise
 * @success_signals: signals that are no failure, n is bit n - 1
 * @never_signals: signals after which it is not restarted, likewise
 * @streak: restarts in a row of instances that did not run for the stable time
 * @survival_ms: how long instances survive, as AGENTSYS_BACKOFF_ADAPTIVE counts it
 * @significant: 1 if it is a significant member of its group
 * @backend: enum agentsys_backend, what executes its program
 * @circuit: enum agentsys_circuit
 * @parent_id: the agent of which a process asked for it, 0 if it was in none
 * @parent_instance: which start of that
 * @exit_status: what wait() would tell of the main process that ended last; -1 if none
 *	ever did, or the last launch came to none
 * @end_pid: its pid, 0 likewise
 * @asked_time: when that end was asked for, or one that is to come; 0 if it was not
 * @made_time: when its record was made; with its id that tells it from all others
 * @syscalls: system calls that were counted, in all instances; 0 unless it has a limit of them
 * @throttled_ns: for how long it was slowed down for faults, by all its instances
 * @calls: how many calls it is in, see agentsys_report_call_begin()
 * @calls_left_ms: and for how much longer at most
 */
struct agentsys_info {
	uint32_t id;
	uint32_t pid;
	char name[AGENTSYS_NAME_MAX + 1];
	uint32_t state;
	uint32_t flags;
	uint32_t instance;
	uint32_t restart;
	uint32_t restarts;
	uint32_t max_restarts;
	uint32_t backoff_initial_ms;
	uint32_t backoff_max_ms;
	uint32_t next_start_ms;
	uint32_t stop_signal;
	uint32_t stop_timeout_ms;
	uint32_t cause;
	int32_t code;
	uint32_t step;
	uint32_t uid;
	uint32_t gid;
	uint64_t spawns;
	uint64_t exits;
	uint64_t crashes;
	uint64_t faults;
	uint64_t heartbeats;
	uint64_t cpu_time_us;
	uint64_t memory;
	uint64_t start_time;
	uint64_t end_time;
	uint64_t last_activity;
	uint64_t memory_max;
	uint64_t memory_high;
	uint64_t cpu_quota_us;
	uint64_t cpu_period_us;
	uint64_t pids_max;
	const char *cgroup;
	char group[AGENTSYS_NAME_MAX + 1];
	uint32_t place;
	uint32_t backoff_kind;
	uint32_t jitter;
	uint32_t stable_ms;
	uint32_t breaker;
	uint32_t breaker_open_ms;
	uint32_t never_causes;
	uint64_t success_codes[AGENTSYS_CODE_WORDS];
	uint64_t never_codes[AGENTSYS_CODE_WORDS];
	uint64_t success_signals;
	uint64_t never_signals;
	uint32_t streak;
	uint32_t survival_ms;
	uint32_t circuit;
	uint32_t significant;
	uint32_t parent_id;
	uint32_t parent_instance;
	int32_t exit_status;
	uint32_t end_pid;
	uint64_t asked_time;
	uint64_t made_time;
	uint32_t backend;
	uint64_t syscalls;
	uint64_t throttled_ns;
	uint32_t calls;
	uint32_t calls_left_ms;
};

/**
 * agentsys_get - one agent
 * @h: the connection
 * @id: the agent
 * @info: where to put it; agentsys_info_free() frees it
 *
 * Errors: -ESRCH, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_get(struct agentsys *h, uint32_t id,
					     struct agentsys_info **info);

/** agentsys_info_free - forget what agentsys_get() gave, or NULL */
AGENTSYS_API void agentsys_info_free(struct agentsys_info *info);

/**
 * agentsys_list - all agents, ended ones among them
 * @h: the connection
 * @list: where to put the array, in order of id, with NULL behind the last
 *
 * The list is what was there at one moment. Where agents come and go all the
 * time no such moment may be found in a few attempts; it may then lack some
 * that came meanwhile.
 *
 * Return: how many; agentsys_list_free() frees them. Error: -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_list(struct agentsys *h, struct agentsys_info ***list);

/** agentsys_list_free - forget what agentsys_list() gave, or NULL */
AGENTSYS_API void agentsys_list_free(struct agentsys_info **list);

/**
 * agentsys_find - which agent is called so?
 * @h: the connection
 * @name: a name
 * @id: where to put the id
 *
 * Errors: -ESRCH nobody, -ENOTUNIQ more than one agent, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_find(struct agentsys *h, const char *name, uint32_t *id);

/**
 * struct agentsys_system - counters since the module was loaded
 *
 * @spawns: instances that ran
 * @exits: instances that ended
 * @crashes: those that ended otherwise than asked or with code 0
 * @faults: faults detected
 * @restarts: instances that the module started again
 * @syscalls: system calls of agents that have a limit of them, while they have it
 * @events: events written so far, the last one's seq
 * @active: live agents
 * @agents: records, ended ones among them
 * @max_agents: how many there may be
 * @ring_size: how many events are kept
 * @launcher_pid: 0 when none is needed
 * @abi: AGENTSYS_ABI_VERSION of the module
 * @release: version of the module
 * @launcher_path: the launcher's program
 * @cgroup_root: path below the v2 mount
 * @controllers: controllers of the agents' cgroups, with blanks between
 * @hooks: what system calls are, or would be, counted by: "ftrace" or "tracepoint"
 * @hooks_error: the positive errno for which that is not ftrace, or nothing at all
 */
struct agentsys_system {
	uint64_t spawns;
	uint64_t exits;
	uint64_t crashes;
	uint64_t faults;
	uint64_t restarts;
	uint64_t syscalls;
	uint64_t events;
	uint32_t active;
	uint32_t agents;
	uint32_t max_agents;
	uint32_t ring_size;
	uint32_t launcher_pid;
	uint32_t abi;
	const char *release;
	const char *launcher_path;
	const char *cgroup_root;
	const char *controllers;
	const char *hooks;
	uint32_t hooks_error;
};

/**
 * agentsys_system - counters of the system
 * @h: the connection
 * @system: where to put them; agentsys_system_free() frees them
 *
 * Error: -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_system(struct agentsys *h,
						struct agentsys_system **system);

/** agentsys_system_free - forget what agentsys_system() gave, or NULL */
AGENTSYS_API void agentsys_system_free(struct agentsys_system *system);

/* ---- Groups ----------------------------------------------------------- */

/*
 * Groups make the supervision tree: each is in another one, those at the top and all
 * agents that name no group are in root, which is always there. A group has a strategy,
 * which says who is restarted when a member ends, and a budget: when it is spent, its
 * members are stopped, the group has failed, and that is an end of a member in the
 * group above. Errors of all that take the name of a group: -ENOENT there is none; of
 * all that change something: -EPERM.
 */

/**
 * struct agentsys_group_spec - what a group is made of
 *
 * What is not set has the default that <linux/agentsys_netlink.h> gives, or stays as it
 * is: in root, one_for_one, 5 restarts within a minute.
 */
struct agentsys_group_spec;

/**
 * agentsys_group_spec_new - an empty spec
 *
 * Return: NULL if there is no memory.
 */
AGENTSYS_API struct agentsys_group_spec *agentsys_group_spec_new(void);

/**
 * agentsys_group_spec_free - forget a spec
 * @spec: the spec, or NULL
 */
AGENTSYS_API void agentsys_group_spec_free(struct agentsys_group_spec *spec);

/** agentsys_group_spec_set_parent - the group that it is in. Error: -ENOMEM. */
AGENTSYS_API int agentsys_group_spec_set_parent(struct agentsys_group_spec *spec, const char *name);

/** agentsys_group_spec_set_strategy - who is restarted when a member ends */
AGENTSYS_API void agentsys_group_spec_set_strategy(struct agentsys_group_spec *spec,
						   enum agentsys_strategy strategy);

/** agentsys_group_spec_set_budget - restarts within the window, 0 to AGENTSYS_BUDGET_MAX */
AGENTSYS_API void agentsys_group_spec_set_budget(struct agentsys_group_spec *spec, uint32_t n);

/** agentsys_group_spec_set_within - the window, which slides, 1 ms to a day */
AGENTSYS_API void agentsys_group_spec_set_within(struct agentsys_group_spec *spec, uint32_t ms);

/**
 * agentsys_group_spec_set_backoff - the wait before several members, or a group, start again
 * @spec: the spec
 * @initial_ms: before the first restart, more with each further one in the window
 * @max_ms: up to this
 */
AGENTSYS_API void agentsys_group_spec_set_backoff(struct agentsys_group_spec *spec,
						  uint32_t initial_ms, uint32_t max_ms);

/**
 * agentsys_group_spec_set_backoff_kind - how that wait grows
 * @spec: the spec
 * @kind: AGENTSYS_BACKOFF_EXPONENTIAL, _LINEAR or _CONSTANT
 */
AGENTSYS_API void agentsys_group_spec_set_backoff_kind(struct agentsys_group_spec *spec,
						       enum agentsys_backoff kind);

/** agentsys_group_spec_set_jitter - it is longer at random, by up to so many per cent, 0 to 100 */
AGENTSYS_API void agentsys_group_spec_set_jitter(struct agentsys_group_spec *spec,
						 uint32_t percent);

/**
 * agentsys_group_spec_set_auto_shutdown - when it stops because its significant members are done
 * @spec: the spec
 * @when: AGENTSYS_AUTO_SHUTDOWN_NEVER, _ANY or _ALL, see <linux/agentsys.h>
 */
AGENTSYS_API void agentsys_group_spec_set_auto_shutdown(struct agentsys_group_spec *spec,
							enum agentsys_auto_shutdown when);

/** agentsys_group_spec_set_members_max - how many members it takes, 1 to AGENTSYS_MEMBERS_MAX */
AGENTSYS_API void agentsys_group_spec_set_members_max(struct agentsys_group_spec *spec, uint32_t n);

/** agentsys_group_spec_set_significant - is it a significant member of the group above? */
AGENTSYS_API void agentsys_group_spec_set_significant(struct agentsys_group_spec *spec,
						      bool significant);

/**
 * agentsys_group_new - make a group, which is empty
 * @h: the connection
 * @name: its name, 1 to AGENTSYS_NAME_MAX bytes
 * @spec: how it is to be; or NULL
 *
 * Errors: -EEXIST, -ENOENT no such parent, -EINVAL no name can be like this, the backoff
 * is adaptive, or the restarts could go on for ever, -ERANGE, -ENAMETOOLONG, -ENOSPC,
 * -E2BIG it would be too deep.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_group_new(struct agentsys *h, const char *name,
						   const struct agentsys_group_spec *spec);

/**
 * agentsys_group_set - change a group
 * @h: the connection
 * @name: the group
 * @spec: as for a new one; its parent and whether it is significant are not looked at
 *
 * What is under way goes on as it began. Errors: -EINVAL as above, or it is root, -ERANGE.
 */
AGENTSYS_API int agentsys_group_set(struct agentsys *h, const char *name,
				    const struct agentsys_group_spec *spec);

/**
 * agentsys_group_move - make a group the last member of another one
 * @h: the connection
 * @name: the group, which takes along all that is in it
 * @parent: the other one, which may be the one that it is in
 *
 * No process is touched. A parent that is down is active again if the group is not down.
 * Errors: -ENOENT, -ENOSPC the parent has 1024 members, -E2BIG it would be too deep, -EBUSY
 * something is under way in it, in the present parent or in the new one, -EINVAL it is root,
 * or @parent is in it, -EPERM.
 */
AGENTSYS_API int agentsys_group_move(struct agentsys *h, const char *name, const char *parent);

/**
 * agentsys_group_set_significant - make a group a significant member of the one above, or none
 *
 * Errors: -ENOENT, -EINVAL it is root, -EPERM.
 */
AGENTSYS_API int agentsys_group_set_significant(struct agentsys *h, const char *name,
						bool significant);

/**
 * agentsys_group_del - remove an empty group
 *
 * Errors: -ENOTEMPTY agents or groups are in it, also ended ones, -EINVAL it is root.
 */
AGENTSYS_API int agentsys_group_del(struct agentsys *h, const char *name);

/**
 * agentsys_group_start - start the members that do not run, in order
 * @h: the connection
 * @name: the group
 * @flags: AGENTSYS_WAIT until all of them run
 *
 * The restarts of the window are forgotten. Errors: -ESHUTDOWN, -EBUSY too many wait
 * for it; with AGENTSYS_WAIT also -ECANCELED something else was asked of the group
 * meanwhile, -EIO it failed.
 */
AGENTSYS_API int agentsys_group_start(struct agentsys *h, const char *name, unsigned int flags);

/**
 * agentsys_group_stop - stop the members in reverse order
 * @h: the connection
 * @name: the group
 * @flags: AGENTSYS_WAIT until all of them have ended
 *
 * Each is stopped by its own signal and timeout. No restart follows. Errors: as above.
 */
AGENTSYS_API int agentsys_group_stop(struct agentsys *h, const char *name, unsigned int flags);

/** agentsys_group_restart - stop the members, then start those that ran. Errors: as above. */
AGENTSYS_API int agentsys_group_restart(struct agentsys *h, const char *name, unsigned int flags);

/**
 * struct agentsys_group - one group
 *
 * @name: its name
 * @parent: the group that it is in, "" for root
 * @strategy: enum agentsys_strategy
 * @budget: restarts within the window
 * @within_ms: the window
 * @backoff_initial_ms: wait before the first restart of several, or of a group in it
 * @backoff_max_ms: the longest wait
 * @state: enum agentsys_state
 * @place: grows with the order in its parent
 * @members: agents and groups directly in it
 * @recent: restarts in the window now
 * @reason: agent whose end was the last reason, 0 for none
 * @restarts: restarts that were counted since it was made
 * @auto_shutdown: enum agentsys_auto_shutdown
 * @significant: 1 if it is a significant member of its parent
 * @backoff_kind: enum agentsys_backoff
 * @jitter: per cent
 * @members_max: how many members it takes, 0 for root
 */
struct agentsys_group {
	char name[AGENTSYS_NAME_MAX + 1];
	char parent[AGENTSYS_NAME_MAX + 1];
	uint32_t strategy;
	uint32_t budget;
	uint32_t within_ms;
	uint32_t backoff_initial_ms;
	uint32_t backoff_max_ms;
	uint32_t state;
	uint32_t place;
	uint32_t members;
	uint32_t recent;
	uint32_t reason;
	uint64_t restarts;
	uint32_t auto_shutdown;
	uint32_t significant;
	uint32_t backoff_kind;
	uint32_t jitter;
	uint32_t members_max;
};

/**
 * agentsys_group_get - one group
 * @h: the connection
 * @name: its name
 * @group: where to put it; agentsys_group_free() frees it
 *
 * Error: -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_group_get(struct agentsys *h, const char *name,
						   struct agentsys_group **group);

/** agentsys_group_free - forget what agentsys_group_get() gave, or NULL */
AGENTSYS_API void agentsys_group_free(struct agentsys_group *group);

/**
 * agentsys_group_list - all groups
 * @h: the connection
 * @list: where to put the array, each behind the one that it is in, with NULL behind the last
 *
 * As agentsys_list(), it may lack some where groups come and go all the time.
 *
 * Return: how many; agentsys_group_list_free() frees them. Error: -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_group_list(struct agentsys *h,
							struct agentsys_group ***list);

/** agentsys_group_list_free - forget what agentsys_group_list() gave, or NULL */
AGENTSYS_API void agentsys_group_list_free(struct agentsys_group **list);

/* ---- Relations -------------------------------------------------------- */

/**
 * struct agentsys_relation_info - what an agent is to another
 *
 * @kind: enum agentsys_relation
 * @from: the agent
 * @to: the other
 */
struct agentsys_relation_info {
	uint32_t kind;
	uint32_t from;
	uint32_t to;
};

/**
 * agentsys_relate - relate an agent to another
 * @h: the connection
 * @from: the agent
 * @kind: what it is to the other, see <linux/agentsys.h>
 * @to: the other
 *
 * It counts from the next start, stop or end of either on, and lasts as long as the
 * records of both. Errors: -ESRCH, -EEXIST it is there already, -ELOOP agents would wait
 * for each other in a circle, -ENOSPC one has AGENTSYS_RELATIONS_MAX, -EINVAL it is the
 * same agent, -EBUSY one is just being attached, -ENOTCONN @from runs, and @to, which it
 * is to require, does not, -EPERM.
 */
AGENTSYS_API int agentsys_relate(struct agentsys *h, uint32_t from, enum agentsys_relation kind,
				 uint32_t to);

/** agentsys_unrelate - end that. Errors: -ENOENT they are not related so, -ESRCH, -EPERM. */
AGENTSYS_API int agentsys_unrelate(struct agentsys *h, uint32_t from, enum agentsys_relation kind,
				   uint32_t to);

/**
 * agentsys_relations - all relations
 * @h: the connection
 * @list: where to put the array, in the order of agents, kinds and others
 *
 * Return: how many; agentsys_relations_free() frees them. Error: -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_relations(struct agentsys *h,
						       struct agentsys_relation_info **list);

/** agentsys_relations_free - forget what agentsys_relations() gave, or NULL */
AGENTSYS_API void agentsys_relations_free(struct agentsys_relation_info *list);

/* ---- History ---------------------------------------------------------- */

/**
 * struct agentsys_past - an end of an agent, and what was decided
 *
 * @time_ns: when, CLOCK_BOOTTIME
 * @ran_ns: how long the instance had run, 0 for never; not told of a group
 * @agent_id: who; 0 in a group that was restarted by hand
 * @instance: which start of it
 * @cause: enum agentsys_cause
 * @code: exit code, signal, errno or fault, as the cause says
 * @decision: enum agentsys_decision
 * @delay_ms: before the restart
 * @pid: main process that it had, 0 for none; not told of a group
 * @group: of a group: the group in it that failed for that, empty if the agent was a member
 *	itself
 */
struct agentsys_past {
	uint64_t time_ns;
	uint64_t ran_ns;
	uint32_t agent_id;
	uint32_t instance;
	uint32_t cause;
	int32_t code;
	uint32_t decision;
	uint32_t delay_ms;
	uint32_t pid;
	char group[AGENTSYS_NAME_MAX + 1];
};

/**
 * agentsys_history - the last ends of an agent, at most AGENTSYS_HISTORY_MAX
 * @h: the connection
 * @id: the agent
 * @list: where to put the array, oldest first
 *
 * Return: how many; agentsys_history_free() frees them. Errors: -ESRCH, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_history(struct agentsys *h, uint32_t id,
						     struct agentsys_past **list);

/**
 * agentsys_group_history - the last restarts of a group, its failures among them
 * @h: the connection
 * @name: the group
 * @list: as above
 *
 * Return: as above. Errors: -ENOENT, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_group_history(struct agentsys *h, const char *name,
							   struct agentsys_past **list);

/** agentsys_history_free - forget what agentsys_history() gave, or NULL */
AGENTSYS_API void agentsys_history_free(struct agentsys_past *list);

/* ---- Faults ----------------------------------------------------------- */

/**
 * struct agentsys_fault_entry - a fault of an agent
 *
 * @time_ns: when, CLOCK_BOOTTIME
 * @measured: what was measured; of a crash, the exit code or signal
 * @limit: what it may be; 0 where there is no such thing
 * @instance: which start of the agent
 * @type: enum agentsys_fault
 * @action: enum agentsys_recover, what was done about it
 */
struct agentsys_fault_entry {
	uint64_t time_ns;
	uint64_t measured;
	uint64_t limit;
	uint32_t instance;
	uint32_t type;
	uint32_t action;
};

/**
 * struct agentsys_faults - how many faults there were, and the last of them
 *
 * @types: how many types are counted; the first, AGENTSYS_FAULT_NONE, is 0
 * @count: how many faults of each, by enum agentsys_fault
 * @n: how many are remembered, at most AGENTSYS_FAULTS_MAX; 0 of all agents
 * @entry: these, oldest first
 */
struct agentsys_faults {
	uint32_t types;
	const uint64_t *count;
	size_t n;
	const struct agentsys_fault_entry *entry;
};

/**
 * agentsys_faults - the faults of an agent, or how many all agents have had
 * @h: the connection
 * @id: the agent; 0 for all
 * @faults: where to put them
 *
 * Return: 0; agentsys_faults_free() frees them. Errors: -ESRCH, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_faults(struct agentsys *h, uint32_t id,
						struct agentsys_faults **faults);

/** agentsys_faults_free - forget what agentsys_faults() gave, or NULL */
AGENTSYS_API void agentsys_faults_free(struct agentsys_faults *faults);

/**
 * struct agentsys_recovery - what is done about faults
 *
 * @preset: enum agentsys_preset: what the actions for all agents are together
 * @after: so many faults of an agent are dealt with on one rung of the ladder; 0 for none
 * @within_ms: how long they count
 * @types: how many types there are; the first, AGENTSYS_FAULT_NONE, does not matter
 * @action: enum agentsys_recover, by enum agentsys_fault
 * @own: for each, 1 if it is for this agent alone
 */
struct agentsys_recovery {
	uint32_t preset;
	uint32_t after;
	uint32_t within_ms;
	uint32_t types;
	const uint32_t *action;
	const uint8_t *own;
};

/**
 * struct agentsys_recovery_rule - what to do about a type of fault
 *
 * @type: enum agentsys_fault
 * @action: enum agentsys_recover, or AGENTSYS_RECOVER_AS_ALL
 */
struct agentsys_recovery_rule {
	uint32_t type;
	uint32_t action;
};

/** AGENTSYS_RECOVER_AS_ALL - for an agent: what is done about such faults of all */
#define AGENTSYS_RECOVER_AS_ALL UINT32_MAX

/**
 * agentsys_recovery - what is done about faults of an agent, or of all
 * @h: the connection
 * @id: the agent; 0 for those that have nothing of their own
 * @recovery: where to put it
 *
 * Return: 0; agentsys_recovery_free() frees it. Errors: -ESRCH, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_recovery(struct agentsys *h, uint32_t id,
						  struct agentsys_recovery **recovery);

/** agentsys_recovery_free - forget what agentsys_recovery() gave, or NULL */
AGENTSYS_API void agentsys_recovery_free(struct agentsys_recovery *recovery);

/**
 * agentsys_recovery_set - change it, all of it or nothing
 * @h: the connection
 * @id: the agent; 0 for all
 * @preset: enum agentsys_preset, for all; AGENTSYS_PRESET_CUSTOM gives none
 * @rules: what is to be different, or NULL
 * @n: how many rules; of two for a type the last one counts
 *
 * Return: 0. Errors: -EPERM, -ESRCH, -EINVAL, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_recovery_set(struct agentsys *h, uint32_t id,
						      uint32_t preset,
						      const struct agentsys_recovery_rule *rules,
						      size_t n);

/**
 * agentsys_recovery_ladder - have faults that go on and on be dealt with more severely
 * @h: the connection
 * @after: so many faults of an agent on one rung; 0 for no ladder
 * @within_ms: how long they count, 1 to 86400000; 0 leaves that as it is
 *
 * Return: 0. Errors: -EPERM, -ERANGE.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_recovery_ladder(struct agentsys *h, uint32_t after,
							 uint32_t within_ms);

/* ---- Reports ---------------------------------------------------------- */

/**
 * agentsys_report_heartbeat - say for an agent that it is alive
 * @h: the connection
 * @id: the agent
 * @instance: which start of it has said so, 0 for the present one
 *
 * Errors: -EPERM, -ESRCH, -ESTALE it has been started again since, -ENOTCONN it is not
 * active.
 */
AGENTSYS_API int agentsys_report_heartbeat(struct agentsys *h, uint32_t id, uint32_t instance);

/**
 * agentsys_report_fault - report a fault of an agent that somebody else has seen
 * @h: the connection
 * @id: the agent
 * @instance: which start of it, 0 for the present one
 * @type: what fault: none that the module alone sees, which are crashes and those that an
 *	agent can be slowed down for
 * @measured: what was measured; of AGENTSYS_FAULT_UNRESPONSIVE, ms since the last sign of life
 * @limit: what it may be
 *
 * What is done about such faults is done then. Errors: as above, and -EINVAL for @type.
 */
AGENTSYS_API int agentsys_report_fault(struct agentsys *h, uint32_t id, uint32_t instance,
				       enum agentsys_fault type, uint64_t measured, uint64_t limit);

/**
 * agentsys_report_warning - report that an agent is close to a fault
 * @h: the connection
 * @id: the agent
 * @instance: which start of it, 0 for the present one
 * @type: what fault
 * @measured: what was measured
 *
 * It is an event, AGENTSYS_EVENT_WARNING, and no more. Errors: as for a heartbeat.
 */
AGENTSYS_API int agentsys_report_warning(struct agentsys *h, uint32_t id, uint32_t instance,
					 enum agentsys_fault type, uint64_t measured);

/**
 * agentsys_report_call_begin - report that an agent waits for an answer
 * @h: the connection
 * @id: the agent
 * @instance: which start of it, 0 for the present one
 * @ms: for how long at most, 1 to AGENTSYS_CALL_MAX_MS
 *
 * For who serves the calls of agents. Its watchdog excuses its silence until the end of all of
 * its calls is reported, or the last of their times is over: so nobody who serves calls and dies
 * switches a watchdog off. @ms is therefore to be longer than the call itself may last. Errors:
 * as for a heartbeat, and -ERANGE, -EOVERFLOW it is in AGENTSYS_CALLS_MAX calls, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_report_call_begin(struct agentsys *h, uint32_t id,
							   uint32_t instance, uint32_t ms);

/**
 * agentsys_report_call_end - report that it has the answer
 * @h: the connection
 * @id: the agent
 * @instance: which start of it, 0 for the present one
 *
 * All of the time of its watchdog is there again when it was the last call. Calls are counted:
 * an end that comes when the time of all of them was over ends one that began after that, if
 * there is one. Errors: as for a heartbeat, and -ENOENT it is in no call, or their time is over.
 */
AGENTSYS_API int agentsys_report_call_end(struct agentsys *h, uint32_t id, uint32_t instance);

/**
 * struct agentsys_limits_info - what an agent may use, and uses
 *
 * @id: the agent; 0 for what a new one may use
 * @limits: how many there are, enum agentsys_limit
 * @max: by enum agentsys_limit; 0 for no limit
 * @used: likewise what is used of it, in the same unit
 * @known: for each, 1 if that is known
 */
struct agentsys_limits_info {
	uint32_t id;
	uint32_t limits;
	const uint64_t *max;
	const uint64_t *used;
	const uint8_t *known;
};

/**
 * struct agentsys_limit_change - a limit that is to be different
 *
 * @limit: enum agentsys_limit
 * @max: what it is to be; 0 for no limit
 */
struct agentsys_limit_change {
	uint32_t limit;
	uint64_t max;
};

/**
 * agentsys_limits_get - what an agent may use, and uses
 * @h: the connection
 * @id: the agent; 0 for what a new one may use where its spec does not say
 * @limits: where to put it
 *
 * Return: 0; agentsys_limits_free() frees it. Errors: -ESRCH, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_limits_get(struct agentsys *h, uint32_t id,
						    struct agentsys_limits_info **limits);

/** agentsys_limits_free - forget what agentsys_limits_get() gave, or NULL */
AGENTSYS_API void agentsys_limits_free(struct agentsys_limits_info *limits);

/**
 * agentsys_limits_set - change limits of an agent, all of them or none
 * @h: the connection
 * @id: the agent
 * @changes: what is to be different; a quota without a period has one of 100000 us, a rate
 *	without a burst the usual one
 * @n: how many; of two for a limit the last one counts
 *
 * One that runs has them at once, and so have its next instances. To lower a limit of memory below
 * what is used may take long: the kernel takes memory back, and kills the agent if that
 * is not enough.
 *
 * Return: 0. Errors: -EPERM, -ESRCH, -EINVAL not possible, -EOPNOTSUPP the kernel cannot
 * hold this one, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_limits_set(struct agentsys *h, uint32_t id,
						    const struct agentsys_limit_change *changes,
						    size_t n);

/**
 * agentsys_limits_default - change what a new agent may use where its spec does not say
 * @h: the connection
 * @preset: enum agentsys_limits_preset, which comes first; AGENTSYS_LIMITS_KEEP gives none
 * @changes: as above, or NULL
 * @n: how many
 *
 * Return: 0. Errors: -EPERM, -EINVAL, -EOPNOTSUPP.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_limits_default(struct agentsys *h, uint32_t preset,
							const struct agentsys_limit_change *changes,
							size_t n);

/** AGENTSYS_LIMITS_KEEP - no preset */
#define AGENTSYS_LIMITS_KEEP UINT32_MAX

/* ---- Events ----------------------------------------------------------- */

/** struct agentsys_events - a subscription to events, with a connection of its own */
struct agentsys_events;

/** AGENTSYS_EVENTS_NEW - for @after: only events that are yet to come */
#define AGENTSYS_EVENTS_NEW UINT64_MAX

/**
 * agentsys_events_open - subscribe to events
 * @events: where to put the subscription
 * @after: number of an event: those behind it that the module still keeps come
 *	first (0 for all it keeps, and so does a number that it has not
 *	reached since it was loaded); or AGENTSYS_EVENTS_NEW
 *
 * Errors: -ENODEV the module is not loaded, -ENOMEM, -EMFILE.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_events_open(struct agentsys_events **events,
						     uint64_t after);

/** agentsys_events_close - end a subscription, or NULL */
AGENTSYS_API void agentsys_events_close(struct agentsys_events *events);

/**
 * agentsys_events_fd - a descriptor to poll for reading
 *
 * It tells of new events only: before poll() take what is there by calling
 * agentsys_events_next() with a timeout of 0 until it returns 0.
 */
AGENTSYS_API int agentsys_events_fd(const struct agentsys_events *events);

/**
 * agentsys_events_next - the next event
 * @events: the subscription
 * @event: where to put it
 * @lost: where to put how many events are missing before this one, or NULL
 * @timeout_ms: how long to wait for one, -1 for ever
 *
 * Events come once each and in order. What a reader was too slow for is fetched
 * from the module's ring; only what has left the ring too is lost.
 *
 * Return: 1 if there is an event, 0 if not. Errors: -EINTR a signal handler
 * ran, -ENODEV the module was unloaded, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_events_next(struct agentsys_events *events,
						     struct agentsys_event *event, uint64_t *lost,
						     int timeout_ms);

/* ---- For agents: the device -------------------------------------------- */

/*
 * @fd is what agentsys_device_open() gave, or -1 to open the device for this
 * call only. Errors of all of them: -ENOENT or -ENXIO the module is not loaded.
 */

/** agentsys_device_open - a descriptor of /dev/agentsys, closed on exec; close() ends it */
AGENTSYS_API AGENTSYS_CHECK int agentsys_device_open(void);

/**
 * agentsys_module_version - which module is this?
 * @fd: see above
 * @version: where to put the answer; set its size to sizeof(*version) before
 */
AGENTSYS_API int agentsys_module_version(int fd, struct agentsys_version *version);

/**
 * agentsys_whoami - which agent is the caller part of?
 * @fd: see above
 * @who: where to put the answer; set its size to sizeof(*who) before
 *
 * Error: -ESRCH none.
 */
AGENTSYS_API int agentsys_whoami(int fd, struct agentsys_whoami *who);

/** agentsys_heartbeat - "I am alive". Error: -ESRCH the caller is in no agent. */
AGENTSYS_API int agentsys_heartbeat(int fd);

/**
 * agentsys_trigger - "I am broken": the fault Unresponsive at once
 *
 * Also without a watchdog. Several within a second are one. Error: -ESRCH as above.
 */
AGENTSYS_API int agentsys_trigger(int fd);

/** struct agentsys_pulse - a page that an agent shares with the module */
struct agentsys_pulse;

/**
 * agentsys_pulse_open - map the agent's page, for heartbeats without a system call
 * @fd: the device, or -1; it need not stay open
 * @pulse: where to put it
 *
 * It is of the instance of the agent that the caller is in; a child of fork() shares it. The
 * module looks into it some times in the time of the watchdog, see <linux/agentsys.h>.
 *
 * Errors: -ESRCH the caller is in no agent, -ENODEV and others of open(), -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK int agentsys_pulse_open(int fd, struct agentsys_pulse **pulse);

/** agentsys_pulse_beat - "I am alive": a store, from any thread */
AGENTSYS_API void agentsys_pulse_beat(struct agentsys_pulse *pulse);

/** agentsys_pulse_close - unmap it, or NULL */
AGENTSYS_API void agentsys_pulse_close(struct agentsys_pulse *pulse);

/**
 * agentsys_use - "I have sent messages, or called tools"
 * @fd: see above
 * @messages: how many, which count towards AGENTSYS_LIMIT_MESSAGES
 * @tool_calls: likewise, AGENTSYS_LIMIT_TOOL_CALLS
 *
 * Errors: -ESRCH the caller is in no agent, -EDQUOT it may not any more: nothing is counted, and
 * it is a fault, once.
 */
AGENTSYS_API int agentsys_use(int fd, uint64_t messages, uint64_t tool_calls);

/**
 * agentsys_telemetry - counters of the system and of every agent, as JSON
 * @fd: see above
 * @text: where to put the text; free() frees it
 *
 * Return: its length. Error: -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_telemetry(int fd, char **text);

/**
 * agentsys_info_text - one agent as JSON
 * @fd: see above
 * @id: the agent, 0 for the caller's own
 * @text: where to put the text; free() frees it
 *
 * Return: its length. Errors: -ESRCH, -EPERM not the caller's own, -ENOMEM.
 */
AGENTSYS_API AGENTSYS_CHECK ssize_t agentsys_info_text(int fd, uint32_t id, char **text);

/**
 * agentsys_patch_policy - change the policy of an agent
 * @fd: see above
 * @id: the agent
 * @patch: what to change
 * @value: see enum agentsys_patch
 *
 * Errors: -EPERM, -EINVAL, -ESRCH, -EOPNOTSUPP.
 */
AGENTSYS_API int agentsys_patch_policy(int fd, uint32_t id, enum agentsys_patch patch,
				       uint64_t value);

/* ---- Words ------------------------------------------------------------ */

/** agentsys_state_name - "active" for AGENTSYS_ACTIVE; "unknown" for what is none, never NULL */
AGENTSYS_API const char *agentsys_state_name(uint32_t state);

/** agentsys_cause_name - "signal" for AGENTSYS_CAUSE_SIGNAL; likewise */
AGENTSYS_API const char *agentsys_cause_name(uint32_t cause);

/** agentsys_restart_name - "on-failure" for AGENTSYS_RESTART_ON_FAILURE; likewise */
AGENTSYS_API const char *agentsys_restart_name(uint32_t condition);

/** agentsys_backoff_name - "linear" for AGENTSYS_BACKOFF_LINEAR; likewise */
AGENTSYS_API const char *agentsys_backoff_name(uint32_t kind);

/** agentsys_circuit_name - "half-open" for AGENTSYS_CIRCUIT_HALF_OPEN; likewise */
AGENTSYS_API const char *agentsys_circuit_name(uint32_t circuit);

/** agentsys_strategy_name - "one_for_all" for AGENTSYS_ONE_FOR_ALL; likewise */
AGENTSYS_API const char *agentsys_strategy_name(uint32_t strategy);

/** agentsys_backend_name - "container" for AGENTSYS_BACKEND_CONTAINER; likewise */
AGENTSYS_API const char *agentsys_backend_name(uint32_t backend);

/** agentsys_auto_shutdown_name - "any" for AGENTSYS_AUTO_SHUTDOWN_ANY; likewise */
AGENTSYS_API const char *agentsys_auto_shutdown_name(uint32_t when);

/** agentsys_decision_name - "restarts" for AGENTSYS_DECISION_RESTARTS; likewise */
AGENTSYS_API const char *agentsys_decision_name(uint32_t decision);

/** agentsys_relation_name - "requires" for AGENTSYS_RELATION_REQUIRES; likewise */
AGENTSYS_API const char *agentsys_relation_name(uint32_t kind);

/** agentsys_event_name - "launch-failed" for AGENTSYS_EVENT_LAUNCH_FAILED; likewise */
AGENTSYS_API const char *agentsys_event_name(uint32_t type);

/** agentsys_fault_name - "CpuQuota" for AGENTSYS_FAULT_CPU_QUOTA; likewise */
AGENTSYS_API const char *agentsys_fault_name(uint32_t fault);

/** agentsys_fault_text - "CPU quota exceeded" for AGENTSYS_FAULT_CPU_QUOTA; likewise */
AGENTSYS_API const char *agentsys_fault_text(uint32_t fault);

/** agentsys_recover_name - "throttle" for AGENTSYS_RECOVER_THROTTLE; likewise */
AGENTSYS_API const char *agentsys_recover_name(uint32_t action);

/** agentsys_preset_name - "strict" for AGENTSYS_PRESET_STRICT; likewise */
AGENTSYS_API const char *agentsys_preset_name(uint32_t preset);

/** agentsys_limit_name - "memory_max" for AGENTSYS_LIMIT_MEMORY_MAX; likewise */
AGENTSYS_API const char *agentsys_limit_name(uint32_t limit);

/** agentsys_limit_number - AGENTSYS_LIMIT_MEMORY_MAX for "memory_max"; else one behind the last */
AGENTSYS_API uint32_t agentsys_limit_number(const char *name);

/** agentsys_fault_number - AGENTSYS_FAULT_CPU_QUOTA for "cpuquota"; else one behind the last */
AGENTSYS_API uint32_t agentsys_fault_number(const char *name);

/** agentsys_recover_number - AGENTSYS_RECOVER_KILL for "kill"; likewise */
AGENTSYS_API uint32_t agentsys_recover_number(const char *name);

/** agentsys_preset_number - AGENTSYS_PRESET_STRICT for "strict"; likewise */
AGENTSYS_API uint32_t agentsys_preset_number(const char *name);

/** agentsys_step_text - "cannot open standard output" for AGENTSYS_STEP_STDOUT; likewise */
AGENTSYS_API const char *agentsys_step_text(uint32_t step);

/**
 * agentsys_end_text - how an instance ended, as "signal 11"
 * @cause: enum agentsys_cause
 * @code: as in struct agentsys_info
 * @buf: where to put the text
 * @len: its size
 *
 * Return: as snprintf().
 */
AGENTSYS_API int agentsys_end_text(uint32_t cause, int32_t code, char *buf, size_t len);

/**
 * agentsys_event_text - what an event tells, as "Agent 103 exited (code 0)"
 * @event: the event
 * @buf: where to put the text; 128 bytes are enough
 * @len: its size
 *
 * Return: as snprintf().
 */
AGENTSYS_API int agentsys_event_text(const struct agentsys_event *event, char *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif
