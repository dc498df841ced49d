#!/usr/bin/env python3
# vm: cmdline="psi=0" kernels=one
"""A kernel that measures no pressure says so to whoever asks for it."""
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import FAILED, NOT_AVAILABLE, ctl, ctl_json, run, with_clean


@with_clean
def test_refused():
    "at the start, and later"
    result = ctl("run", "--limit", "cpu_pressure=10%", "sleep", "1000", want=NOT_AVAILABLE)
    assert "psi=1" in result.err, result
    agent = run("sleep", "1000")["agent_id"]
    result = ctl("limits", agent, "memory_pressure=10%", want=NOT_AVAILABLE)
    assert "psi=1" in result.err, result
    assert ctl_json("limits", agent)["limits"]["memory_pressure"]["limit"] is None


ksft.main()
