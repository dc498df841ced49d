#!/usr/bin/env python3
# vm: timeout=400 params="max_agents=16" kernels=one
"""The unit tests of the supervisor whose behaviour is taken over here, one by one on real processes.

It is that of clawft_kernel/supervisor.rs: its process is an agent here, its table the records of the module, its
tokens the stop signal. What it decides without a process is in tests/unit, the rest here, under the same names:

test of the supervisor                          where it is, or why not
spawn_creates_process_entry                     here
spawn_uses_default_capabilities                 here, of the kernel's capabilities; capability bits of agents are to come
spawn_uses_custom_capabilities                  here, likewise
spawn_with_parent_pid                           here: the parent in the tree is the group
spawn_fails_when_table_full                     here
stop_graceful                                   here
stop_force                                      here
stop_already_exited_is_idempotent               here
stop_nonexistent_pid_fails                      here
restart_creates_new_process                     here: the lineage is the number of the instance, and the history
restart_preserves_capabilities                  here, as spawn_uses_default_capabilities
list_by_state                                   here
list_agents_excludes_kernel                     here
running_count                                   here
default_capabilities_accessor                   to come with the capability bits of agents
spawn_request_serde_roundtrip                   here: a request as JSON is a manifest
spawn_result_serde_roundtrip                    here
spawn_and_run_executes_work                     here
spawn_and_run_respects_cancellation             here
spawn_and_run_force_stop_aborts                 here
abort_all_clears_running_agents                 here
watchdog_sweep_reaps_finished_task              here
shutdown_all_graceful                           here
shutdown_all_timeout_aborts                     here
chain_logs_agent_spawn                          here, of events; a sealed chain of them is to come
spawn_native_explicit                           backends.py, native
spawn_backend_none_defaults_to_native           here
spawn_wasm_returns_not_available                backends.py, not installed; where it is it works, wasm.py
spawn_container_returns_not_available           backends.py, likewise; containers.py
spawn_tee_returns_not_available                 backends.py, not available
spawn_remote_returns_not_available              backends.py, not available
restart_strategy_default_is_one_for_one         here, and tests/unit/core_strategy.c
restart_strategy_serde_roundtrip                here
restart_budget_default                          here, and tests/unit/core_budget.c
restart_budget_serde_roundtrip                  here
tracker_new_starts_at_zero                      tests/unit/core_budget.c
tracker_backoff_exponential                     tests/unit/core_budget.c
tracker_backoff_caps_at_30s                     tests/unit/core_budget.c
tracker_budget_exceeded_returns_false           tests/unit/core_budget.c
tracker_budget_within_returns_true              tests/unit/core_budget.c
tracker_records_last_restart                    tests/unit/core_budget.c
resource_check_within_limits                    tests/unit/core_window.c
resource_check_warning_at_80_percent            tests/unit/core_window.c; usage.c has each warning
resource_check_exceeded_at_100_percent          tests/unit/core_window.c; of memory faults.c
resource_check_unlimited_skipped                tests/unit/core_limits.c; usage.c
resource_check_multiple_exceeded                tests/unit/core_window.c; usage.c
resource_check_message_limit                    usage.c: as many as the limit are sent, and what is one too many is not
resource_check_cpu_time_limit                   tests/unit/core_window.c; usage.c, cpu_budget
restart_strategy_permanent_serde_roundtrip      here
restart_strategy_transient_serde_roundtrip      here
should_restart_permanent_never_restarts         tests/unit/core_strategy.c
should_restart_transient_only_on_abnormal       tests/unit/core_strategy.c
should_restart_one_for_one_always               tests/unit/core_strategy.c
should_restart_one_for_all_always               tests/unit/core_strategy.c
should_restart_rest_for_one_always              tests/unit/core_strategy.c
tracker_is_exhausted_when_at_max                tests/unit/core_budget.c
tracker_remaining_decreases                     tests/unit/core_budget.c
tracker_remaining_saturates_at_zero             tests/unit/core_budget.c
tracker_backoff_sequence_matches_spec           tests/unit/core_budget.c
handle_exit_permanent_no_restart                here
handle_exit_transient_normal_no_restart         here
handle_exit_transient_abnormal_restarts         here
handle_exit_one_for_one_restarts_only_failed    here
handle_exit_budget_exhausted_no_restart         here
handle_exit_links_notify_monitor_registry       here, and relations.c
supervisor_with_restart_config_builder          here
spawn_backend_native_serde_roundtrip            backends.py, manifest: a request as JSON is one
spawn_backend_wasm_serde_roundtrip              backends.py, manifest: a request as JSON is one
spawn_backend_container_serde_roundtrip         backends.py, manifest: a request as JSON is one
spawn_backend_tee_serde_roundtrip               backends.py, not available: the words are known
spawn_backend_remote_serde_roundtrip            backends.py, not available: the words are known
enclave_config_serde_roundtrip                  never: there is nothing that could be configured
spawn_request_with_backend_serde_roundtrip      backends.py, manifest; without one here
spawn_request_minimal_json_deserializes         here
"""
import contextlib
import json
import os
import signal
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import agentsys
import ksft
from ctl import (FAILED, NO_AGENT, ctl, ctl_json, deaf, end, ending, events_after, group, info, last_event, run,
                 trapping, with_clean)
