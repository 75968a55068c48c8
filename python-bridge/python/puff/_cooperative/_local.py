"""`threading.local` for greenlets."""

from __future__ import annotations

import weakref
from typing import Any, Self

from puff._runtime.greenlets import current


class local:  # noqa: N801  # the name of what it stands in for
    """Stands in for `threading.local`: an object with other attributes in each greenlet.

    Its `__dict__` is exchanged before each access, so that properties, slots and methods of subclasses work as on any
    other object.
    """

    __slots__ = ("__dict__", "__weakref__", "_puff_arguments")

    def __new__(cls, /, *args: Any, **keywords: Any) -> Self:
        """Makes an object; `__init__` is called again in each greenlet that uses it."""
        if (args or keywords) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = object.__new__(cls)
        _set_arguments(self, (args, keywords))
        _begin(self)
        return self

    def __getattribute__(self, name: str, /) -> Any:
        _exchange(self)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any, /) -> None:
        _refuse_dict(self, name)
        _exchange(self)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str, /) -> None:
        _refuse_dict(self, name)
        _exchange(self)
        object.__delattr__(self, name)


_get_arguments = local._puff_arguments.__get__  # type: ignore[attr-defined]
_set_arguments = local._puff_arguments.__set__  # type: ignore[attr-defined]
_set_dict = local.__dict__["__dict__"].__set__


def _exchange(self: local) -> None:
    known = current().locals
    found = None if known is None else known.get(id(self))
    if found is not None:
        _set_dict(self, found[1])
        return
    _set_dict(self, _begin(self))
    cls: Any = type(self)
    if cls.__init__ is not object.__init__:
        args, keywords = _get_arguments(self)
        cls.__init__(self, *args, **keywords)


def _begin(self: local) -> dict[str, Any]:
    """Makes its attributes in this greenlet, which are forgotten when one of the two ends."""
    greenlet = current()
    if greenlet.locals is None:
        greenlet.locals = {}
    known, key = greenlet.locals, id(self)
    values: dict[str, Any] = {}
    known[key] = (weakref.ref(self, lambda _: known.pop(key, None)), values)
    return values


def _refuse_dict(self: local, name: str) -> None:
    if name == "__dict__":
        raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")
