/** Recursion without end in Python's C code: each is that call's error, and the interpreter serves the others. */
import { expect, onTestFinished, test } from "vitest";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const module = `
import ast, copy, json, pickle, re, functools
def nested(n):
    v = []
    for _ in range(n):
        v = [v]
    return v
def nested_dict(n):
    v = {}
    for _ in range(n):
        v = {"a": v}
    return v
class Node:
    def __init__(self, next): self.next = next
    def __repr__(self): return f"Node({self.next!r})"
    def __eq__(self, other): return self.next == other.next
    def __hash__(self): return hash(self.next)
    def __lt__(self, other): return self.next < other.next
    def __getattr__(self, name): return getattr(self, name + "x")
class Deep:
    def __call__(self): return self()
def chain(n):
    v = None
    for _ in range(n):
        v = Node(v)
    return v
def tup(n):
    v = ()
    for _ in range(n): v = (v,)
    return v
def recurse(): return recurse()
def gen(n):
    if n: yield from gen(n-1)
    yield 1
def partial(n):
    f = len
    for _ in range(n): f = functools.partial(f)
    return f
class P(property): pass
def mapped(n):
    it = iter([1])
    for _ in range(n): it = map(int, it)
    return next(it)
def exc(n):
    e = None
    for _ in range(n):
        x = ValueError("x"); x.__cause__ = e; e = x
    raise e
def excctx(n):
    e = None
    for _ in range(n):
        x = ValueError("x"); x.__context__ = e; e = x
    raise e
def group(n):
    e = ValueError("x")
    for _ in range(n): e = ExceptionGroup("g", [e])
    raise e
CASES = {
    "python": lambda n: recurse(),
    "json_list": lambda n: json.loads("[" * n),
    "json_list_closed": lambda n: json.loads("[" * n + "]"*n),
    "json_dict": lambda n: json.loads('{"a":' * n),
    "json_dumps": lambda n: json.dumps(nested(n)),
    "json_dumps_py": lambda n: json.dumps(nested(n), indent=1),
    "json_dumps_dict": lambda n: json.dumps(nested_dict(n)),
    "repr_list": lambda n: len(repr(nested(n))),
    "repr_dict": lambda n: len(str(nested_dict(n))),
    "hash_tuple": lambda n: hash(tup(n)),
    "pickle": lambda n: pickle.dumps(nested(n)),
    "unpickle": lambda n: pickle.loads(b"("*n + b"." ),
    "pickle_chain": lambda n: pickle.dumps(chain(n)),
    "deepcopy": lambda n: copy.deepcopy(nested(n)),
    "ast_parse": lambda n: ast.parse("(" * n + ")" * n),
    "eval_parens": lambda n: eval("(" * n + "1" + ")" * n),
    "eval_lists": lambda n: eval("[" * n + "]" * n),
    "eval_plus": lambda n: eval("+" * n + "1"),
    "eval_minus": lambda n: eval("-" * n + "1"),
    "eval_not": lambda n: eval("not " * n + "1"),
    "eval_binop": lambda n: eval("+".join("1"*n)),
    "eval_attr": lambda n: eval("x" + ".a" * n),
    "eval_call": lambda n: eval("x" + "()" * n),
    "eval_sub": lambda n: eval("x" + "[0]" * n),
    "eval_lambda": lambda n: eval("lambda:" * n + "1"),
    "eval_if": lambda n: eval("1 if 1 else " * n + "1"),
    "literal": lambda n: ast.literal_eval("[" * n + "]" * n),
    "ast_compile": lambda n: compile(functools.reduce(lambda a, _: ast.UnaryOp(ast.Not(), a), range(n), ast.Constant(1)) and ast.fix_missing_locations(ast.Expression(functools.reduce(lambda a, _: ast.UnaryOp(ast.Not(), a), range(n), ast.Constant(1)))), "x", "eval"),
    "re_compile": lambda n: re.compile("(" * n + ")" * n),
    "chain_repr": lambda n: repr(chain(n)),
    "chain_eq": lambda n: chain(n) == chain(n),
    "chain_hash": lambda n: hash(chain(n)),
    "getattr": lambda n: chain(1).zzz,
    "call": lambda n: Deep()(),
    "gen": lambda n: list(gen(n)),
    "partial": lambda n: partial(n)([]),
    "map": lambda n: mapped(n),
    "exc_cause": lambda n: exc(n),
    "exc_context": lambda n: excctx(n),
    "exc_group": lambda n: group(n),
    "isinstance": lambda n: isinstance(1, tup(n)),
    "sorted_key": lambda n: sorted([1,2], key=lambda x: sorted([1,2], key=CASES["sorted_key"])),
    "sorted_lt": lambda n: sorted([chain(n), chain(n)]),
    "dealloc": lambda n: [nested(n), nested_dict(n), tup(n), chain(n)] and 1,
    "marshal": lambda n: __import__("marshal").dumps(nested(n)),
    "unmarshal": lambda n: __import__("marshal").loads(b"[\\x01\\x00\\x00\\x00" * n),
    "xml": lambda n: __import__("xml.etree.ElementTree").etree.ElementTree.fromstring("<a>" * n + "</a>" * n),
    "xml_tostring": lambda n: __import__("xml.etree.ElementTree").etree.ElementTree.tostring(__import__("xml.etree.ElementTree").etree.ElementTree.fromstring("<a>" * n + "</a>" * n)),
    "str_join": lambda n: "".join(map(str, [nested(n)])),
    "format": lambda n: f"{nested(n)}",
    "setrecursion": lambda n: (sys.setrecursionlimit(10**6), recurse()),
    "getattr_property": lambda n: type("X", (), {"__getattribute__": lambda s, k: getattr(s, k)})().a,
    "setattr": lambda n: setattr(type("X", (), {"__setattr__": lambda s, k, v: setattr(s, k, v)})(), "a", 1),
    "getitem": lambda n: type("X", (), {"__getitem__": lambda s, k: s[k]})()[1],
    "contains": lambda n: 1 in type("X", (), {"__contains__": lambda s, k: k in s})(),
    "iter": lambda n: iter(type("X", (), {"__iter__": lambda s: iter(s)})()),
    "len": lambda n: len(type("X", (), {"__len__": lambda s: len(s)})()),
    "bool": lambda n: bool(type("X", (), {"__bool__": lambda s: bool(s)})()),
    "add": lambda n: type("X", (), {"__add__": lambda s, o: s + o})() + 1,
    "str": lambda n: str(type("X", (), {"__str__": lambda s: str(s)})()),
    "hash": lambda n: hash(type("X", (), {"__hash__": lambda s: hash(s)})()),
    "instancecheck": lambda n: isinstance(1, type("M", (type,), {"__instancecheck__": lambda s, o: isinstance(o, s)})("X", (), {})),
    "max_key": lambda n: max([1,2], key=lambda x: CASES["max_key"](n)),
    "filter_rec": lambda n: list(filter(lambda x: CASES["filter_rec"](n), [1])),
    "exec_rec": lambda n: exec("CASES['exec_rec'](1)"),
    "import_rec": lambda n: __import__("json") and CASES["import_rec"](n),
    "json_default": lambda n: json.dumps(object(), default=lambda o: [o]),
    "json_hook": lambda n: json.loads('{"a":1}', object_hook=lambda o: CASES["json_hook"](n)),
    "partial_rec": lambda n: functools.partial(CASES["partial_rec"], n)(),
    "lru": lambda n: functools.lru_cache(lambda k: CASES["lru"](k))(n),
    "reduce": lambda n: functools.reduce(lambda a, b: CASES["reduce"](n), [1, 2]),
    "init": lambda n: type("X", (), {"__init__": lambda s: type(s)()})(),
    "new": lambda n: type("X", (), {"__new__": lambda c: c()})(),
}
`;

