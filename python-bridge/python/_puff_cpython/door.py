"""The way into Python: jobs and spawned greenlets enter it, and what they waited for wakes them.

`door/door.ts` is Pyodide's.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any

import greenlet  # pyright: ignore[reportMissingModuleSource]  # of the Python that runs this

from _puff_cpython import control as fields
from _puff_cpython.channel import ANSWER, CANCEL, ENDED, JOB, PING, RESULT, SETTINGS, Channel
from _puff_cpython.control import Control
from _puff_cpython.entries import Deadlines, Entry, Job
from _puff_cpython.logs import Logs
from _puff_cpython.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_now = time.monotonic
_sleep = time.sleep
_STRETCH = 0.01
"""Entries in a row before messages and timers have their turn, seconds."""
_HELD = 0.001
"""For how long results wait for others to go with them while more Python follows, seconds."""
_ENDING_GRACE = 1000
"""What a greenlet that is to end may take for leaving things in order, milliseconds."""
_MEASURE = 1.0
"""How often the process's memory is measured, seconds."""
_PAGE = 65_536

# How an entry ended, as `lanes/frames.ts` has it.
_ANSWERED, _DEADLINE, _COMPUTED, _RAISED = range(4)


class Entries:
    """The ways into Python, each a greenlet of its own."""

    def __init__(self, resolve: Callable[[bytes], str], call: Callable[..., Any], run: Callable[[int], str]) -> None:
        self.resolve = resolve
        self.call = call
        self.run = run


