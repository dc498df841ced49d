// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state table, as the supervisor drives it through the life of one agent,
 * against what must be true of any life: a model of its process that knows
 * nothing of the table. Inputs come in any order, late messages among them.
 *
 * fuzz: -max_len=96 -runs=100000
 */
#include "fuzz.h"
#include "restart.h"
#include "state.h"

struct agent {
	u32 state;
	struct agentsys_restart_policy policy;
	u32 restarts;

	/* The model. */
	bool lives;		/* an instance was launched, and its end was not told */
	bool ran;		/* it executed its program */
	bool asked;		/* somebody wants it to end */
	bool again;		/* and to be started after that */
	bool frozen;
	bool by_hand;
};

static bool is_request(u32 input)
{
	switch (input) {
	case AGENTSYS_IN_RAN:
	case AGENTSYS_IN_LAUNCH_FAILED:
	case AGENTSYS_IN_ENDED:
	case AGENTSYS_IN_TIMER:
		return false;
	default:
		return true;
	}
}

/* No input says anything about an agent that is gone, or that has not come so far. */
static bool is_late(const struct agent *agent, u32 input)
{
	switch (input) {
	case AGENTSYS_IN_RAN:
	case AGENTSYS_IN_ENDED:
		return !agent->lives;
	case AGENTSYS_IN_LAUNCH_FAILED:
		return !agent->lives || (agent->ran && !agent->asked);
	default:
		return false;
	}
}

/* What must be refused, and why: the rules of the requests, in words of the model. */
static int refusal(const struct agent *agent, u32 input)
{
	switch (input) {
	case AGENTSYS_IN_START:
		return !agent->lives ? 0 : agent->asked ? EBUSY : EALREADY;
	case AGENTSYS_IN_PAUSE:
	case AGENTSYS_IN_RESUME:
		return agent->lives && agent->ran && !agent->asked ? 0 : EINVAL;
	case AGENTSYS_IN_REMOVE:
		return agent->lives || agent->state == AGENTSYS_BACKOFF ? EBUSY : 0;
	default:
		return 0;
	}
}

static void launch(struct agent *agent, u32 input)
{
	CHECK(!agent->lives);
	agent->lives = true;
	agent->ran = agent->asked = agent->again = false;
	agent->by_hand = input != AGENTSYS_IN_TIMER;
	agent->restarts = agent->by_hand ? 0 : agent->restarts + 1;
	CHECK(agent->by_hand || agent->restarts <= agent->policy.max_restarts);
}

static void die(struct agent *agent)
{
	CHECK(agent->lives);
	agent->lives = agent->ran = agent->frozen = false;
}

static void decide(struct agent *agent, u32 input, struct fuzz *in)
{
	bool launched = input == AGENTSYS_IN_ENDED && agent->ran;
	u32 cause = launched ? AGENTSYS_CAUSE_EXIT + fuzz_u8(in) % 3 : AGENTSYS_CAUSE_LAUNCH;
	struct agentsys_restart_past past = { .used = agent->restarts };
	const struct agentsys_end end = { .cause = cause, .code = fuzz_u8(in) & 1 };
	struct agentsys_verdict verdict;

	/* What was asked to end is not the policy's business. */
	CHECK(!agent->asked);
	die(agent);
	agentsys_restart_decide(&agent->policy, &past, &end, 0, &verdict);
	if (!launched && agent->by_hand)
		verdict.state = AGENTSYS_FAILED;
	agent->state = verdict.state;
	CHECK(verdict.state == AGENTSYS_BACKOFF || verdict.state == AGENTSYS_EXITED ||
	      verdict.state == AGENTSYS_FAILED);
}

static void ended_as_asked(struct agent *agent)
{
	CHECK(agent->asked);
	die(agent);
	if (agent->again) {
		agent->state = AGENTSYS_STARTING;
		launch(agent, AGENTSYS_IN_RESTART);
	} else {
		agent->state = AGENTSYS_EXITED;
	}
}

static void ask_to_end(struct agent *agent, u32 input, u32 action)
{
	CHECK(agent->lives);
	if (action == AGENTSYS_ACT_KILL) {
		/* By request, or because its time is up. */
		CHECK(input == AGENTSYS_IN_KILL || (input == AGENTSYS_IN_TIMER && agent->asked));
	} else {
		CHECK(input == AGENTSYS_IN_STOP || input == AGENTSYS_IN_KILL ||
		      input == AGENTSYS_IN_RESTART);
		CHECK(!agent->asked);
		agent->again = input == AGENTSYS_IN_RESTART;
	}
	agent->asked = true;
	CHECK(agent->state == AGENTSYS_STOPPING);
}