const query = `
    @classmethod
    def names(cls, ctx: Context, /) -> list[str]:
        return list(CASES)
    @classmethod
    def run(cls, ctx: Context, /, name: str, n: int) -> str:
        try:
            return f"value {type(CASES[name](n)).__name__}"
        except BaseException as error:
            return type(error).__name__
    @classmethod
    def deep(cls, ctx: Context, /, n: int) -> graphql.JSON:
        return nested(n)
    @classmethod
    def wait(cls, ctx: Context, /) -> str:
        return host.call("wait")
    @classmethod
    def trace(cls, ctx: Context, /) -> list[str]:
        import threading, warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for begin in (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile):
                begin(lambda *args: None)
                CASES["format"](3)
                begin(None)
            monitoring = sys.monitoring
            for name in ("one", "two"):
                monitoring.use_tool_id(3, name)
                monitoring.register_callback(3, monitoring.events.PY_START, print)
                monitoring.set_events(3, monitoring.events.PY_START)
                CASES["format"](3)
                monitoring.restart_events()
                monitoring.set_events(3, 0)
                assert monitoring.get_tool(3) == name
                monitoring.free_tool_id(3)
            assert monitoring.get_tool(3) is None
            import cProfile
            cProfile.Profile().runcall(CASES["format"], 3)
        return [str(warning.message) for warning in caught]
`;

test("recursion of every kind raises, while others wait in the same interpreter", { timeout: 120_000 }, async () => {
  const waiting = Promise.withResolvers<string>();
  onTestFinished(() => waiting.resolve("still here"));
  const python = await pythonOn(schemaFolder(query, module), {
    deadline: 100_000,
    hostFunctions: new Map([["wait", () => waiting.promise as never]]),
  });
  // Made once: a call that has begun on an interpreter that ends would fail.
  const others = Array.from({ length: 20 }, () => python.call("wait", {}, { repeatable: false }));
  const names = (await python.call("names")) as string[]; // as annotated
  for (const name of names) {
    for (const n of [1000, 5000]) {
      const answer = await python.call("run", { name, n }, { repeatable: false });
      expect(answer, name).toMatch(/^(value \w+|[A-Z]\w+)$/);
    }
  }
  expect(JSON.stringify(await python.call("deep", { n: 5000 }))).toContain("[".repeat(5001));
  waiting.resolve("still here");
  expect(new Set(await Promise.all(others))).toEqual(new Set(["still here"]));
  expect(python.logs.filter(({ message }) => message.includes("is replaced"))).toEqual([]);
});

test("tracing and profiling warn and do nothing, while others wait", async () => {
  const waiting = Promise.withResolvers<string>();
  onTestFinished(() => waiting.resolve("still here"));
  const python = await pythonOn(schemaFolder(query, module), {
    hostFunctions: new Map([["wait", () => waiting.promise as never]]),
  });
  const others = Array.from({ length: 20 }, () => python.call("wait", {}, { repeatable: false }));
  expect(await python.call("trace")).toEqual(Array(7).fill("tracing and profiling have no effect here"));
  waiting.resolve("still here");
  expect(new Set(await Promise.all(others))).toEqual(new Set(["still here"]));
});