class Door:
    """Lets one piece of Python run at a time, each with its deadline."""

    def __init__(self, channel_descriptor: int, control_path: str) -> None:
        self._control = Control(control_path)
        self._channel = Channel(channel_descriptor, self._receive)
        self._waits = Waits(self._channel, lambda: self._running, self._wake)
        self._waits.descriptors.watch(channel_descriptor, self._channel.receive)
        self._logs = Logs(self._channel)
        self._deadlines = Deadlines()
        self._hub = greenlet.getcurrent()
        self._jobs: deque[Job] = deque()
        self._spawned: deque[tuple[int, int]] = deque()
        self._spawned_count = 0
        self._count = 0
        """Greenlets that have not ended."""
        self._ready: deque[tuple[Entry, int, Any]] = deque()
        self._alive: dict[int, Entry] = {}
        self._running: Entry | None = None
        self._entries: Entries | None = None
        self._serves = False
        self._flushed = self._measured = 0.0
        self.settings: dict[str, Any] = {}
        self._deadline = 0.0

    # What `_puff_host` offers.

    def offer(self, module: Any) -> None:
        """Fills `_puff_host`."""
        waits = self._waits
        module.call, module.tell = waits.call, waits.tell
        module.park, module.unpark = waits.park, waits.unpark
        module.wait_for_descriptor, module.run_in_thread = waits.wait_for_descriptor, waits.run_in_thread
        module.wake_descriptor = waits.descriptors.wake
        module.log = self._logs.add
        module.spawn, module.hold, module.suspend = self._spawn, self._hold, self._suspend

    def leave(self, module: Any) -> None:
        """Gives up the gateway, in a process that was forked off: what it logs goes to its standard error."""
        self._channel.close()
        self._waits.descriptors.close()
        self._running = None
        module.log = lambda _level, _logger, message: os.write(2, f"{message}\n".encode())
        for name in ("tell", "spawn", "hold", "unpark", "wake_descriptor"):
            setattr(module, name, lambda *_: None)

    def _spawn(self, key: int) -> None:
        self._spawned.append((key, 0 if self._running is None else self._running.origin))

    def _hold(self, is_open: bool) -> None:
        self._control.add(fields.PROMPTS, 1 if is_open else -1)
        self._deadlines.hold(is_open)

    def _suspend(self, wait: int) -> Any:
        """Lets others run until this wait has ended. An interrupt may have kept an earlier one from here."""
        entry = self._running
        if entry is not None:
            entry.awaits = wait
        return self._hub.switch()

    # What the gateway sends.

    def read_settings(self) -> None:
        """Waits for the first frame."""
        while not self.settings:
            self._waits.descriptors.poll(None)

    def _receive(self, kind: int, a: int, b: int, number: float, parts: Sequence[bytes]) -> None:
        if kind == JOB:
            self._jobs.append(Job(a, b, number, parts))
        elif kind == ANSWER:
            text, *buffers = parts
            self._waits.answer(a, [text.decode(), *buffers] if buffers else text.decode(), bool(b))
        elif kind == CANCEL:
            self._cancel_job(a)
        elif kind == PING:
            self._control.add(fields.TURNS)
        elif kind == SETTINGS:
            self.settings = json.loads(parts[0])
            self._deadline = self.settings["deadline"] / 1000

    def _cancel_job(self, id: int) -> None:  # noqa: A002
        entry = self._alive.get(id)
        if entry is not None:
            entry.answered = True
            self._cancel(entry, "nobody waits for its result any more")
        for job in self._jobs:
            if job.id == id:
                job.wanted = False  # it stays in its place: entries are counted

    def _cancel(self, entry: Entry, reason: str) -> None:
        """What it waits for fails, and after a moment what it begins to wait for then."""
        self._deadlines.discard(entry)
        if entry.ending is None:
            self._deadlines.add(entry, _ENDING_GRACE)
        else:
            entry.over = True
        entry.ending = reason
        self._waits.cancel(entry, reason)

    # Entries.

    def load(self, entries: Entries, load: Callable[[], str]) -> None:
        """Enters what imports the user's modules, which may wait and spawn greenlets, and returns when it is done."""
        self._entries = entries
        entry = Entry(0, None, 0)
        self._enter(entry, load)
        while entry.greenlet:
            self._turn()

    def why_not_forked(self) -> str | None:
        """What of the import a fork can't take along; None: nothing."""
        if self._waits.called_service is not None:
            return f"a module calls the service {self._waits.called_service} while it is imported"
        return "a thread that a module started still runs" if self._count or self._spawned else None

    def close_channel(self) -> None:
        """Leaves the channel to the process that was forked off with it."""
        self._channel.close()

    def adopt(self, channel: int | None, control_path: str | None) -> None:
        """Begins anew in a process that was forked off to serve, with a channel and control memory of its own."""
        if channel is not None:
            self._channel.open(channel)
        if control_path is not None:
            self._control.open(control_path)
        self._waits.descriptors.renew({self._channel.descriptor: self._channel.receive})

    def serve(self) -> None:
        """Serves to the process's end."""
        self._serves = True
        while True:
            self._turn()

    def send(self, kind: int, text: str) -> None:
        """Sends a text."""
        self._channel.send(kind, 0, 0, 0.0, (text.encode(),))
        self._flush()

    def interrupt(self, signal: int, frame: Any) -> None:
        """Raises KeyboardInterrupt in the piece of Python that runs, if it has run for about as long as it may."""
        entry = self._running
        if entry is None or not self._overran(entry):
            return  # it was meant for one that has ended
        if frame is not None and frame.f_globals.get("__package__") == __package__:
            # This code is not to be torn: soon again.
            _sleep(0.0005)
            os.kill(os.getpid(), signal)
            return
        raise KeyboardInterrupt

    def _turn(self) -> None:
        self._flush()
        self._waits.descriptors.poll(self._idle_for())
        self._waits.pass_time()
        self._control.add(fields.TURNS)
        until = _now() + _STRETCH
        while self._step() and _now() < until:
            pass
        self._measure()
        for entry in self._deadlines.take_over():
            self._answer(entry, _DEADLINE)
            self._cancel(entry, "the deadline has passed")

    def _step(self) -> bool:
        """Runs one piece of Python that was woken and one that begins: by turns, lest the one keep out the other."""
        ran = False
        if self._ready:
            entry, wait, outcome = self._ready.popleft()
            if entry.awaits == wait:
                self._resume(entry, outcome)
            ran = True
        if self._entries is None:
            return ran
        if self._spawned:
            key, origin = self._spawned.popleft()
            self._spawned_count += 1
            self._enter(Entry(-self._spawned_count, None, origin), self._entries.run, key)
            ran = True
        elif self._serves and self._jobs:
            self._enter_job(self._jobs.popleft(), self._entries)
            ran = True
        if ran and _now() - self._flushed > _HELD:
            self._flush()
        return ran

    def _idle_for(self) -> float | None:
        if self._ready or self._spawned or (self._serves and self._jobs):
            return 0.0
        limits = [self._waits.due_in(), self._deadlines.due_in() if self._deadlines else None]
        return min((limit for limit in limits if limit is not None), default=None)

    def _enter_job(self, job: Job, entries: Entries) -> None:
        self._control.add(fields.ENTERED)
        if not job.wanted:
            return
        entry = self._alive[job.id] = Entry(job.id, job, job.id)
        if job.deadline is not None:
            self._deadlines.add(entry, job.deadline)
        if job.is_call:
            target, args, *buffers = job.parts
            self._enter(entry, entries.call, target.decode(), args.decode(), buffers)
        else:
            self._enter(entry, entries.resolve, job.parts[0].decode())

    def _enter(self, entry: Entry, function: Callable[..., Any], *args: Any) -> None:
        entry.greenlet = greenlet.greenlet(self._body, self._hub)
        self._count += 1
        self._resume(entry, entry, function, *args)

    def _wake(self, entry: Entry, wait: int, outcome: Any) -> None:
        self._ready.append((entry, wait, outcome))

    def _resume(self, entry: Entry, *values: Any) -> None:
        """Runs one piece of Python: it returns when the greenlet waits or has ended."""
        if entry.greenlet is None:
            return
        control = self._control
        control.set(fields.RUNNING, entry.id)
        control.set(fields.ORIGIN, entry.origin)
        control.add(fields.TURNS)
        entry.since = _now()
        self._running = entry
        entry.greenlet.switch(*values)
        self._running = None
        if self._overran(entry):
            entry.overran = True
        control.set(fields.ORIGIN, 0)
        control.set(fields.RUNNING, 0)
        control.add(fields.TURNS)

    def _body(self, entry: Entry, function: Callable[..., Any], *args: Any) -> None:
        try:
            answer = function(*args)
        except KeyboardInterrupt:
            if entry.overran or self._overran(entry):
                self._answer(entry, _COMPUTED, self._deadline * 1000)
            else:
                self._answer(entry, _RAISED, 0.0, b"KeyboardInterrupt was raised in it")
        except BaseException as error:  # whatever it raises is an answer
            self._answer(entry, _RAISED, 0.0, "".join(traceback.format_exception(error)).encode())
        else:
            self._finish(entry, answer)
        entry.greenlet = None
        self._count -= 1
        self._alive.pop(entry.id, None)
        self._deadlines.discard(entry)
        if entry.known:
            self._channel.send(ENDED, entry.id)

    def _finish(self, entry: Entry, answer: Any) -> None:
        if entry.job is None:
            return
        if isinstance(answer, list):
            text, *buffers = answer
            self._answer(entry, _ANSWERED, 0.0, text.encode(), *buffers)
        elif answer == "":
            self._answer(entry, _RAISED, 0.0, b"GreenletExit was raised in it")  # by itself, or too late
        else:
            self._answer(entry, _ANSWERED, 0.0, answer.encode())

    def _answer(self, entry: Entry, how: int, number: float = 0.0, *parts: bytes) -> None:
        job = entry.job
        if entry.answered or job is None:
            return
        entry.answered = True
        self._channel.send(RESULT, job.id, how, number, parts)
        if not job.repeatable:
            # What it did can't be done again, should the process die of what comes next.
            self._channel.flush()

    def _overran(self, entry: Entry) -> bool:
        return _now() - entry.since > self._deadline * 0.9

    def _flush(self) -> None:
        self._flushed = _now()
        self._logs.end_turn()
        self._channel.flush()

    def _measure(self) -> None:
        if self._serves and self._flushed - self._measured > _MEASURE:
            self._measured = self._flushed
            self._control.set(fields.PAGES, resident_bytes() // _PAGE)


def resident_bytes() -> int:
    """Gives the bytes of memory that this process takes."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):  # not Linux
        return 0
