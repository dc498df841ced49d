"""Make agents from a test in Python, through libasm.

    import agents

    id = agents.spawn("/bin/sleep", "1000", id=100, name="sleeper")
    agents.pause(id); agents.stop(id); agents.remove(id)
    agents.shutdown()

What fails raises OSError.
"""
import ctypes
import os

WAIT = 1
NEVER, ON_FAILURE, ALWAYS = range(3)

lib = ctypes.CDLL("libasm-agentsys.so.1")
lib.agentsys_error.restype = ctypes.c_char_p
lib.agentsys_spec_new.restype = ctypes.c_void_p
handle = ctypes.c_void_p()


def connection():
    if not handle:
        check(lib.agentsys_open(ctypes.byref(handle)))
    return handle


def check(ret):
    if ret < 0:
        text = lib.agentsys_error(handle).decode() if handle else ""
        raise OSError(-ret, text or os.strerror(-ret))
    return ret


def close():
    lib.agentsys_close(handle)
    handle.value = None


def spawn(*args, id=0, name=None, restart=NEVER, max_restarts=None, backoff=(0, 0), wait=True):
    spec = ctypes.c_void_p(lib.agentsys_spec_new())
    try:
        if id:
            lib.agentsys_spec_set_id(spec, ctypes.c_uint32(id))
        if name is not None:
            check(lib.agentsys_spec_set_name(spec, name.encode()))
        for arg in args:
            check(lib.agentsys_spec_add_arg(spec, arg.encode()))
        if restart != NEVER:
            lib.agentsys_spec_set_restart(spec, restart)
            lib.agentsys_spec_set_backoff(spec, *backoff)
        if max_restarts is not None:
            lib.agentsys_spec_set_max_restarts(spec, ctypes.c_uint32(max_restarts))
        got = ctypes.c_uint32()
        check(lib.agentsys_spawn(connection(), spec, WAIT if wait else 0, ctypes.byref(got)))
        return got.value
    finally:
        lib.agentsys_spec_free(spec)


def pause(id):
    check(lib.agentsys_pause(connection(), id))


def resume(id):
    check(lib.agentsys_resume(connection(), id))


def stop(id, wait=True):
    check(lib.agentsys_stop(connection(), id, ctypes.c_int64(-1), WAIT if wait else 0))


def kill(id, wait=True):
    check(lib.agentsys_kill(connection(), id, WAIT if wait else 0))


def remove(id):
    check(lib.agentsys_remove(connection(), id))


def shutdown():
    check(lib.agentsys_shutdown(connection(), ctypes.c_int64(0), WAIT, None, None))
