/** From a database's URL to what pg connects with, and to a name for messages that holds no password. */
import { type ConnectionOptions, parse, toClientConfig } from "pg-connection-string";
import { PuffError } from "../../../schema/index.ts";
import { RawClient, type RawClientConfig } from "../wire/raw-client.ts";

export interface Address {
  /** What the URL says to pg. */
  readonly config: ServerConfig;
  /** `postgres://user@host:port/database`. */
  readonly place: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Whether to go on unencrypted where the server offers no TLS: `sslmode=prefer` and `allow`. */
  readonly tlsOptional: boolean;
}

/** Where and as whom to connect. */
export type ServerConfig = Omit<RawClientConfig, "settings" | "keepsStatements">;

/**
 * Reads a database's URL as libpq does, `sslmode` included, where pg alone takes several modes for `verify-full`.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID`, without the URL, since a password may stand anywhere in it.
 */
export function readUrl(text: string): Address {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    throw invalid("it does not begin with postgres://");
  }
  try {
    const options = parseAsLibpq(text);
    const mode = options["sslmode"];
    const config = toClientConfig(options);
    const { user = "", host, port, database = "" } = new RawClient({ ...config, settings: {}, keepsStatements: true });
    const shownHost = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    const place = host.startsWith("/")
      ? `postgres:///${database}?host=${host}&port=${port}&user=${user}`
      : `postgres://${user}@${shownHost}:${port}/${database}`;
    return { config, place, host, port, user, database, tlsOptional: mode === "prefer" || mode === "allow" };
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
}

/** Unless the URL itself says whose meaning `sslmode` has. */
function parseAsLibpq(text: string): ConnectionOptions {
  const options = parse(text, { useLibpqCompat: !text.includes("uselibpqcompat=") });
  // The library does not know this one, which like prefer checks nothing.
  return options["sslmode"] === "allow" ? { ...options, ssl: { rejectUnauthorized: false } } : options;
}

/**
 * The server of a database's URL, as libpq's environment variables name it.
 *
 * @example serverVariables("postgres://ada@db/blog"); // { PGHOST: "db", PGPORT: "5432", PGUSER: "ada" }
 */
export function serverVariables(text: string): { readonly [name: string]: string } {
  const { host, port, user } = readUrl(text);
  const { password = "", sslmode: mode } = parseAsLibpq(text);
  return {
    ...{ PGHOST: host, PGPORT: String(port), PGUSER: user },
    ...(password === "" ? {} : { PGPASSWORD: password }),
    ...(typeof mode === "string" ? { PGSSLMODE: mode } : {}),
  };
}

function invalid(why: string, cause?: unknown): PuffError {
  return new PuffError("PUFF_CONFIG_INVALID", `the database URL can't be used: ${why}`, {
    remedy:
      "Write it as postgres://user:password@host:5432/database, with characters such as @ and / in the password percent-encoded.",
    cause,
  });
}
