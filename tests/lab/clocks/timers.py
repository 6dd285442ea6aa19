"""Waits in every way until a moment and says when each wait ends, and what the clocks say."""

import asyncio
import contextlib
import copy
import datetime
import json
import os
import pickle
import queue
import select
import signal
import sys
import threading
import time


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def in_thread(name, wait):
    def run():
        started = time.monotonic()
        wait()
        say(name, round(time.monotonic() - started))

    threading.Thread(target=run, daemon=True).start()


def on_queue():
    with contextlib.suppress(queue.Empty):
        queue.Queue().get(timeout=62)


def on_poll():
    poller = select.poll()
    poller.register(os.pipe()[0], select.POLLIN)
    assert poller.poll(64_000) == []


def on_epoll():
    poller = select.epoll()
    poller.register(os.pipe()[0], select.EPOLLIN)
    assert poller.poll(65) == []


async def in_loop():
    loop = asyncio.get_running_loop()
    for name, delay in (("third", 63), ("first", 61), ("second", 62)):
        loop.call_later(delay, say, name)
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 70)
    except TimeoutError:
        say("timed out")


WAITS = {
    "sleep": lambda: time.sleep(60),
    "event": lambda: threading.Event().wait(61),
    "queue": on_queue,
    "select": lambda: select.select([os.pipe()[0]], [], [], 63),
    "poll": on_poll,
    "epoll": on_epoll,
    "semaphore": lambda: threading.Semaphore(0).acquire(timeout=66),
    "barrier": lambda: asyncio.run(asyncio.sleep(67)),
    "timer": lambda: threading.Timer(68, lambda: None).run(),
}


def forked():
    child = os.fork()
    if not child:
        time.sleep(60)
        say("child", os.getpid())
        grandchild = os.fork()
        if not grandchild:
            select.select([], [], [], 30)
            say("grandchild", round(time.time() * 1000))
            os._exit(0)
        os.waitpid(grandchild, 0)
        os._exit(0)
    say("forked", child)


def woken():
    """A wait that is ended by what it waits for, and one by a descriptor."""
    lines, event, answers = os.pipe(), threading.Event(), queue.Queue()

    def wait():
        answers.put(("event", event.wait(300)))
        answers.put(("select", select.select([lines[0]], [], [], 300)[0] == [lines[0]]))
        poller = select.epoll()
        poller.register(lines[0], select.EPOLLIN)
        answers.put(("epoll", poller.poll(300) == [(lines[0], select.EPOLLIN)]))

    threading.Thread(target=wait, daemon=True).start()
    event.set()
    os.write(lines[1], b"!")
    for _ in range(3):
        say(*answers.get(timeout=200))


def clocks():
    class Moment(datetime.datetime):
        pass

    class Watch:
        read = time.monotonic

    now = datetime.datetime.now()
    aware = datetime.datetime.now(datetime.UTC)
    said = {
        "now": time.time() * 1000,
        "time_ns": time.time_ns() / 1e6,
        "gettime": time.clock_gettime(time.CLOCK_REALTIME) * 1000,
        "datetime": now.timestamp() * 1000,
        "aware": aware.timestamp() * 1000,
        "today": datetime.datetime.today().timestamp() * 1000,
        "subclass": Moment.now().timestamp() * 1000,
        "utcnow": (datetime.datetime.utcnow() - datetime.datetime(1970, 1, 1)).total_seconds()
        * 1000,
        "localtime": time.mktime(time.localtime()) * 1000,
        "strftime": int(time.strftime("%s")) * 1000,
        "monotonic": time.monotonic() * 1000,
        "monotonic_ns": time.monotonic_ns() / 1e6,
        "method": Watch().read() * 1000,
        "perf_counter": time.perf_counter() * 1000,
        "day_of_date": datetime.date.today().isoformat(),
        "day": time.strftime("%Y-%m-%d"),
    }
    kept = pickle.loads(pickle.dumps(now)) == copy.copy(now) == now
    exact = type(now) is datetime.datetime and type(Moment.now()) is Moment
    given = time.ctime(0) == time.asctime(time.localtime(0)) and time.gmtime(0).tm_year == 1970
    said["same"] = kept and exact and isinstance(aware, datetime.date) and given
    say(json.dumps(said))


def alarm():
    signal.signal(signal.SIGALRM, lambda *_: say("alarm"))
    signal.alarm(70)
    say("left", signal.getitimer(signal.ITIMER_REAL)[0] > 60)


ASKED = {
    "timers": lambda: [in_thread(name, wait) for name, wait in WAITS.items()],
    "minutes": lambda: [
        in_thread("ten minutes", lambda: time.sleep(600)),
        in_thread("one minute", lambda: time.sleep(60)),
    ],
    "loop": lambda: threading.Thread(target=asyncio.run, args=(in_loop(),), daemon=True).start(),
    "fork": forked,
    "woken": woken,
    "clocks": clocks,
    "alarm": alarm,
    "loops": lambda: sys.modules.update(uvloop=sys, gevent=sys),
    "close": lambda: os.closerange(3, 256),
}

say("ready")
for line in sys.stdin:
    ASKED[line.strip()]()
    say("done")
