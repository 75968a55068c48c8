/** Documents of tests/collections, whom they are put to, and their answers in a form that two servers share. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { installPackages } from "./python/packages.ts";

const collectionsFolder = join(import.meta.dirname, "../collections");
/** The Django project, with both of its schemas. */
export const projectFolder = join(collectionsFolder, "project");

/** A document, and how it is put. */
export interface CollectionDocument {
  /** Its file, without the ending: `lookups/text-exact`. */
  readonly name: string;
  readonly query: string;
  /** Of its comment `# variables: {…}`. */
  readonly variables: Variables;
  /** Of its comment `# walk: after bookConnection`: a variable, which takes the cursor of the connection at this path. */
  readonly walk: { readonly variable: "after" | "before"; readonly path: readonly string[] } | null;
}

type Variables = { readonly [name: string]: unknown };

/** As a server gives it. */
export interface CollectionAnswer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly path?: readonly (string | number)[] | null }[];
}

/** The same without what is each server's own; of errors their paths are left. */
export interface ComparableAnswer {
  readonly data: unknown;
  readonly errors?: readonly (readonly (string | number)[] | null)[];
}

/** Puts one request to a server. */
export type Ask = (query: string, variables: Variables) => Promise<CollectionAnswer>;

/** All documents below tests/collections/documents, by name. */
export function collectionDocuments(): readonly CollectionDocument[] {
  const folder = join(collectionsFolder, "documents");
  return globSync("**/*.graphql", { cwd: folder })
    .toSorted()
    .map((file) => {
      const query = readFileSync(join(folder, file), "utf8");
      const variables = /^# variables: (.*)$/m.exec(query)?.[1];
      const walk = /^# walk: (after|before) (\S+)$/m.exec(query);
      return {
        name: relative(".", file).replace(/\.graphql$/, ""),
        query,
        variables: variables === undefined ? {} : JSON.parse(variables),
        walk:
          walk === null
            ? null
            : { variable: walk[1] === "after" ? "after" : "before", path: walk[2]?.split(".") ?? [] },
      };
    });
}

/** Puts a document to a server: once, or for each page where it walks through a connection. */
export async function answersTo(document: CollectionDocument, ask: Ask): Promise<readonly ComparableAnswer[]> {
  const { query, walk } = document;
  const answers: ComparableAnswer[] = [];
  let variables: Variables | null = document.variables;
  while (variables !== null) {
    const answer = await ask(query, variables);
    answers.push(comparable(answer));
    const cursor: string | null = walk === null ? null : nextCursor(answer, walk);
    variables = walk === null || cursor === null ? null : { ...document.variables, [walk.variable]: cursor };
    if (answers.length > mostPages) {
      throw new Error(`${document.name} walks without an end`);
    }
  }
  return answers;
}

const mostPages = 100;

/** The answers to a document that the original answers wrong, with the reason; null: it is right. */
export function mendedAnswers({ name }: CollectionDocument): readonly ComparableAnswer[] | null {
  const file = join(collectionsFolder, "mended", `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).answers : null;
}

function nextCursor(answer: CollectionAnswer, walk: NonNullable<CollectionDocument["walk"]>): string | null {
  let connection = answer.data;
  for (const key of walk.path) {
    connection = isObject(connection) ? connection[key] : undefined;
  }
  const info = isObject(connection) ? connection["pageInfo"] : undefined;
  const [more, cursor] = walk.variable === "after" ? ["hasNextPage", "endCursor"] : ["hasPreviousPage", "startCursor"];
  return isObject(info) && info[more] === true ? String(info[cursor]) : null;
}

/**
 * Messages are each server's own, and so are cursors: within a connection each becomes the number of its first place.
 * Moments end with `Z` or with `+00:00`, which mean the same.
 */
function comparable({ data = null, errors }: CollectionAnswer): ComparableAnswer {
  const shown = withNumberedCursors(data, new Map());
  return errors === undefined ? { data: shown } : { data: shown, errors: errors.map(({ path }) => path ?? null) };
}

function withNumberedCursors(value: unknown, seen: Map<unknown, number>): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => withNumberedCursors(item, seen));
  }
  if (!isObject(value)) {
    return typeof value === "string" ? value.replace(/^(\d{4}-\d\d-\d\dT[\d:.]+)\+00:00$/, "$1Z") : value;
  }
  const within = "edges" in value || "pageInfo" in value ? new Map<unknown, number>() : seen;
  // Edges come first, so that the numbers do not depend on the order of the document's fields.
  const names = Object.keys(value).toSorted((one, other) => Number(other === "edges") - Number(one === "edges"));
  const cursors = new Map(names.map((name) => [name, withoutCursor(name, value[name], within)]));
  return Object.fromEntries(Object.keys(value).map((name) => [name, cursors.get(name)]));
}

function withoutCursor(name: string, value: unknown, seen: Map<unknown, number>): unknown {
  if (!/^(cursor|startCursor|endCursor)$/.test(name) || value === null) {
    return withNumberedCursors(value, seen);
  }
  const number = seen.get(value) ?? seen.size + 1;
  seen.set(value, number);
  return `cursor ${number}`;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null;
}

/** strawberry-django in a process of native CPython. */
export interface NativeSchema {
  readonly ask: Ask;
  /** What an expression of the Django ORM gives, such as `Book.objects.values_list("title")`. */
  orm(expression: string): Promise<unknown>;
  close(): void;
}

/** Makes the project's tables and rows in an empty database. */
export async function prepareLibrary(databaseUrl: string): Promise<void> {
  const native = await startNative(databaseUrl, ["prepare"]);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  native.on("close", (status) => (status === 0 ? resolve() : reject(new Error(`the seed failed: ${status}`))));
  await promise;
}

/** Starts strawberry-django on the project. */
export async function startNativeSchema(databaseUrl: string): Promise<NativeSchema> {
  const native = await startNative(databaseUrl, []);
  const waiting: { resolve(answer: CollectionAnswer): void; reject(error: Error): void }[] = [];
  createInterface(native.stdout).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  native.on("close", (status) => {
    for (const { reject } of waiting.splice(0)) {
      reject(new Error(`native CPython ended: ${status}`));
    }
  });
  const put = (request: object): Promise<CollectionAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<CollectionAnswer>();
    waiting.push({ resolve, reject });
    native.stdin.write(`${JSON.stringify(request)}\n`);
    return promise;
  };
  return {
    ask: (query, variables) => put({ query, variables }),
    async orm(expression) {
      const { data, errors } = await put({ orm: expression });
      return errors === undefined ? data : Promise.reject(new Error(errors[0]?.message));
    },
    close: () => native.stdin.end(),
  };
}

async function startNative(databaseUrl: string, args: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
  const packages = await installPackages(requirements());
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const environment = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
    PYTHONPATH: `${packages}:${projectFolder}`,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const native = spawn("python3", [join(collectionsFolder, "native_answers.py"), ...args], {
    env: { ...process.env, ...environment },
  });
  native.stderr.pipe(process.stderr);
  return native;
}

function requirements(): readonly string[] {
  return readFileSync(join(collectionsFolder, "requirements.txt"), "utf8").split("\n").filter(Boolean);
}
