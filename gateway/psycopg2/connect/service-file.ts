/** libpq's file of named connections, `~/.pg_service.conf`. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ConnectFailure } from "./connect-failure.ts";

/**
 * The keywords that stand under `[name]`.
 *
 * @throws ConnectFailure if there is no such service.
 */
export function readService(name: string, environment: NodeJS.ProcessEnv): { readonly [keyword: string]: string } {
  const files = [
    environment["PGSERVICEFILE"] ?? join(homedir(), ".pg_service.conf"),
    join(environment["PGSYSCONFDIR"] ?? "/etc/postgresql-common", "pg_service.conf"),
  ];
  for (const file of files.filter((one) => existsSync(one))) {
    const found = findService(readFileSync(file, "utf8"), name);
    if (found !== null) {
      return found;
    }
  }
  throw new ConnectFailure(`definition of service "${name}" not found\n`);
}

function findService(text: string, name: string): { [keyword: string]: string } | null {
  let found: { [keyword: string]: string } | null = null;
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    if (line === `[${name}]`) {
      found = {};
    } else if (line.startsWith("[") && found !== null) {
      break;
    } else if (found !== null && line !== "" && !line.startsWith("#")) {
      const [keyword = "", ...value] = line.split("=");
      found[keyword.trim()] = value.join("=").trim();
    }
  }
  return found;
}
