#!/bin/sh
# An agent without arguments that stays.
exec sleep 100000
