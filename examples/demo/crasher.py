#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""An agent with a bug: it dies of a segmentation fault soon after each start."""
import ctypes
import time

time.sleep(0.2)
ctypes.string_at(0)
