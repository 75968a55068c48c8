/** What is said when the gateway has started: a banner for a person, a line of JSON for anything else. */
import { relative } from "node:path";
import { type GraphQLSchema, getNamedType, isCompositeType, isLeafType, isRequiredArgument } from "graphql";
import type { Logger } from "pino";
import type { RunningServer } from "../../server/server.ts";
import type { Configuration } from "../config/config.ts";
import type { Databases } from "../support/databases.ts";
import { print, style } from "../support/terminal.ts";

/** Says where the gateway is, what it serves from, and how long the start took. */
export function announce(config: Configuration, databases: Databases, server: RunningServer, log: Logger): void {
  const seconds = Math.round(performance.now()) / 1000; // since the process began
  const { app, url } = server;
  const places = [...app.puff.databases].map(([name, { place }]) => ({ name, place }));
  const first = config.schemas[0];
  const schema = first === undefined ? undefined : app.puff.planners.get(first.name)?.schema;
  if (!process.stdout.isTTY) {
    const urls = config.schemas.map((schema) => url + schema.url);
    const embedded = databases.embeddedFolder;
    const wsgi = config.values.wsgi === null ? {} : { wsgi: `${url}/` };
    log.info(
      {
        ...{ urls, ...wsgi, health: `${url}/readyz`, databases: places, embedded },
        ...{ workers: config.values.workers, processes: config.values.processes, seconds },
      },
      urls.length === 0 ? `the application is served at ${url}/` : `GraphQL is served at ${urls.join(", ")}`,
    );
    return;
  }
  const rows: [string, string][] = [];
  for (const { name, url: path, playgroundUrl, spec } of config.schemas) {
    const label = config.schemas.length === 1 ? "" : ` ${name}`;
    rows.push([`GraphQL${label}`, style("cyan", url + path)]);
    rows.push(["GraphiQL", `${style("cyan", url + (playgroundUrl ?? path))} in a browser`]);
    rows.push(["Schema", shorten(spec)]);
  }
  if (config.values.wsgi !== null) {
    rows.push(["WSGI", `${style("cyan", `${url}/`)} from ${shorten(config.values.wsgi)}`]);
  }
  rows.push(["Health", `${style("cyan", `${url}/readyz`)}`]);
  for (const { name, place } of places) {
    const isEmbedded = config.databases.some((database) => database.name === name && database.url === null);
    const embedded = isEmbedded && databases.embeddedFolder !== null;
    rows.push(["Database", embedded ? `embedded Postgres, data in ${shorten(databases.embeddedFolder)}` : place]);
  }
  const { workers, processes, watch } = config.values;
  rows.push(["Python", `${workers} interpreter${workers === 1 ? "" : "s"}${watch ? ", watching its files" : ""}`]);
  if (processes > 1) {
    rows.push(["Processes", `${processes}, each with as many`]);
  }
  const query = schema === undefined ? null : suggestQuery(schema);
  if (query !== null) {
    rows.push(["Try", style("green", query)]);
  }
  print("", `  ${style("bold", "puff-gateway")} is ready after ${seconds.toFixed(1)} s`, "");
  print(...rows.map(([label, value]) => `  ${style("dim", label.padEnd(10))} ${value}`), "");
}

/**
 * A first query to try: the first root field that needs no arguments, some of its leaves, and a nested object.
 *
 * @example suggestQuery(schema); // "{ posts { id title author { name } } }"
 */
export function suggestQuery(schema: GraphQLSchema): string | null {
  const selectionOf = (type: unknown, depth: number): string | null => {
    if (isLeafType(type)) {
      return "";
    }
    if (!isCompositeType(type) || !("getFields" in type)) {
      return null;
    }
    const fields = Object.values(type.getFields()).filter((field) => !field.args.some(isRequiredArgument));
    const leaves = fields.filter((field) => isLeafType(getNamedType(field.type))).slice(0, 3);
    const parts = leaves.map((field) => field.name);
    for (const field of depth === 0 ? [] : fields) {
      const nested = selectionOf(getNamedType(field.type), depth - 1);
      if (nested !== null && nested !== "") {
        parts.push(`${field.name}${nested}`);
        break;
      }
    }
    return parts.length === 0 ? null : ` { ${parts.join(" ")} }`;
  };
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    const selection = field.args.some(isRequiredArgument) ? null : selectionOf(getNamedType(field.type), 1);
    if (selection !== null) {
      return `{ ${field.name}${selection} }`;
    }
  }
  return null;
}

function shorten(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== "" && !short.startsWith("..") ? short : path;
}
