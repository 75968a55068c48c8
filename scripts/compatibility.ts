/**
 * Runs tests that others wrote, natively and in the gateway's Python, and prints which differ: Django's own and psycopg2's,
 * from what PyPI publishes. docs/compatibility.md keeps the result, with reasons.
 *
 * @example npm run compatibility django files utils_tests     labels of the Django suite
 * @example npm run compatibility psycopg2 test_green.py       files of tests; none means all of them
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../gateway/postgres/index.ts";

type Outcomes = ReadonlyMap<string, string>;

const sources = { django: "Django==5.2.19", psycopg2: "psycopg2==2.9.13" };
const both = "pytest asgiref sqlparse jinja2 docutils pytz tblib tzdata".split(" ");
const folder = join(import.meta.dirname, "../.puff/compatibility");
const gateway = join(import.meta.dirname, "../bin/puff-gateway.js");

const [suite, ...chosen] = process.argv.slice(2);
if (suite !== "django" && suite !== "psycopg2") {
  throw new Error("which suite: django or psycopg2?");
}
mkdirSync(folder, { recursive: true });
const source = unpack(sources[suite]);
const python = makeEnvironment([...both, "psycopg2-binary==2.9.13"]);
const packages = install(both);
const server = await startEmbeddedPostgres({ folder: join(folder, "postgres"), onLog: () => undefined });
try {
  const url = new URL(server.url);
  const run = suite === "django" ? runDjango : runPsycopg2;
  compare(run("native", url), run("gateway", url));
} finally {
  await server.stop();
}

/** The folder of a package's source. */
function unpack(requirement: string): string {
  const unpacked = join(folder, requirement.toLowerCase().replace("==", "-"));
  if (!existsSync(unpacked)) {
    execute("python3", ["-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "-d", folder, requirement]);
    execute("tar", ["xzf", `${unpacked}.tar.gz`, "-C", folder]);
  }
  return unpacked;
}

/** Packages for the gateway's Python. */
function install(requirements: readonly string[]): string {
  const target = join(folder, "packages");
  if (!existsSync(target)) {
    execute("python3", ["-m", "pip", "install", "--quiet", "--target", target, ...requirements]);
  }
  return target;
}

/** A virtual environment with packages: some tests start Pythons that look for them where theirs are. */
function makeEnvironment(requirements: readonly string[]): string {
  const environment = join(folder, "native-venv");
  if (!existsSync(environment)) {
    execute("python3", ["-m", "venv", environment]);
    execute(join(environment, "bin/pip"), ["install", "--quiet", ...requirements]);
  }
  return join(environment, "bin/python");
}

/** Runs pytest in a folder, in one Python or the other. Its exit status says nothing: tests fail in both. */
function pytest(
  where: "native" | "gateway",
  cwd: string,
  path: readonly string[],
  args: readonly string[],
  env: object,
): void {
  const [command, prefix] =
    where === "native"
      ? [python, ["-m", "pytest"]]
      : [process.execPath, [gateway, "--database-url", server.url, "pytest"]];
  const imported = [...path, ...(where === "native" ? [] : [packages])].join(":");
  spawnSync(command, [...prefix, ...args], {
    ...{ cwd, stdio: "inherit", timeout: 3_600_000 },
    env: { ...process.env, ...env, PYTHONPATH: imported, PUFF_PYTHON_PATH: imported },
  });
}

function runDjango(where: "native" | "gateway", { hostname, port, username, password }: URL): Outcomes {
  const tests = join(source, "tests");
  for (const file of ["suite_settings.py", "test_suite.py"]) {
    cpSync(join(import.meta.dirname, "compatibility", file), join(tests, file));
  }
  const outcomes = join(tests, `outcomes-${where}.json`);
  rmSync(outcomes, { force: true });
  pytest(where, tests, [source, tests], ["-s", "-q", "-p", "no:cacheprovider", "test_suite.py"], {
    SUITE_LABELS: chosen.join(" "),
    SUITE_OUTCOMES: outcomes,
    SUITE_SERVER: JSON.stringify({ HOST: hostname, PORT: port, USER: username, PASSWORD: password }),
  });
  return new Map(Object.entries(JSON.parse(readFileSync(outcomes, "utf8"))));
}

function runPsycopg2(where: "native" | "gateway", { hostname, port, username, password, pathname }: URL): Outcomes {
  const report = join(source, `outcomes-${where}.xml`);
  const files = chosen.length === 0 ? ["tests"] : chosen.map((file) => join("tests", file));
  writeFileSync(join(source, "pytest.ini"), "[pytest]\n");
  pytest(where, source, [], ["-q", "-p", "no:cacheprovider", "--tb=no", `--junitxml=${report}`, ...files], {
    PSYCOPG2_TESTDB: pathname.slice(1),
    PSYCOPG2_TESTDB_HOST: hostname,
    PSYCOPG2_TESTDB_PORT: port,
    PSYCOPG2_TESTDB_USER: username,
    PSYCOPG2_TESTDB_PASSWORD: password,
  });
  const cases = readFileSync(report, "utf8").matchAll(
    /<testcase classname="(.*?)" name="(.*?)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs,
  );
  return new Map(
    [...cases].map(([, group, name, inside = ""]) => [
      `${group}.${name}`,
      /<(failure|error)/.test(inside) ? "fails" : inside.includes("<skipped") ? "is skipped" : "passes",
    ]),
  );
}

function compare(natively: Outcomes, inGateway: Outcomes): void {
  const tests = [...new Set([...natively.keys(), ...inGateway.keys()])].toSorted();
  const differing = tests.filter((test) => natively.get(test) !== inGateway.get(test));
  for (const test of differing) {
    console.log(
      `${test}: ${natively.get(test) ?? "absent"} natively, ${inGateway.get(test) ?? "absent"} in the gateway`,
    );
  }
  for (const [where, outcomes] of [
    ["natively", natively],
    ["in the gateway", inGateway],
  ] as const) {
    const count = (outcome: string) => [...outcomes.values()].filter((one) => one === outcome).length;
    console.log(`${where}: ${count("passes")} pass, ${count("fails")} fail, ${count("is skipped")} are skipped`);
  }
  console.log(`${differing.length} of ${tests.length} tests differ`);
}

function execute(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed`);
  }
}
