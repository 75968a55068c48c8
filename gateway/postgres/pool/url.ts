/** From a database's URL to what pg connects with, and to a name for messages that holds no password. */
import { PuffError } from "../../../schema/index.ts";
import { RawClient } from "../wire/connection.ts";

export interface Address {
  /** For pg. */
  readonly connectionString: string;
  /** `postgres://user@host:port/database`. */
  readonly place: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Whether to go on unencrypted where the server offers no TLS: `sslmode=prefer` and `allow`. */
  readonly encryptionOptional: boolean;
}

/**
 * Reads a database's URL as libpq does, `sslmode` included, where pg alone takes several modes for `verify-full`.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID`, without the URL, since a password may stand anywhere in it.
 */
export function readUrl(text: string): Address {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    throw invalid("it does not begin with postgres://");
  }
  let connectionString = text;
  let encryptionOptional = false;
  const mode = /[?&]sslmode=([^&]*)/.exec(text)?.[1];
  if (mode !== undefined && !text.includes("uselibpqcompat=")) {
    encryptionOptional = mode === "prefer" || mode === "allow";
    connectionString = `${text.replace(/([?&])sslmode=allow/, "$1sslmode=prefer")}&uselibpqcompat=true`;
  }
  try {
    const {
      user = "",
      host,
      port,
      database = "",
    } = new RawClient({ connectionString, settings: {}, keepsStatements: true });
    const shownHost = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    const place = host.startsWith("/")
      ? `postgres:///${database}?host=${host}&port=${port}&user=${user}`
      : `postgres://${user}@${shownHost}:${port}/${database}`;
    return { connectionString, place, host, port, user, database, encryptionOptional };
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * The server of a database's URL, as libpq's environment variables name it.
 *
 * @example serverVariables("postgres://ada@db/blog"); // { PGHOST: "db", PGPORT: "5432", PGUSER: "ada" }
 */
export function serverVariables(text: string): { readonly [name: string]: string } {
  const { host, port, user } = readUrl(text);
  const { password, searchParams } = new URL(text);
  const secret = password === "" ? searchParams.get("password") : decodeURIComponent(password);
  const mode = searchParams.get("sslmode");
  return {
    ...{ PGHOST: host, PGPORT: String(port), PGUSER: user },
    ...(secret === null ? {} : { PGPASSWORD: secret }),
    ...(mode === null ? {} : { PGSSLMODE: mode }),
  };
}

function invalid(why: string, cause?: unknown): PuffError {
  return new PuffError("PUFF_CONFIG_INVALID", `the database URL can't be used: ${why}`, {
    remedy:
      "Write it as postgres://user:password@host:5432/database, with characters such as @ and / in the password percent-encoded.",
    cause,
  });
}