from ksft import wait_for

TABLE = 16


def agent(name, *options):
    return run("--name", name, *options, "sleep", "1000")


def by_state(state):
    return [one["name"] for one in ctl_json("list") if one["state"] == state]


def running():
    return ctl_json("capacity")["by_state"]["active"]


def last_exit(name):
    return info(name)["last_exit"]["cause"], info(name)["last_exit"]["code"]


def is_alive(pid):
    return os.path.exists("/proc/%d" % pid)


@contextlib.contextmanager
def starting():
    """What is spawned without waiting stays in state starting: the launcher, which must be there, is held up."""
    launcher = ctl_json("status")["module"]["launcher_pid"]
    os.kill(launcher, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(launcher, signal.SIGCONT)


def bounding_set(pid):
    with open("/proc/%d/status" % pid) as file:
        return int(next(line for line in file if line.startswith("CapBnd:")).split()[1], 16)


# ---- spawn

@with_clean
def test_spawn_creates_process_entry():
    agent("first")
    with starting():
        ctl("run", "--no-wait", "--id", 100, "--name", "agent-1", "sleep", "1000")
        entry = info(100)
        assert (entry["name"], entry["state"], entry["pid"]) == ("agent-1", "starting", 0), entry
    wait_for("its start", lambda: info(100)["state"] == "active")
    result = agent("agent-2")
    assert result["pid"] > 0 and result["name"] == "agent-2" and info(result["agent_id"])["pid"] == result["pid"]


@with_clean
def test_spawn_uses_default_capabilities():
    assert bounding_set(agent("agent-1")["pid"]) == bounding_set(1)


@with_clean
def test_spawn_uses_custom_capabilities():
    with agentsys.Connection() as asm:
        restricted = asm.spawn(["/bin/sleep", "1000"], bounding=1 << 10)
        assert bounding_set(asm.get(restricted).pid) == 1 << 10


@with_clean
def test_spawn_with_parent_pid():
    ctl("group", "new", "parent")
    agent("child", "--group", "parent")
    assert (info("child")["group"], info("child")["place"]) == ("parent", 1)
    assert info(agent("orphan")["agent_id"])["group"] == "root"


@with_clean
def test_spawn_fails_when_table_full():
    for number in range(TABLE):
        agent("a%d" % number)
    refused = ctl("run", "sleep", "1000", want=FAILED)
    assert "max_agents records exist: remove ended ones" in refused.err, refused
    # Ended ones are records too, until they are removed.
    ctl("stop", "a3")
    ctl("run", "sleep", "1000", want=FAILED)
    ctl("rm", "a3")
    agent("one more")


@with_clean
def test_spawn_backend_none_defaults_to_native():
    result = agent("default-agent")
    # A process of this system like any other: the same program, name spaces and root.
    assert os.path.samefile("/proc/%d/exe" % result["pid"], "/bin/sleep")
    for name in "pid", "mnt", "user", "net":
        assert os.readlink("/proc/%d/ns/%s" % (result["pid"], name)) == os.readlink("/proc/self/ns/" + name), name


# ---- stop

@with_clean
def test_stop_graceful():
    trapping(": >heard; read x <go; exit 0", "--name", "agent-1", "--cwd", os.getcwd(), "--stop-timeout", "10m")
    os.mkfifo("go")
    ctl("stop", "--no-wait", "agent-1")
    wait_for("the token", lambda: os.path.exists("heard"))
    assert info("agent-1")["state"] == "stopping"
    with open("go", "w"):
        pass
    wait_for("its end", lambda: info("agent-1")["state"] == "exited")
    assert last_exit("agent-1") == ("stop", 0)


@with_clean
def test_stop_force():
    pid = deaf("--name", "agent-1", "--stop-timeout", "10m")["pid"]
    ctl("kill", "agent-1")
    assert info("agent-1")["state"] == "exited" and not is_alive(pid)
    assert last_exit("agent-1") == ("kill", signal.SIGKILL)


@with_clean
def test_stop_already_exited_is_idempotent():
    ending("agent-1")
    end("agent-1", 0)
    wait_for("its end", lambda: info("agent-1")["state"] == "exited")
    seq = last_event()
    ctl("stop", "agent-1")
    ctl("kill", "agent-1")
    assert last_exit("agent-1") == ("exit", 0) and events_after(seq) == []


@with_clean
def test_stop_nonexistent_pid_fails():
    ctl("stop", 999, want=NO_AGENT)
    ctl("kill", 999, want=NO_AGENT)


# ---- restart

@with_clean
def test_restart_creates_new_process():
    original = agent("agent-1")
    ctl("restart", "agent-1")
    restarted = info("agent-1")
    assert restarted["pid"] not in (0, original["pid"]) and not is_alive(original["pid"])
    assert (restarted["agent_id"], restarted["name"]) == (original["agent_id"], "agent-1")
    assert (original["instance"], restarted["instance"]) == (1, 2)
    assert [(past["instance"], past["decision"]) for past in ctl_json("history", "agent-1")] == [(1, "restarts")]


@with_clean
def test_restart_preserves_capabilities():
    with agentsys.Connection() as asm:
        id = asm.spawn(["/bin/sleep", "1000"], bounding=1 << 10, uid=1000, gid=1000, pids_max=7)
        before = asm.get(id)
        asm.restart(id)
        after = asm.get(id)
        assert after.pid != before.pid and bounding_set(after.pid) == 1 << 10
        assert (after.uid, after.gid, after.pids_max) == (1000, 1000, 7)
        assert os.stat("/proc/%d" % after.pid).st_uid == 1000


# ---- list

@with_clean
def test_list_by_state():
    agent("a1")
    agent("a2")
    with starting():
        ctl("run", "--no-wait", "--name", "a3", "sleep", "1000")
        assert (by_state("active"), by_state("starting")) == (["a1", "a2"], ["a3"])
    wait_for("its start", lambda: by_state("active") == ["a1", "a2", "a3"])
    ctl("stop", "a2")
    assert (by_state("active"), by_state("exited")) == (["a1", "a3"], ["a2"])


@with_clean
def test_list_agents_excludes_kernel():
    assert ctl_json("list") == []
    agent("agent-1")
    # Neither the launcher nor the group that all are in is one.
    assert ctl_json("status")["module"]["launcher_pid"] > 0 and group("root")["members"] == 1
    assert [one["name"] for one in ctl_json("list")] == ["agent-1"]
    assert ctl_json("capacity")["agents"] == 1


@with_clean
def test_running_count():
    agent("a1")
    assert running() == 1
    with starting():
        ctl("run", "--no-wait", "--name", "a2", "sleep", "1000")
        ctl("run", "--no-wait", "--name", "a3", "sleep", "1000")
        assert running() == 1
    wait_for("both", lambda: running() == 3)
    ctl("kill", "a1")
    assert running() == 2


# ---- as JSON

def applied(request):
    """The agent that is made of this request, and no difference is seen then."""
    with open("tree.json", "w") as file:
        json.dump({"version": 1, "agents": [request]}, file)
    ctl("apply", "tree.json")
    ctl("diff", "tree.json")
    return info(request["name"])


@with_clean
def test_spawn_request_serde_roundtrip():
    seen = applied({"name": "test", "id": 5, "env": {"KEY": "VALUE"}, "user": "user", "limits": {"pids_max": 9},
                    "command": ["/bin/sleep", "1000"]})
    assert (seen["agent_id"], seen["uid"], seen["limits"]["pids_max"]) == (5, 1000, 9), seen
    with open("/proc/%d/environ" % seen["pid"]) as file:
        assert "KEY=VALUE" in file.read().split("\0")


@with_clean
def test_spawn_request_minimal_json_deserializes():
    seen = applied({"name": "minimal", "command": ["/bin/sleep", "1000"]})
    assert (seen["group"], seen["restart"], seen["uid"]) == ("root", "never", 0), seen
    assert not any(value for key, value in seen["limits"].items() if key != "cpu_period_us"), seen


@with_clean
def test_spawn_result_serde_roundtrip():
    result = agent("agent-42", "--id", 42)
    assert json.loads(json.dumps(result)) == result and (result["agent_id"], result["name"]) == (42, "agent-42")
    seen = info(42)
    assert {key for key in result if result[key] != seen[key]} <= {"cpu_time_us", "memory_bytes"}, (result, seen)


# ---- spawn and run

@with_clean
def test_spawn_and_run_executes_work():
    result = ending("runner-1")
    assert result["pid"] > 0 and result["state"] == "active" and running() == 1
    end("runner-1", 0)
    wait_for("its end", lambda: info("runner-1")["state"] == "exited")
    assert last_exit("runner-1") == ("exit", 0) and running() == 0


@with_clean
def test_spawn_and_run_respects_cancellation():
    trapping("exit 42", "--name", "cancellable")
    assert running() == 1
    ctl("stop", "cancellable")
    assert last_exit("cancellable") == ("stop", 42) and running() == 0


@with_clean
def test_spawn_and_run_force_stop_aborts():
    trapping(": >heard", "--name", "force-me", "--cwd", os.getcwd())
    ctl("kill", "force-me")
    assert last_exit("force-me") == ("kill", signal.SIGKILL) and running() == 0
    assert not os.path.exists("heard")


@with_clean
def test_abort_all_clears_running_agents():
    pids = [deaf("--name", "a1")["pid"], deaf("--name", "a2")["pid"]]
    assert running() == 2
    assert ctl("shutdown", "--now").out.endswith("\nEnded 2 agents, 2 of them by a kill\n")
    assert running() == 0 and not any(is_alive(pid) for pid in pids)


@with_clean
def test_watchdog_sweep_reaps_finished_task():
    # Nobody waits for it, or asks; what it leaves behind is ended with it, and its cgroup goes.
    script = "sleep 1000 & echo $! >helper; read code <end-instant; exit $code"
    os.mkfifo("end-instant")
    cgroup = "/sys/fs/cgroup" + run("--name", "instant", "--cwd", os.getcwd(), "sh", "-c", script)["cgroup"]
    end("instant", 0)
    wait_for("its end", lambda: info("instant")["state"] == "exited")
    with open("helper") as file:
        helper = int(file.read())
    wait_for("the helper's end", lambda: not is_alive(helper))
    wait_for("its cgroup is gone", lambda: not os.path.exists(cgroup))
    assert running() == 0 and last_exit("instant") == ("exit", 0)


@with_clean
def test_shutdown_all_graceful():
    pids = {trapping("exit 0", "--name", "g1")["pid"]: 0, trapping("exit 42", "--name", "g2")["pid"]: 42}
    assert running() == 2
    told = ctl_json("shutdown", "--timeout", "10m")
    assert told["ended"] == 2 and told["killed"] == 0, told
    assert {agent["pid"]: agent["exit_code"] for agent in told["agents"]} == pids, told
    assert running() == 0
    assert (last_exit("g1"), last_exit("g2")) == (("stop", 0), ("stop", 42))


@with_clean
def test_shutdown_all_timeout_aborts():
    deaf("--name", "stubborn", "--stop-timeout", "10m")
    assert running() == 1
    assert ctl("shutdown", "--timeout", "100ms").out.endswith("\nEnded 1 agent, 1 of them by a kill\n")
    assert running() == 0 and last_exit("stubborn") == ("kill", signal.SIGKILL)


@with_clean
def test_chain_logs_agent_spawn():
    seq = last_event()
    result = ending("chain-agent")
    end("chain-agent", 0)
    wait_for("its end", lambda: info("chain-agent")["state"] == "exited")
    spawn, exit = events_after(seq)
    assert (spawn["seq"], spawn["type"], exit["seq"], exit["type"]) == (seq + 1, "spawn", seq + 2, "exit")
    for event in spawn, exit:
        assert (event["agent_id"], event["pid"]) == (result["agent_id"], result["pid"]), event
    assert exit["code"] == 0


# ---- restart strategies

def check_strategy(strategy):
    made = ctl_json("group", "new", "--strategy", strategy, "g")
    assert made["strategy"] == strategy and group("g") == made
    # What is told can be given.
    ctl("group", "new", "--strategy", made["strategy"], "h")
    assert group("h")["strategy"] == strategy
    ctl("group", "rm", "g", "h")


@with_clean
def test_restart_strategy_default_is_one_for_one():
    assert ctl_json("group", "new", "g")["strategy"] == "one_for_one"


@with_clean
def test_restart_strategy_serde_roundtrip():
    for strategy in "one_for_one", "one_for_all", "rest_for_one":
        check_strategy(strategy)


@with_clean
def test_restart_strategy_permanent_serde_roundtrip():
    check_strategy("permanent")


@with_clean
def test_restart_strategy_transient_serde_roundtrip():
    check_strategy("transient")


@with_clean
def test_restart_budget_default():
    made = ctl_json("group", "new", "g")
    assert (made["budget"], made["within_ms"]) == (5, 60000)


@with_clean
def test_restart_budget_serde_roundtrip():
    made = ctl_json("group", "new", "--budget", "3/30", "g")
    assert (made["budget"], made["within_ms"]) == (3, 30000)
    ctl("group", "new", "--budget", "%d/%d" % (made["budget"], made["within_ms"] / 1000), "h")
    assert (group("h")["budget"], group("h")["within_ms"]) == (3, 30000)


@with_clean
def test_supervisor_with_restart_config_builder():
    made = ctl_json("group", "new", "--strategy", "rest_for_one", "--budget", "3/30", "g")
    assert (made["strategy"], made["budget"], made["within_ms"]) == ("rest_for_one", 3, 30000)


# ---- what becomes of an end

def supervisor(strategy, budget="5/60"):
    ctl("group", "new", "--strategy", strategy, "--budget", budget, "--backoff", "1:1", "sup")


def ends(name, code):
    """It exits with this code; what is decided about it."""
    instance = info(name)["instance"]
    end(name, code)
    wait_for("a decision", lambda: any(past["instance"] == instance for past in ctl_json("history", name)))
    return ctl_json("history", name)[-1]["decision"]


def is_active(name, instance):
    return (info(name)["state"], info(name)["instance"]) == ("active", instance)


@with_clean
def test_handle_exit_permanent_no_restart():
    supervisor("permanent")
    ending("perm-agent", "--group", "sup")
    assert ends("perm-agent", 1) == "stays ended"
    assert info("perm-agent")["state"] == "exited" and group("sup")["restart_count"] == 0


@with_clean
def test_handle_exit_transient_normal_no_restart():
    supervisor("transient")
    ending("trans-agent", "--group", "sup")
    assert ends("trans-agent", 0) == "stays ended"
    assert info("trans-agent")["state"] == "exited" and group("sup")["restart_count"] == 0


@with_clean
def test_handle_exit_transient_abnormal_restarts():
    supervisor("transient")
    first = ending("trans-crash", "--group", "sup")
    assert ends("trans-crash", 1) == "restarts"
    wait_for("the restart", lambda: is_active("trans-crash", 2))
    assert info("trans-crash")["pid"] != first["pid"] and group("sup")["restart_count"] == 1


@with_clean
def test_handle_exit_one_for_one_restarts_only_failed():
    supervisor("one_for_one", "10/60")
    ending("ofo-a", "--group", "sup")
    other = ending("ofo-b", "--group", "sup")
    assert ends("ofo-a", 1) == "restarts"
    wait_for("the restart", lambda: is_active("ofo-a", 2))
    assert is_active("ofo-b", 1) and info("ofo-b")["pid"] == other["pid"]


@with_clean
def test_handle_exit_budget_exhausted_no_restart():
    supervisor("one_for_one", "1/60")
    ending("budget-a", "--group", "sup")
    assert ends("budget-a", 1) == "restarts"
    wait_for("the restart", lambda: is_active("budget-a", 2))
    assert ends("budget-a", 1) == "fails"
    wait_for("the escalation", lambda: group("sup")["state"] == "failed")
    assert (info("budget-a")["state"], info("budget-a")["instance"]) == ("failed", 2)


@with_clean
def test_handle_exit_links_notify_monitor_registry():
    supervisor("permanent")
    first = ending("linked-a", "--group", "sup")
    second = agent("linked-b", "--group", "sup", "--traps", "yes")
    ctl("relate", "linked-a", "link", "linked-b")
    ctl("relate", "linked-b", "monitor", "linked-a")
    seq = last_event()
    assert ends("linked-a", 1) == "stays ended"
    told = {event["type"]: event for event in events_after(seq) if event["agent_id"] == second["agent_id"]}
    assert set(told) == {"link", "down"}, told
    assert (told["down"]["code"], told["down"]["cause"]) == (first["agent_id"], "exit"), told
    assert is_active("linked-b", 1)
    # They outlast an end, since it may come back, and go with its record.
    assert sorted(one["kind"] for one in ctl_json("relations")) == ["link", "monitor"]
    ctl("rm", "linked-a")
    assert ctl_json("relations") == []


ksft.main()
