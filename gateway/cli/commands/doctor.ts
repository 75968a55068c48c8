/** `puff-gateway doctor`: looks at the machine and the project, and names a remedy for what is wrong. */
import { constants } from "node:fs";
import { access, mkdir, readFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { checkRuntime, examinePython, findSitePackages } from "../../../python-bridge/index.ts";
import { describeError, PuffError } from "../../../schema/index.ts";
import { defaultLimits } from "../../options/options.ts";
import { readSettings } from "../../options/settings.ts";
import { openDatabase } from "../../postgres/index.ts";
import type { Configuration } from "../config/config.ts";
import { drawIndexes, findIndexes, hasCollections, summarizeIndexes } from "../indexes/missing-indexes.ts";
import { callAlone } from "../python/python-command.ts";
import { startDatabases } from "../support/databases.ts";
import { requireFreePort } from "../support/port.ts";
import { withGateway } from "../support/quiet-gateway.ts";
import { exitOnSignals } from "../support/signals.ts";
import { print, style } from "../support/terminal.ts";

/** Milliseconds in which a database must answer: a person waits. */
const databaseDeadline = 3_000;

/**
 * Prints a line for each check, ✓ or ✗ with a remedy. The exit code is 1 where one fails.
 *
 * @param readConfig - reads the configuration, which is itself a thing to check
 */
export async function doctorCommand(readConfig: () => Promise<Configuration>): Promise<void> {
  exitOnSignals();
  const results = [
    await check("Node", checkNode),
    await check("Pyodide", async () => `${await versionOf("pyodide")}, in the package`),
  ];
  let config: Configuration | null = null;
  results.push(
    await check("configuration", async () => {
      config = await readConfig();
      return config.file ?? "no puff.toml; only flags and environment";
    }),
  );
  const passed = new Set<string>();
  const found = { collections: false };
  for (const [name, run] of config === null ? [] : projectChecks(config, found)) {
    const result = await check(name, run);
    results.push(result);
    if (result) {
      passed.add(name);
    }
  }
  if (config !== null && found.collections && passed.has("database")) {
    await warnOfIndexes(config);
  }
  if (config !== null) {
    await warnOfPackages(config);
  }
  const failures = results.filter((passed) => !passed).length;
  print(
    "",
    failures === 0 ? style("green", "All is well.") : style("red", `${failures} of ${results.length} checks failed.`),
  );
  if (failures > 0) {
    process.exitCode = 1;
  }
}

type Check = () => Promise<string>;

/** What checks find out for those after them. */
interface Found {
  /** Whether a schema has collections. */
  collections: boolean;
}

function projectChecks(config: Configuration, found: Found): [name: string, run: Check][] {
  const { bind, port } = config.values;
  return [
    ...(config.values.engine === "cpython" ? [["CPython", () => checkCPython(config)] as [string, Check]] : []),
    ["cache folder", () => checkCacheFolder(config)],
    [
      "port",
      async () => {
        await requireFreePort(bind, port);
        return port === 0 ? "any" : `${bind}:${port} is free`;
      },
    ],
    ["schema", () => checkSchema(config, found)],
    ["database", () => checkDatabases(config)],
  ];
}

async function check(name: string, run: Check): Promise<boolean> {
  try {
    const found = await run();
    print(`${style("green", "✓")} ${name.padEnd(14)} ${found}`);
    return true;
  } catch (error) {
    const message = error instanceof PuffError ? describeError(error) : String(error);
    print(`${style("red", "✗")} ${name.padEnd(14)} ${message}`);
    return false;
  }
}

/** Node's version, and the WebAssembly stack switching (JSPI) on which a synchronous Python call waits for the host. */
async function checkNode(): Promise<string> {
  const problem = checkRuntime();
  if (problem !== null) {
    throw problem;
  }
  return `${process.versions.node} on ${platform()} ${arch()}, with WebAssembly stack switching (JSPI)`;
}

/** The Python of --engine cpython, with the package that it needs. */
async function checkCPython({ values, folder, environment }: Configuration): Promise<string> {
  const { version, executable, greenlet } = await examinePython(values.python, [process.cwd(), folder], environment);
  return `${version}, ${executable}, with greenlet ${greenlet}`;
}

async function versionOf(name: string): Promise<string> {
  const file = new URL(import.meta.resolve(`${name}/package.json`));
  const { version }: { version: string } = JSON.parse(await readFile(file, "utf8"));
  return version;
}

async function checkCacheFolder(config: Configuration): Promise<string> {
  const chosen = config.values.cache_folder;
  const { cacheFolder } = readSettings({
    schemas: [{ spec: "any.py" }],
    ...(chosen === null ? {} : { cacheFolder: chosen }),
  });
  try {
    await mkdir(cacheFolder, { recursive: true });
    await access(cacheFolder, constants.W_OK);
  } catch (error) {
    throw new PuffError("PUFF_CONFIG_INVALID", "interpreter snapshots can't be saved, so each start takes seconds", {
      place: cacheFolder,
      remedy: "Make the folder writable, or name another with --cache-folder.",
      cause: error,
    });
  }
  return cacheFolder;
}

function checkSchema(config: Configuration, found: Found): Promise<string> {
  return withGateway(config, [], async ({ app }) => {
    found.collections = [...app.puff.python.schemas.values()].some(hasCollections);
    return [...app.puff.planners]
      .map(([name, { schema }]) => {
        const types = Object.keys(schema.getTypeMap()).filter((type) => !type.startsWith("__"));
        return `${config.schemas.find((each) => each.name === name)?.spec ?? name}, ${types.length} types`;
      })
      .join("; ");
  });
}

/** A missing index is a warning: the schema works without it. */
async function warnOfIndexes(config: Configuration): Promise<void> {
  for (const [schema, report] of await findIndexes(config, null)) {
    const lines = drawIndexes(report);
    const mark = lines.length === 0 ? style("green", "✓") : style("yellow", "!");
    const name = config.schemas.length > 1 ? `${schema}: ` : "";
    print(`${mark} ${"indexes".padEnd(14)} ${name}${summarizeIndexes(report)}`, ...lines.map((line) => `    ${line}`));
  }
}

/** A package with compiled code is a warning: it may not be needed, or work without. */
async function warnOfPackages(config: Configuration): Promise<void> {
  if (findSitePackages(process.cwd(), process.env).length + config.values.python_path.length === 0) {
    return;
  }
  // What `puff` answers.
  const found = (await callAlone(config, "puff._packages.compiled:survey", [])) as readonly {
    readonly package: string;
    readonly remedy: string;
  }[];
  if (found.length > 0) {
    const engine = config.values.engine === "cpython" ? "this CPython" : "Pyodide";
    const summary = `these have compiled code, which ${engine} can't load. Some fall back to Python, others don't import:`;
    print(
      `${style("yellow", "!")} ${"packages".padEnd(14)} ${summary}`,
      ...found.map((each) => `    ${each.package}: ${each.remedy} [PUFF_COMPILED_PACKAGE]`),
    );
  }
}

/** Starts the embedded Postgres where it is used: that shows best that its binary runs and its folder is sound. */
async function checkDatabases(config: Configuration): Promise<string> {
  const databases = await startDatabases(config, () => {});
  try {
    const found = databases.sources.map(async ({ url, readUrl = null, pooler = false }) => {
      const database = await openDatabase({
        ...{ url, readUrl, pooler },
        poolSize: 1,
        queueLimit: 1,
        acquireTimeout: databaseDeadline,
        statementTimeout: databaseDeadline,
        maxRows: defaultLimits.rows,
        connectDeadline: databaseDeadline,
      });
      try {
        return `Postgres ${await database.version()} at ${database.place}`;
      } finally {
        await database.close();
      }
    });
    const embedded = databases.embeddedFolder === null ? [] : [`embedded in ${databases.embeddedFolder}`];
    return [...(await Promise.all(found)), ...embedded].join("; ");
  } finally {
    await databases.stop();
  }
}
