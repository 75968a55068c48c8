/** The caller is authenticated before resolvers run, and resolvers reach the host. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

describe("auth", () => {
  const load = (auth: string, before = "") =>
    python.description(`${prelude}${before}
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> str:
        return repr((ctx.auth, ctx.auth_token))
@dataclass
class Schema:
    query: Query
${auth.replaceAll(/^/gm, "    ")}
`);
  const calls = [{ field: "Query.it", args: {}, parents: "root", selection: null } as const];
  const headers = { authorization: "Bearer t", "x-user": "7" };

  test.each([
    ["@staticmethod\ndef auth(headers): return {'user': headers['X-User']}", "({'user': '7'}, 't')"],
    ["@classmethod\ndef auth(cls, headers): return headers.get('X-USER'), 'x-user' in headers", "(('7', True), 't')"],
    ["def auth(headers): return User(int(headers.get('x-user', 0)))", "(User(id=7), 't')"],
    ["async def auth(headers):\n    await asyncio.sleep(0)\n    return 5", "(5, 't')"],
    ["def auth(headers): return None", "(None, 't')"],
  ])("%s", async (auth, shown) => {
    await load(auth, "\n@dataclass\nclass User:\n    id: int\n");
    const first = await python.batch({ headers, authToken: "t", calls });
    expect(first).toMatchObject({ results: [{ value: shown }], denied: null, auth: expect.any(String) });
    const second = await python.batch({ headers: null, auth: first.auth, authToken: "t", calls });
    expect(second).toMatchObject({ results: [{ value: shown }], auth: first.auth });
  });

  test.each([
    ["PermissionDenied", { status: 403, message: "Permission denied", headers: {} }],
    [
      "PermissionDenied(401, 'Log in', {'WWW-Authenticate': 'Bearer'})",
      { status: 401, message: "Log in", headers: { "WWW-Authenticate": "Bearer" } },
    ],
    ["PermissionDenied(status=418, response_message='No')", { status: 418, message: "No", headers: {} }],
  ])("%s refuses the request", async (raised, denied) => {
    await load(`def auth(headers): raise ${raised}`);
    expect(await python.batch({ headers, calls })).toEqual({ results: [], auth: null, denied });
  });

  test.each([
    ["PermissionDenied(401, 'no', {'X-A': 'a\\r\\nSet-Cookie: b'})", "can't be a header"],
    ["PermissionDenied(401, 'no', {'X-A: b': 'a'})", "can't be a header"],
    ["PermissionDenied(401, 'no', {'X-A': '\u20ac'})", "can't be a header"],
    ["PermissionDenied(200)", "from 400 to 599, not 200"],
    ["PermissionDenied(1000)", "from 400 to 599, not 1000"],
  ])("%s is a mistake", async (raised, message) => {
    await load(`def auth(headers): raise ${raised}`);
    const { authFailure, denied } = await python.batch({ headers, calls });
    expect([denied, authFailure?.message]).toEqual([null, expect.stringContaining(message)]);
  });

  test("what can't be pickled is refused", async () => {
    await load("def auth(headers): return lambda: 1");
    const { authFailure } = await python.batch({ headers, calls });
    expect(authFailure?.message).toContain("auth returned a function that can't be pickled");
  });

  test("an exception fails the request, whatever it calls", async () => {
    await load("def auth(headers): return headers['nothing']");
    for (const called of [calls, []]) {
      const answer = await python.batch({ headers, calls: called });
      expect(answer).toMatchObject({ results: [], denied: null, authFailure: { type: "KeyError", safe: false } });
    }
  });

  test.each([
    [
      "{'pg_settings': {'app.tenant': 7, 'app.share': 0.5, 'app.admin': True, 'role': 'web'}}",
      {
        "app.tenant": "7",
        "app.share": "0.5",
        "app.admin": "true",
        role: "web",
      },
    ],
    ["Session({'app.tenant': 'a'})", { "app.tenant": "a" }],
    ["{'pg_settings': {}}", {}],
    ["{'pg_settings': None}", undefined],
    ["7", undefined],
  ])("pg_settings of %s", async (returned, expected) => {
    await load(
      `def auth(headers): return ${returned}`,
      "\n@dataclass\nclass Session:\n    pg_settings: dict[str, str]\n",
    );
    expect((await python.batch({ headers, calls })).pgSettings).toEqual(expected);
  });

  test.each([
    ["{'pg_settings': ['role']}", /pg_settings is a list: it must be a dict of names and values/],
    ["{'pg_settings': {1: 'a'}}", /pg_settings has the name 1: it must be a str/],
    ["{'pg_settings': {'role': None}}", /pg_settings\['role'\] is a NoneType: it must be a str, int, float or bool/],
  ])("pg_settings of %s are refused", async (returned, says) => {
    await load(`def auth(headers): return ${returned}`);
    const { authFailure } = await python.batch({ headers, calls });
    expect(authFailure).toMatchObject({ type: "TypeError", message: expect.stringMatching(says) });
  });

  test("valid_until says when it ends, and refuses what has ended", async () => {
    await load("def auth(headers): return graphql.valid_until(headers.connection_params, 4102444800)");
    const connectionParams = { user: 3 };
    expect(await python.batch({ headers, connectionParams, calls })).toMatchObject({ authExpires: 4102444800000 });
    await load("def auth(headers): return graphql.valid_until(1, 5)");
    expect(await python.batch({ headers, calls })).toMatchObject({ denied: { status: 401 } });
    await load("def auth(headers): return graphql.valid_until(1, datetime.datetime(2090, 1, 1))");
    expect(await python.batch({ headers, calls })).toMatchObject({ authFailure: { type: "ValueError" } });
    await load("def auth(headers): return graphql.valid_until(1, float('nan'))");
    expect(await python.batch({ headers, calls })).toMatchObject({ authFailure: { type: "ValueError" } });
    await load("def auth(headers): return graphql.valid_until(1, float('inf'))");
    expect(await python.batch({ headers, calls })).not.toHaveProperty("authExpires");
  });

  test.each(["float('nan')", "float('inf')", "2 ** 60", "0.5", "b'x'"])(
    "what JSON can't tell exactly makes no claims: %s",
    async (value) => {
      await load(`def auth(headers): return {"level": ${value}, "id": 3}`);
      expect(await python.batch({ headers, calls })).not.toHaveProperty("claims");
    },
  );
});

describe("the host", () => {
  test("answers calls, and its errors are Python's", async () => {
    python.functions.set("add", async (a, b) => Number(a) + Number(b));
    python.functions.set("fail", () => Promise.reject(new Error("no disk")));
    await python.loadIt(`
def attempt(name, *args):
    try:
        return host.call(name, *args)
    except host.HostError as error:
        return str(error)
return repr([attempt("add", 1, 2), attempt("fail"), attempt("none"), attempt("add", object())])`);
    expect(await python.resolve("Query.it")).toMatchObject({ value: expect.any(String) });
    const result = await python.resolve("Query.it");
    expect(result.kind === "value" && result.value).toMatchInlineSnapshot(
      `"[3, 'host function fail: no disk', 'host function none: there is no host function none', "arguments of host.call('add') are JSON values: a object is none"]"`,
    );
  });

  test("gets what is printed and logged, by its level", async () => {
    await python.loadIt(`
import sys
print("hello", 1)
print("a\\nb", end="")
sys.stdout.flush()
print("oops", file=sys.stderr)
log = logging.getLogger("shop")
log.debug("unseen")
log.info("bought %s", 3)
log.warning("low")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broken")
return ""`);
    python.log.length = 0;
    await python.resolve("Query.it");
    expect(python.log.map(({ level, logger, message }) => [level, logger, message.split("\n")[0]])).toEqual([
      ["info", "stdout", "hello 1"],
      ["info", "stdout", "a"],
      ["info", "stdout", "b"],
      ["warning", "stderr", "oops"],
      ["info", "shop", "bought 3"],
      ["warning", "shop", "low"],
      ["error", "shop", "broken"],
    ]);
    expect(python.log.at(-1)?.message).toContain("ZeroDivisionError: division by zero");
  });
});
