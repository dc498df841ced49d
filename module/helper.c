// SPDX-License-Identifier: GPL-2.0-only
#include "helper.h"

#include <linux/err.h>
#include <linux/module.h>
#include <linux/signal.h>
#include <linux/workqueue.h>

#include "mailbox.h"
#include "registry.h"
#include "spec.h"
#include "supervisor.h"
#include "threads.h"

/* How long it stays when nobody else is left: long enough for a script's next line. */
#define LINGER (3 * HZ)

#define STOP_TIMEOUT_MS 5000

/* It exits with this where another one runs, which systemd has started. */
#define EXIT_NOT_ALONE 3

/* What agents say has to wait while it is away. */
#define BACKOFF_MAX_MS 1000

static char *helper = "/usr/sbin/asmd";
module_param(helper, charp, 0444);
MODULE_PARM_DESC(helper, "path of the helper daemon (default /usr/sbin/asmd)");

static void lingered(struct work_struct *work);

/* Somebody started it, and nobody has stopped it since. Guarded by the supervisor lock. */
static bool wanted;
static DECLARE_DELAYED_WORK(linger_work, lingered);

static const char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

/* As root, with what a job has where nothing is said. */
static struct agentsys_spec *make_spec(void)
{
	size_t path_size = strlen(helper) + 1;
	struct agentsys_spec *spec;
	struct agentsys_job *job;

	spec = agentsys_spec_new(sizeof(*job) + path_size + sizeof(path_variable));
	if (!spec)
		return NULL;
	job = spec->job;
	job->flags = AGENTSYS_JOB_NO_NEW_PRIVS;
	job->groups = sizeof(*job);
	job->nargs = 1;
	job->args = sizeof(*job);
	memcpy((char *)job + job->args, helper, path_size);
	job->nenv = 1;
	job->env = job->args + path_size;
	memcpy((char *)job + job->env, path_variable, sizeof(path_variable));
	return spec;
}

struct agentsys_agent *agentsys_helper_new(struct agentsys_policy_change *policy)
{
	struct agentsys_agent *agent;
	struct agentsys_spec *spec;

	lockdep_assert_held(&agentsys_lock);

	if (!*helper)
		return ERR_PTR(-ENOENT);
	spec = make_spec();
	if (!spec)
		return ERR_PTR(-ENOMEM);
	agent = agentsys_agent_new("asmd", spec);
	if (!agent) {
		agentsys_spec_put(spec);
		return ERR_PTR(-ENOMEM);
	}
	agent->status.stop_signal = SIGTERM;
	agent->status.stop_timeout_ms = STOP_TIMEOUT_MS;
	agent->stop_timeout_ms = AGENTSYS_OWN_TIMEOUT;
	*policy = (struct agentsys_policy_change){
		.has = BIT(AGENTSYS_POLICY_CONDITION) | BIT(AGENTSYS_POLICY_MAX_RESTARTS) |
		       BIT(AGENTSYS_POLICY_BACKOFF_MAX) | BIT(AGENTSYS_POLICY_NEVER_CODES),
		.policy.condition = AGENTSYS_RESTART_ALWAYS,
		.policy.max_restarts = AGENTSYS_RESTARTS_UNLIMITED,
		.policy.backoff_max_ms = BACKOFF_MAX_MS,
		.policy.never_codes[0] = BIT_ULL(EXIT_NOT_ALONE),
	};
	return agent;
}

void agentsys_helper_want(bool want)
{
	lockdep_assert_held(&agentsys_lock);

	wanted = want;
	agentsys_helper_check();
}

void agentsys_helper_need(void)
{
	struct agentsys_agent *agent;

	lockdep_assert_held(&agentsys_lock);

	if (!wanted)
		return;
	agent = agentsys_registry_get(AGENTSYS_ID_HELPER);
	if (!agent)
		return;
	/* Where its program cannot even be executed, nothing is gained by another attempt. */
	if (agent->status.state == AGENTSYS_EXITED)
		agentsys_supervisor_apply(agent, AGENTSYS_IN_START);
	else if (agent->status.state == AGENTSYS_STOPPING) /* it was alone until now */
		agent->restart_after = true;
	agentsys_agent_put(agent);
}

bool agentsys_helper_away(void)
{
	struct agentsys_agent *agent;
	bool away;

	lockdep_assert_held(&agentsys_lock);

	agent = agentsys_registry_get(AGENTSYS_ID_HELPER);
	if (!agent)
		return true;
	away = agent->status.state != AGENTSYS_ACTIVE || agentsys_threads_stopped(agent);
	agentsys_agent_put(agent);
	return away;
}

bool agentsys_helper_alone(void)
{
	struct agentsys_agent *agent;
	bool alone;

	lockdep_assert_held(&agentsys_lock);

	if (agentsys_supervisor_live() != 1)
		return false;
	agent = agentsys_registry_get(AGENTSYS_ID_HELPER);
	if (!agent)
		return false;
	alone = agent->populated;
	agentsys_agent_put(agent);
	return alone;
}

void agentsys_helper_check(void)
{
	lockdep_assert_held(&agentsys_lock);

	if (agentsys_helper_alone())
		mod_delayed_work(agentsys_wq, &linger_work, LINGER);
}

static void lingered(struct work_struct *work)
{
	struct agentsys_agent *agent;

	mutex_lock(&agentsys_lock);
	agentsys_mail_drain();
	agent = agentsys_registry_get(AGENTSYS_ID_HELPER);
	if (agent && agentsys_helper_alone() && agent->status.state != AGENTSYS_STOPPING)
		agentsys_supervisor_apply(agent, AGENTSYS_IN_STOP);
	mutex_unlock(&agentsys_lock);
	if (agent)
		agentsys_agent_put(agent);
}

void agentsys_helper_exit(void)
{
	cancel_delayed_work_sync(&linger_work);
}
