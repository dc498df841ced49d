/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTSYS_CORE_STATE_H
#define AGENTSYS_CORE_STATE_H

#include "env.h"

/**
 * enum agentsys_input - what can happen to an agent
 * @AGENTSYS_IN_START: somebody asks to start it
 * @AGENTSYS_IN_RAN: its main process executed a program
 * @AGENTSYS_IN_LAUNCH_FAILED: its launch failed; there is no process
 * @AGENTSYS_IN_ENDED: its main process ended
 * @AGENTSYS_IN_STOP: somebody asks to stop it
 * @AGENTSYS_IN_KILL: somebody asks to kill it
 * @AGENTSYS_IN_RESTART: somebody asks to restart it
 * @AGENTSYS_IN_TIMER: the time given to its present state has passed
 * @AGENTSYS_IN_PAUSE: somebody asks to freeze it
 * @AGENTSYS_IN_RESUME: somebody asks to thaw it
 * @AGENTSYS_IN_REMOVE: somebody asks to forget it
 */
enum agentsys_input {
	AGENTSYS_IN_START,
	AGENTSYS_IN_RAN,
	AGENTSYS_IN_LAUNCH_FAILED,
	AGENTSYS_IN_ENDED,
	AGENTSYS_IN_STOP,
	AGENTSYS_IN_KILL,
	AGENTSYS_IN_RESTART,
	AGENTSYS_IN_TIMER,
	AGENTSYS_IN_PAUSE,
	AGENTSYS_IN_RESUME,
	AGENTSYS_IN_REMOVE,

	__AGENTSYS_INPUTS,
};

/**
 * enum agentsys_action - what the supervisor does about it
 * @AGENTSYS_ACT_NONE: nothing
 * @AGENTSYS_ACT_REFUSE: answer with the transition's error
 * @AGENTSYS_ACT_LAUNCH: hand it to the launcher
 * @AGENTSYS_ACT_HELD_UP: go on with a start that had to wait, or give it up
 * @AGENTSYS_ACT_RUNNING: note the new main process
 * @AGENTSYS_ACT_EXECED: tell that the main process executed another program
 * @AGENTSYS_ACT_DECIDE: count the end, and restart or not as the policy says
 * @AGENTSYS_ACT_ABORT: give up the launch
 * @AGENTSYS_ACT_SIGNAL: send the stop signal, start the stop timeout
 * @AGENTSYS_ACT_KILL: kill everything in its cgroup
 * @AGENTSYS_ACT_FREEZE: freeze its cgroup
 * @AGENTSYS_ACT_THAW: thaw its cgroup
 * @AGENTSYS_ACT_ENDED_AS_ASKED: count the end; launch again if a restart was asked for
 * @AGENTSYS_ACT_FINISH: cancel the scheduled restart
 * @AGENTSYS_ACT_REAP: remove what an ended agent left behind
 * @AGENTSYS_ACT_FORGET: remove the record
 */
enum agentsys_action {
	AGENTSYS_ACT_NONE,
	AGENTSYS_ACT_REFUSE,
	AGENTSYS_ACT_LAUNCH,
	AGENTSYS_ACT_HELD_UP,
	AGENTSYS_ACT_RUNNING,
	AGENTSYS_ACT_EXECED,
	AGENTSYS_ACT_DECIDE,
	AGENTSYS_ACT_ABORT,
	AGENTSYS_ACT_SIGNAL,
	AGENTSYS_ACT_KILL,
	AGENTSYS_ACT_FREEZE,
	AGENTSYS_ACT_THAW,
	AGENTSYS_ACT_ENDED_AS_ASKED,
	AGENTSYS_ACT_FINISH,
	AGENTSYS_ACT_REAP,
	AGENTSYS_ACT_FORGET,

	__AGENTSYS_ACTIONS,
};

/**
 * struct agentsys_transition - one entry of the state table
 * @next: enum agentsys_state to go to before the action; DECIDE and
 *	ENDED_AS_ASKED choose the state after it themselves
 * @action: enum agentsys_action
 * @error: positive errno for AGENTSYS_ACT_REFUSE, else 0
 */
struct agentsys_transition {
	u8 next;
	u8 action;
	u8 error;
};

/* Never NULL: what is out of range is refused with EINVAL. */
const struct agentsys_transition *agentsys_transition(enum agentsys_state state,
						      enum agentsys_input input);

#endif /* AGENTSYS_CORE_STATE_H */
