"""Greenlets for users, as Puff has them. On other Pythons they are threads."""

from __future__ import annotations

import concurrent.futures
import contextvars
import functools
import threading
import time
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from os import PathLike

P = ParamSpec("P")
R = TypeVar("R")


class Task(Generic[R]):
    """A function that was spawned.

    Args:
        future: What it returns or raises.
    """

    def __init__(self, future: concurrent.futures.Future[R]) -> None:
        self.future = future

    def join(self) -> R:
        """Waits for its end; gives what it returned or raises what it raised."""
        return self.future.result()

    @property
    def result(self) -> R | None:
        """What it has returned; None before, and where it has failed."""
        return None if not self.finished or self.exception is not None else self.future.result()

    @property
    def exception(self) -> BaseException | None:
        """What it has raised; None before, and where it has not."""
        return self.future.exception() if self.finished else None

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.future.done()


def spawn(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Task[R]:
    """Calls a function in a greenlet of its own, with a copy of the caller's context variables.

    Args:
        function: What to call. It may outlive the request that spawns it.
        *args: Its arguments.
        **kwargs: Its keyword arguments.

    Returns:
        The task, to be joined.

    Example:
        >>> tasks = [spawn(pow, 2, n) for n in range(3)]
        >>> join_all(tasks)
        [1, 2, 4]
    """
    future: concurrent.futures.Future[R] = concurrent.futures.Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            future.set_result(context.run(function, *args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
            if not isinstance(error, Exception):
                raise

    name = f"spawned {getattr(function, '__qualname__', function)}"
    threading.Thread(target=run, name=name, daemon=True).start()
    return Task(future)


def join_all(tasks: Iterable[Task[R]]) -> list[R]:
    """Waits for all tasks; gives their results in their order, or raises the first exception in it."""
    return [task.join() for task in tasks]


def join_iter(tasks: Iterable[Task[R]]) -> Iterator[R]:
    """Gives the tasks' results in the order in which they end."""
    for future in concurrent.futures.as_completed([task.future for task in tasks]):
        yield future.result()


def sleep(seconds: float) -> None:
    """Waits while others run; `time.sleep` does the same."""
    time.sleep(seconds)


def sleep_ms(milliseconds: int) -> None:
    """Waits for this many milliseconds while others run."""
    time.sleep(milliseconds / 1000)


def spawn_blocking(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Task[R]:
    """Is :func:`spawn`: what would block waits, and what computes holds up its interpreter."""
    return spawn(function, *args, **kwargs)


def blocking(function: Callable[P, R]) -> Callable[P, R]:
    """Decorates a function so that each call of it runs in a greenlet of its own, which the caller waits for."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return spawn(function, *args, **kwargs).join()

    return call


def read_file_bytes(path: str | PathLike[str]) -> bytes:
    """Reads a file whole.

    Args:
        path: A file that Python can see: those below the folders where modules are looked for.

    Raises:
        OSError: It can't be read.
    """
    with open(path, "rb") as file:
        return file.read()
