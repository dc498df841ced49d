#!/usr/bin/env python3
# vm: timeout=180 with=curl kernels=one
"""Health checks by HTTP: the helper daemon with libcurl, and without it."""
import glob
import os
import sys

sys.path.insert(0, os.environ.get("TESTLIB", "."))
import ksft
from ctl import ctl, ctl_json, info, run, with_clean
from ksft import wait_for

URL = "http://127.0.0.1:7002"
OFTEN = ("interval=100ms", "timeout=5s", "retries=2", "start-period=30s")

# Answers with the status that is the last part of the path, or with what "say" says.
SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status = int(self.path.strip("/") or open("/tmp/test/say%d" % os.getpid()).read())
        except (OSError, ValueError):
            status = 200
        if status == 0:
            import time; time.sleep(1000)
        self.send_response(status)
        self.send_header("Location", "/500")
        self.end_headers()
        self.wfile.write(b"x" * 100000)
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 7002), Handler).serve_forever()
"""


def health(agent):
    return ctl_json("health", agent)["agents"][0]["health"]


def result(agent):
    return ctl_json("health", agent)["agents"][0]["checks"][0]["result"]


def need_curl():
    if not os.path.exists("/usr/bin/curl"):
        raise ksft.Skip("no libcurl")


def server(agent, *options):
    return run("--id", agent, *options, "--stderr", "/tmp/test/err", "python3", "-S", "-c", SERVER)["pid"]


@with_clean
def test_http():
    "what answers with a failure is not well, is restarted, and well again"
    need_curl()
    pid = server(100, "--restart", "always", "--backoff", "0")
    ctl("health", "set", 100, "http=" + URL + "/", *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")
    assert result(100) == "status 200"
    with open("/tmp/test/say%d" % pid, "w") as file:
        file.write("503")
    wait_for("its restart", lambda: info(100)["pid"] not in (0, pid))
    fault = ctl_json("faults", 100)["last"][-1]
    assert (fault["type"], fault["action"], fault["limit"]) == ("Unresponsive", "restart", 200), fault
    wait_for("its health", lambda: health(100) == "healthy")


@with_clean
def test_answers():
    "a redirection is an answer, and not followed; a failure, none at all, and no server are told"
    need_curl()
    server(100)
    ctl("recovery", "--agent", 100, "Unresponsive=alert")
    ctl("health", "set", 100, "http=" + URL + "/200", *OFTEN)
    wait_for("its health", lambda: health(100) == "healthy")

    def seen(want, word, *more):
        ctl("health", "set", 100, *more)
        wait_for(want, lambda: health(100) == want)
        assert word in result(100), result(100)

    seen("healthy", "status 302", "http=" + URL + "/302", "interval=100ms")
    seen("unhealthy", "status 404", "http=" + URL + "/404", "interval=100ms", "retries=1")
    with open("/tmp/test/say%d" % info(100)["pid"], "w") as file:
        file.write("0")
    seen("unhealthy", "no answer within 300ms", "http=" + URL, "interval=100ms", "timeout=300ms", "retries=1")
    seen("unhealthy", "connect", "http=http://127.0.0.1:7999/", "interval=100ms", "retries=1")
    for url in "127.0.0.1", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/":
        ctl("health", "set", 100, "http=" + url, want=1)


@with_clean
def test_many():
    "many checks at once, and agents that go meanwhile"
    need_curl()
    server(100)
    for agent in range(101, 109):
        run("--id", agent, "sleep", "1000")
        ctl("health", "set", agent, "http=%s/200" % URL, "process", "tcp=127.0.0.1:7002", "command=true", *OFTEN)
    healthy = set()  # not all at once: on a busy machine one of so many checks is late now and then

    def see():
        healthy.update(agent for agent in range(101, 109) if health(agent) == "healthy")
        return len(healthy) == 8

    wait_for("their health", see)
    for agent in range(101, 109):
        ctl("kill", agent)
        ctl("rm", agent)
    wait_for("that they are forgotten", lambda: ctl_json("helper")["agents"] == 0)
    assert info("asmd")["instance"] == 1, info("asmd")


@with_clean
def test_without_libcurl():
    "without libcurl the other checks work, and this one says what is missing"
    need_curl()
    libraries = glob.glob("/usr/lib/**/libcurl*", recursive=True)
    for library in libraries:
        os.rename(library, library + ".gone")
    try:
        run("--id", 100, "sleep", "1000")
        ctl("helper", "start")
        assert "needs libcurl" in ctl("health", "set", 100, "http=" + URL, want=1).err
        ctl("health", "set", 100, "process", *OFTEN)
        wait_for("its health", lambda: health(100) == "healthy")
    finally:
        for library in libraries:
            os.rename(library + ".gone", library)


ksft.main()
