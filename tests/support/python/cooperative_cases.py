"""What waiting code prints, on CPython's threads and on greenlets: each case by its name."""

# Its parts are the cases, so what they do is not spread over helpers.
import asyncio
import collections
import concurrent.futures
import contextvars
import decimal
import pathlib
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable

CASES: dict[str, Callable[[], object]] = {}


def case(function: Callable[[], object]) -> Callable[[], object]:
    CASES[function.__name__] = function
    return function


def in_threads(*functions: Callable[[], object]) -> None:
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@case
def locks_keep_others_out() -> object:
    lock, log = threading.Lock(), []

    def work(name: str) -> None:
        for _ in range(3):
            with lock:
                log.append(name)
                time.sleep(0.001)
                log.append(name)

    in_threads(lambda: work("a"), lambda: work("b"))
    return all(log[i] == log[i + 1] for i in range(0, len(log), 2)), collections.Counter(log), lock.locked()


@case
def locks_time_out() -> object:
    lock = threading.Lock()
    lock.acquire()
    seen = []

    def work() -> None:
        seen.append(lock.acquire(timeout=0.01))
        seen.append(lock.acquire(blocking=False))

    in_threads(work)
    lock.release()
    for arguments in ({"blocking": False, "timeout": 1},):
        try:
            lock.acquire(**arguments)
        except ValueError as error:
            seen.append(str(error))
    try:
        lock.release()
    except RuntimeError as error:
        seen.append(str(error))
    return seen


@case
def rlocks_belong_to_a_thread() -> object:
    lock, seen = threading.RLock(), []

    def other() -> None:
        seen.append(lock.acquire(blocking=False))
        try:
            lock.release()
        except RuntimeError as error:
            seen.append(str(error))
        with lock:
            seen.append("got it")

    thread = threading.Thread(target=other)
    with lock, lock:
        thread.start()
        time.sleep(0.01)
        seen.append("twice")
    thread.join()
    return seen


@case
def events_conditions_semaphores_barriers() -> object:
    event, condition, ready = threading.Event(), threading.Condition(), []
    semaphore, barrier = threading.BoundedSemaphore(2), threading.Barrier(3)
    most = [0, 0]
    places = []

    def work(n: int) -> None:
        event.wait()
        with semaphore:
            most[0] += 1
            most[1] = max(most)
            time.sleep(0.002)
            most[0] -= 1
        places.append(barrier.wait())
        with condition:
            ready.append(n)
            condition.notify_all()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    early = event.wait(0.005), len(places)
    event.set()
    with condition:
        done = condition.wait_for(lambda: len(ready) == 3, timeout=5)
        late = condition.wait(0.001)
    for thread in threads:
        thread.join()
    try:
        semaphore.release()
        over = None
    except ValueError as error:
        over = str(error)
    return early, done, late, sorted(ready), sorted(places), most[1], over


@case
def broken_barriers() -> object:
    barrier, seen = threading.Barrier(2, timeout=0.01), []
    try:
        barrier.wait()
    except threading.BrokenBarrierError:
        seen.append(barrier.broken)
    return seen


@case
def queues() -> object:
    bounded: queue.Queue[int] = queue.Queue(2)
    seen = []

    def produce() -> None:
        for n in range(6):
            bounded.put(n)
        bounded.join()
        seen.append("all done")

    def consume() -> None:
        for _ in range(6):
            seen.append(bounded.get())
            bounded.task_done()

    in_threads(produce, consume)
    for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
        one = kind()
        for n in (2, 3, 1):
            one.put(n)
        seen.append([one.get() for _ in range(3)])
        try:
            one.get(timeout=0.001)
        except queue.Empty:
            seen.append("empty")
        try:
            one.get_nowait()
        except queue.Empty:
            seen.append("empty")
    return seen


@case
def threads_are_objects() -> object:
    seen = []
    main = threading.current_thread()

    def work() -> None:
        me = threading.current_thread()
        seen.append((me is thread, me.name, me.daemon, me.is_alive(), me.ident == threading.get_ident()))
        seen.append(me.ident != main.ident)
        seen.append(threading.main_thread() is main)
        seen.append(me in threading.enumerate())

    thread = threading.Thread(target=work, name="worker", daemon=True)
    seen.append((thread.is_alive(), thread.ident))
    thread.start()
    thread.join()
    seen.append((thread.is_alive(), main.name, threading.active_count()))
    for misuse in (thread.start, main.join):
        try:
            misuse()
        except RuntimeError as error:
            seen.append(str(error))
    slow = threading.Thread(target=time.sleep, args=(0.05,))
    slow.start()
    slow.join(0.001)
    seen.append(slow.is_alive())
    slow.join()
    return seen


@case
def exceptions_of_threads() -> object:
    seen = []
    before = threading.excepthook
    threading.excepthook = lambda args: seen.append((args.exc_type.__name__, str(args.exc_value)))

    def fail() -> None:
        raise ValueError("as asked")

    def leave() -> None:
        raise SystemExit(3)

    in_threads(fail, leave)
    threading.excepthook = before
    return sorted(seen)


class Counter(threading.local):
    made = 0
    __slots__ = ("slot",)

    def __init__(self, start: int) -> None:
        type(self).made += 1
        self.value = start

    @property
    def double(self) -> int:
        time.sleep(0.001)
        return self.value * 2

    def __getattr__(self, name: str) -> str:
        return f"no {name}"


