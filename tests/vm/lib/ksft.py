"""Write a test in Python: functions named test_*, each one TAP result.

    import ksft

    def test_answer():
        "what is looked at"
        assert 6 * 7 == 42
        raise ksft.Skip("why")      # where the test does not apply

    ksft.main()
"""
import os
import sys
import time
import traceback

# How much slower than usual this machine is: time limits are to be multiplied by it.
SCALE = int(os.environ.get("VM_SCALE", "1"))


class Skip(Exception):
    pass


def wait_for(what, condition, seconds=20):
    """Wait until the condition, a function, holds. For what makes no event; the time only ends a test where it never does."""
    until = time.monotonic() + seconds * SCALE
    while not condition():
        assert time.monotonic() < until, "never: " + what
        time.sleep(0.02)


def main():
    module = sys.modules["__main__"]
    tests = [value for name, value in vars(module).items() if name.startswith("test_") and callable(value)]
    failed = 0
    print("TAP version 13\n1..%d" % len(tests), flush=True)
    for number, test in enumerate(tests, 1):
        name = (test.__doc__ or test.__name__[5:].replace("_", " ")).strip().split("\n")[0]
        try:
            test()
            print("ok %d - %s" % (number, name), flush=True)
        except Skip as skip:
            print("ok %d - %s # SKIP %s" % (number, name, skip), flush=True)
        except Exception as error:
            failed += 1
            # The place and the error first, as a summary shows one line.
            place = traceback.extract_tb(error.__traceback__)[-1]
            why = ("%s:%d: %s: %r" % (place.filename, place.lineno, place.line, error)).replace("\n", " ")
            print("# " + why)
            print("# " + traceback.format_exc().strip().replace("\n", "\n# "))
            print("not ok %d - %s" % (number, name), flush=True)
    sys.exit(1 if failed else 0)
