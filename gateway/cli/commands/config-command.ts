/** `puff-gateway config`: the effective configuration and where each value comes from. */
import type { Configuration } from "../config/config.ts";
import { settingKeys } from "../config/settings.ts";
import { print, style } from "../support/terminal.ts";

/** Prints each setting, schema, database and limit as TOML, its origin in a comment. */
export function configCommand(config: Configuration): void {
  print(`# ${config.file ?? "no puff.toml"}`);
  const ofTables = ["camel_case", "documents", "documents_only"];
  const own = settingKeys.filter(
    (key) => !["schema", "database_url", "read_database_url", "database_pooler", "config", ...ofTables].includes(key),
  );
  printTable(
    own
      .filter((key) => config.values[key] !== null)
      .map((key) => [key, shownValue(config.values[key]), config.origins[key]] as const),
  );
  for (const database of config.databases) {
    print("", "[[postgres]]");
    const url = database.url === null ? "embedded" : hidePassword(database.url);
    printTable([
      ["name", database.name, ""],
      ["url", url, database.origin],
      ...(database.readUrl === null ? [] : [["read_url", hidePassword(database.readUrl), ""] as const]),
      ...(database.pooler ? [["pooler", true, ""] as const] : []),
    ]);
  }
  for (const schema of config.schemas) {
    print("", "[[graphql]]");
    printTable([
      ["name", schema.name, ""],
      ["schema", schema.spec, schema.origin],
      ["url", schema.url, ""],
      ...(schema.subscriptionsUrl === null ? [] : [["subscriptions_url", schema.subscriptionsUrl, ""] as const]),
      ...(schema.playgroundUrl === null ? [] : [["playground_url", schema.playgroundUrl, ""] as const]),
      ["database", schema.database, ""],
      ["camel_case", schema.camelCase, ""],
      ...(schema.documents === null ? [] : [["documents", schema.documents, ""] as const]),
      ["documents_only", schema.documentsOnly, ""],
    ]);
  }
  const limits = Object.entries(config.limits);
  if (limits.length > 0) {
    print("", "[limits]");
    printTable(
      limits.map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value, ""]),
    );
  }
}

function printTable(rows: readonly (readonly [key: string, value: unknown, origin: string])[]): void {
  for (const [key, value, origin] of rows) {
    const line = `${key} = ${JSON.stringify(value)}`;
    print(origin === "" ? line : `${line.padEnd(44)} ${style("dim", `# ${origin}`)}`);
  }
}

function shownValue(value: unknown): unknown {
  return typeof value === "string" ? hidePassword(value) : value;
}

function hidePassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*):[^@]*@/, "$1:***@");
}
