#!/usr/bin/python3
# SPDX-License-Identifier: CC0-1.0
"""An agent with a bug: it dies of a segmentation fault soon after each start."""
import ctypes
import time

time.sleep(0.2)
ctypes.string_at(0)
