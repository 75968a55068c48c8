"""Modules of JavaScript objects, as `import js` makes them. Here they can be hashed, as all modules can."""

from __future__ import annotations

import importlib
import sys
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

from puff._runtime.suspending import IN_PYODIDE

_hook: Any = importlib.import_module("_pyodide._importhook") if IN_PYODIDE else None


class _JavaScriptModule(ModuleType):
    """Has the attributes of a JavaScript object; those that Python's imports set are its own."""

    def __init__(self, name: str, proxy: Any) -> None:
        super().__init__(name)
        self.__proxy__ = proxy

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["__proxy__"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") or isinstance(value, _JavaScriptModule):
            super().__setattr__(name, value)
        else:
            setattr(self.__proxy__, name, value)

    def __delattr__(self, name: str) -> None:
        if name in self.__dict__:
            super().__delattr__(name)
        else:
            delattr(self.__proxy__, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.__proxy__)})


def install() -> None:
    """Has imports make such modules, and those that were imported before be such."""
    plain = _hook.JsFinder.find_spec

    def find_spec(self: Any, fullname: str, path: Any, target: ModuleType | None = None) -> Any:
        parent, _, child = fullname.rpartition(".")
        module = sys.modules.get(parent)
        if not isinstance(module, _JavaScriptModule):
            return plain(self, fullname, path, target)
        proxy = getattr(module, child, None)
        return spec_from_loader(fullname, _hook.JsLoader(proxy), origin="javascript") if _is_proxy(proxy) else None

    _hook.JsFinder.find_spec = find_spec
    _hook.JsLoader.create_module = lambda self, spec: _JavaScriptModule(spec.name, self.jsproxy)
    for name, module in list(sys.modules.items()):
        if _is_proxy(module):
            sys.modules[name] = _JavaScriptModule(name, module)


def _is_proxy(value: object) -> bool:
    return isinstance(value, _hook.JsProxy)