@case
def locals_of_threads() -> object:
    plain, counter, seen = threading.local(), Counter(5), []
    plain.x = "main"
    counter.slot = "shared"

    def work(n: int) -> None:
        seen_here = [hasattr(plain, "x"), counter.value, counter.slot, counter.missing]
        plain.x = n
        counter.value += n
        time.sleep(0.002)
        seen.append([*seen_here, plain.x, counter.double, sorted(counter.__dict__), sorted(vars(plain))])
        del plain.x
        seen[-1].append(getattr(plain, "x", "gone"))

    in_threads(lambda: work(1), lambda: work(2), lambda: work(3))
    try:
        threading.local(1)
    except TypeError as error:
        seen.append(str(error))
    return sorted(seen, key=str), plain.x, counter.value, Counter.made


VARIABLE = contextvars.ContextVar("VARIABLE", default="default")


@case
def contexts_of_threads() -> object:
    VARIABLE.set("main")
    decimal.getcontext().prec = 5
    seen = []

    def work(n: int) -> None:
        seen.append(VARIABLE.get())
        VARIABLE.set(str(n))
        time.sleep(0.001)
        seen.append(VARIABLE.get())
        seen.append(decimal.getcontext().prec)

    in_threads(lambda: work(1), lambda: work(2))
    copy = contextvars.copy_context()
    in_threads(lambda: copy.run(work, 3))
    return sorted(map(str, seen)), VARIABLE.get(), copy[VARIABLE]


@case
def exceptions_while_others_run() -> object:
    seen = []

    def work(n: int) -> None:
        try:
            raise KeyError(n)
        except KeyError:
            time.sleep(0.001)
            try:
                raise
            except KeyError as error:
                seen.append(str(error))

    in_threads(lambda: work(1), lambda: work(2), lambda: work(3))
    return sorted(seen)


def thread_name() -> str:
    time.sleep(0.001)
    return threading.current_thread().name


@case
def executors() -> object:
    def work(n: int) -> int:
        time.sleep(0.001)
        if n == 3:
            raise ValueError(n)
        return n * n

    with concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
        futures = [pool.submit(work, n) for n in range(5)]
        names = {pool.submit(thread_name).result()[:4]}
        mapped = list(pool.map(work, [1, 2]))
        done = concurrent.futures.wait(futures)
        slow = pool.submit(time.sleep, 0.02)
        try:
            slow.result(timeout=0.001)
        except TimeoutError:
            names.add("timed out")
    results = [repr(f.exception()) if f.exception() else f.result() for f in futures]
    return results, sorted(names), mapped, len(done.done)


@case
def timers() -> object:
    event = threading.Event()
    timer, never = threading.Timer(0.005, event.set), threading.Timer(0.005, print)
    timer.start()
    never.start()
    never.cancel()
    never.join()
    return event.wait(5)


@case
def sleeping() -> object:
    order, together = [], threading.Barrier(3)
    in_threads(*(lambda n=n: (together.wait(), time.sleep(n / 10), order.append(n)) for n in (3, 1, 2)))
    before = time.monotonic()
    time.sleep(0.02)
    slept = time.monotonic() - before
    try:
        time.sleep(-1)
    except ValueError as error:
        order.append(str(error))
    return order, slept >= 0.02


@case
def imports_wait_for_each_other() -> object:
    seen = []

    def work() -> None:
        import cooperative_slow_module  # type: ignore[import-not-found]

        seen.append(cooperative_slow_module.value)

    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "cooperative_slow_module.py").write_text("import time\ntime.sleep(0.02)\nvalue = 1\n")
        sys.path.insert(0, folder)
        in_threads(work, work, work)
        sys.path.remove(folder)
    return seen


@case
def event_loops() -> object:
    seen = []

    async def work(n: int) -> int:
        await asyncio.sleep(n / 100)
        seen.append(n)
        return n

    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        gathered = await asyncio.gather(work(2), work(1))
        blocking = (await asyncio.to_thread(thread_name)) == "MainThread"
        future = loop.create_future()
        threading.Timer(0.005, loop.call_soon_threadsafe, (future.set_result, "from a thread")).start()
        task = asyncio.current_task()
        time.sleep(0.001)  # blocks this loop alone
        try:
            async with asyncio.timeout(0.005):
                await asyncio.sleep(10)
        except TimeoutError:
            seen.append("timeout")
        items: asyncio.Queue[int] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(items.put(7))
            got = group.create_task(items.get())
        return [gathered, blocking, await future, task is asyncio.current_task(), got.result()]

    results: list[object] = [asyncio.run(main()), seen]
    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        results.append(str(error))

    async def fail() -> None:
        raise LookupError("inside")

    try:
        asyncio.run(fail())
    except LookupError as error:
        results.append(str(error))
    return results


@case
def an_event_loop_in_each_thread() -> object:
    seen = []

    async def work(n: int) -> None:
        for _ in range(3):
            await asyncio.sleep(0.001)
            assert asyncio.get_running_loop() is loops[n]
        seen.append(n)

    async def begin(n: int) -> None:
        loops[n] = asyncio.get_running_loop()
        await work(n)

    loops: dict[int, asyncio.AbstractEventLoop] = {}
    in_threads(*(lambda n=n: asyncio.run(begin(n)) for n in range(3)))
    return sorted(seen), len(set(map(id, loops.values())))


@case
def async_generators_and_cancellation() -> object:
    seen = []

    async def ticks() -> object:
        try:
            for n in range(10):
                yield n
                await asyncio.sleep(0)
        finally:
            seen.append("closed")

    async def main() -> None:
        async for n in ticks():
            if n == 2:
                break
        task = asyncio.ensure_future(asyncio.sleep(10))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            seen.append("cancelled")

    asyncio.run(main())
    return sorted(seen)


def outcomes() -> dict[str, str]:
    """Runs all cases; what they print must not depend on the machine's speed."""
    found = {}
    for name, function in CASES.items():
        try:
            found[name] = repr(function())
        except Exception as error:
            found[name] = f"raised {error!r}"
    return found


if __name__ == "__main__":
    import json

    print(json.dumps(outcomes()))