static void act(struct agent *agent, u32 input, u32 action, struct fuzz *in)
{
	switch (action) {
	case AGENTSYS_ACT_LAUNCH:
		CHECK(input == AGENTSYS_IN_START || input == AGENTSYS_IN_RESTART ||
		      input == AGENTSYS_IN_TIMER);
		launch(agent, input);
		break;
	case AGENTSYS_ACT_HELD_UP:
		CHECK(input == AGENTSYS_IN_TIMER && agent->lives && !agent->ran);
		break;
	case AGENTSYS_ACT_RUNNING:
		CHECK(input == AGENTSYS_IN_RAN && agent->lives);
		agent->ran = true;
		break;
	case AGENTSYS_ACT_EXECED:
		CHECK(input == AGENTSYS_IN_RAN && agent->ran);
		break;
	case AGENTSYS_ACT_DECIDE:
		decide(agent, input, in);
		break;
	case AGENTSYS_ACT_ABORT:
		CHECK(!agent->ran);
		ask_to_end(agent, input, action);
		if (fuzz_u8(in) & 1) {	/* nothing had come of it yet */
			die(agent);
			agent->state = AGENTSYS_EXITED;
		}
		break;
	case AGENTSYS_ACT_SIGNAL:
		CHECK(agent->ran);
		agent->frozen = false;
		ask_to_end(agent, input, action);
		break;
	case AGENTSYS_ACT_KILL:
		ask_to_end(agent, input, action);
		break;
	case AGENTSYS_ACT_FREEZE:
		CHECK(input == AGENTSYS_IN_PAUSE);
		agent->frozen = true;
		break;
	case AGENTSYS_ACT_THAW:
		CHECK(input == AGENTSYS_IN_RESUME);
		agent->frozen = false;
		break;
	case AGENTSYS_ACT_ENDED_AS_ASKED:
		ended_as_asked(agent);
		break;
	case AGENTSYS_ACT_FINISH:
		CHECK(input == AGENTSYS_IN_STOP || input == AGENTSYS_IN_KILL);
		CHECK(agent->state == AGENTSYS_EXITED);
		break;
	case AGENTSYS_ACT_REAP:
		CHECK(input == AGENTSYS_IN_TIMER && !agent->lives);
		break;
	case AGENTSYS_ACT_FORGET:
		CHECK(input == AGENTSYS_IN_REMOVE && !agent->lives);
		break;
	}
}

/* What nothing is done about must be done already, or be nobody's business. */
static void check_nothing(const struct agent *agent, u32 input)
{
	switch (input) {
	case AGENTSYS_IN_STOP:
	case AGENTSYS_IN_KILL:
		CHECK(!agent->lives || (agent->asked && input == AGENTSYS_IN_STOP));
		CHECK(agent->state != AGENTSYS_BACKOFF);
		break;
	case AGENTSYS_IN_RESTART:	/* it is being started, or on its way out */
		CHECK(agent->lives && (!agent->ran || agent->asked));
		break;
	case AGENTSYS_IN_TIMER:		/* a running agent waits for nothing */
		CHECK(agent->state == AGENTSYS_ACTIVE);
		break;
	default:
		CHECK(is_late(agent, input));
	}
}

/* The state says about the process what is true. */
static void check_state(const struct agent *agent)
{
	switch (agent->state) {
	case AGENTSYS_STARTING:
		CHECK(agent->lives && !agent->ran && !agent->asked);
		break;
	case AGENTSYS_ACTIVE:
		CHECK(agent->lives && agent->ran && !agent->asked);
		break;
	case AGENTSYS_STOPPING:
		CHECK(agent->lives && agent->asked);
		break;
	default:
		CHECK(agent->state < __AGENTSYS_STATES);
		CHECK(!agent->lives && !agent->frozen);
	}
}

static void apply(struct agent *agent, u32 input, struct fuzz *in)
{
	const struct agentsys_transition *transition = agentsys_transition(agent->state, input);
	int error = refusal(agent, input);

	CHECK(transition->action < __AGENTSYS_ACTIONS && transition->next < __AGENTSYS_STATES);
	CHECK(transition->error == error);
	CHECK((transition->action == AGENTSYS_ACT_REFUSE) == !!error);
	if (error) {
		CHECK(is_request(input) && transition->next == agent->state);
		return;
	}
	if (transition->action == AGENTSYS_ACT_NONE || is_late(agent, input)) {
		CHECK(transition->action == AGENTSYS_ACT_NONE && transition->next == agent->state);
		check_nothing(agent, input);
		return;
	}
	agent->state = transition->next;
	act(agent, input, transition->action, in);
}

static void check_out_of_range(u32 state, u32 input)
{
	const struct agentsys_transition *transition;

	if (state < __AGENTSYS_STATES && input < __AGENTSYS_INPUTS)
		return;
	transition = agentsys_transition(state, input);
	CHECK(transition->action == AGENTSYS_ACT_REFUSE && transition->error == EINVAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size };
	struct agent agent = { .state = AGENTSYS_EXITED };

	check_out_of_range((u32)fuzz_any(&in), (u32)fuzz_any(&in));
	agent.policy.condition = fuzz_u8(&in) % __AGENTSYS_RESTARTS;
	agent.policy.max_restarts = fuzz_u8(&in) % 4;
	while (in.left) {
		apply(&agent, fuzz_u8(&in) % __AGENTSYS_INPUTS, &in);
		check_state(&agent);
	}
	return 0;
}
