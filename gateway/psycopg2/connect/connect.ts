/** Connects as libpq does: keywords, environment, the service file; and fails with libpq's words. */
import { existsSync, readFileSync } from "node:fs";
import { connectFailures, openClient, type RawClient, type RawClientConfig } from "../../postgres/index.ts";
import { ConnectFailure, connectionClosed } from "./connect-failure.ts";
import { readService } from "./service-file.ts";

/** Keywords of a connection, such as `host` and `dbname`, as libpq has them. */
export type ConnectParameters = { readonly [keyword: string]: string };

/** Milliseconds to connect in where `connect_timeout` says nothing. */
const defaultTimeout = 30_000;
/** Where Debian's and Postgres's own builds put their sockets. */
const socketFolders = ["/var/run/postgresql", "/tmp"];
/** Keywords that come from the environment where they are not given. */
const environmentOf = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  options: "PGOPTIONS",
  application_name: "PGAPPNAME",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  connect_timeout: "PGCONNECT_TIMEOUT",
} as const;
const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
type Reports = { readonly [parameter: string]: string };
const isStandby = (reports: Reports): boolean => reports["in_hot_standby"] === "on";
const isReadOnly = (reports: Reports): boolean =>
  isStandby(reports) || reports["default_transaction_read_only"] === "on";
/** For each of `target_session_attrs` what is wrong with a server, by what it reports, which all do since Postgres 14. */
const sessions: { readonly [wanted: string]: (reports: Reports) => string | null } = {
  any: () => null,
  "prefer-standby": () => null,
  "read-write": (reports) => (isReadOnly(reports) ? "session is read-only" : null),
  "read-only": (reports) => (isReadOnly(reports) ? null : "session is not read-only"),
  primary: (reports) => (isStandby(reports) ? "server is in hot standby mode" : null),
  standby: (reports) => (isStandby(reports) ? null : "server is not in hot standby mode"),
};

/**
 * Opens a connection of its own to any server. Hosts are tried in their order.
 *
 * @throws ConnectFailure
 */
export async function connectTo(
  given: ConnectParameters,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly client: RawClient; readonly parameters: ConnectParameters }> {
  const parameters = complete(given, environment);
  check(parameters);
  const hosts = (parameters["hostaddr"] || parameters["host"] || "").split(",");
  const ports = (parameters["port"] || "5432").split(",");
  const messages: string[] = [];
  for (const [index, host] of hosts.entries()) {
    const port = (ports[index] ?? ports[0]) || "5432";
    try {
      const address = { ...parameters, host: host === "" ? defaultHost(port) : host, port };
      return { client: await connectOne(address), parameters: address };
    } catch (error) {
      if (!(error instanceof ConnectFailure)) {
        throw error;
      }
      messages.push(error.message);
    }
  }
  throw new ConnectFailure(messages.join(""));
}

function complete(given: ConnectParameters, environment: NodeJS.ProcessEnv): ConnectParameters {
  const service = given["service"] ?? environment["PGSERVICE"];
  const parameters: { [keyword: string]: string } = {};
  for (const [keyword, variable] of Object.entries(environmentOf)) {
    const value = environment[variable];
    if (value !== undefined && value !== "") {
      parameters[keyword] = value;
    }
  }
  Object.assign(parameters, service === undefined ? {} : readService(service, environment), given);
  parameters["user"] ||= environment["USER"] ?? "postgres";
  parameters["dbname"] ||= parameters["user"];
  return parameters;
}

function defaultHost(port: string): string {
  return socketFolders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? "localhost";
}

/** What libpq refuses before it connects. */
function check({ sslmode, target_session_attrs: session, port = "" }: ConnectParameters): void {
  for (const one of port.split(",").filter((text) => text !== "")) {
    if (!/^\s*[+-]?\d+\s*$/.test(one)) {
      throw new ConnectFailure(`invalid integer value "${one}" for connection option "port"\n`);
    }
    if (Number(one) < 1 || Number(one) > 65_535) {
      throw new ConnectFailure(`invalid port number: "${one}"\n`);
    }
  }
  if (sslmode !== undefined && !sslModes.includes(sslmode)) {
    throw new ConnectFailure(`invalid sslmode value: "${sslmode}"\n`);
  }
  if (session !== undefined && !(session in sessions)) {
    throw new ConnectFailure(`invalid target_session_attrs value: "${session}"\n`);
  }
}

async function connectOne(parameters: ConnectParameters): Promise<RawClient> {
  const { host = "", port = "", connect_timeout: seconds, target_session_attrs: session = "any" } = parameters;
  if (seconds !== undefined && !/^\s*[+-]?\d+\s*$/.test(seconds)) {
    throw new ConnectFailure(
      `${placeOf(host, port)}invalid integer value "${seconds}" for connection option "connect_timeout"\n`,
    );
  }
  const client = await connectAsAllowed(parameters);
  const misfit = sessions[session]?.(client.connection.parameters) ?? null;
  if (misfit !== null) {
    client.end().catch(() => undefined);
    throw new ConnectFailure(`${placeOf(host, port)}${misfit}\n`);
  }
  return client;
}

async function connectAsAllowed(parameters: ConnectParameters): Promise<RawClient> {
  const mode = parameters["host"]?.startsWith("/") ? "disable" : (parameters["sslmode"] ?? "prefer");
  try {
    return await openClient(configOf(parameters, mode), mode === "prefer" || mode === "allow");
  } catch (error) {
    throw asConnectFailure(error, parameters["host"], parameters["port"]);
  }
}

function configOf(parameters: ConnectParameters, sslmode: string): RawClientConfig {
  const { host, port, user, password, dbname, options } = parameters;
  const seconds = Number(parameters["connect_timeout"] ?? 0);
  return {
    ...{ host, port: Number(port), user, password, database: dbname, ssl: tlsOptions(sslmode, parameters) },
    keepsStatements: false,
    settings: {
      // What psycopg2 asks for at once where a server has another.
      DateStyle: "ISO",
      ...(options === undefined ? {} : { options }),
      application_name: parameters["application_name"] ?? parameters["fallback_application_name"] ?? "",
    },
    connectionTimeoutMillis: seconds > 0 ? Math.max(2, seconds) * 1000 : defaultTimeout,
  };
}

function tlsOptions(sslmode: string, { sslrootcert, sslcert, sslkey }: ConnectParameters): false | TlsOptions {
  if (sslmode === "disable") {
    return false;
  }
  const options: TlsOptions = {};
  if (sslcert !== undefined && sslkey !== undefined) {
    options.cert = readFileSync(sslcert, "utf8");
    options.key = readFileSync(sslkey, "utf8");
  }
  if (sslrootcert !== undefined && sslrootcert !== "system") {
    options.ca = readFileSync(sslrootcert, "utf8");
  }
  // With a root certificate libpq checks the server's even where the mode only requires TLS.
  if (sslmode !== "verify-full") {
    if (options.ca === undefined && sslmode !== "verify-ca") {
      options.rejectUnauthorized = false;
    }
    options.checkServerIdentity = () => undefined;
  }
  return options;
}

interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  rejectUnauthorized?: boolean;
  checkServerIdentity?: () => undefined;
}

interface Reported {
  readonly message: string;
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly errors?: readonly Reported[];
}

/** As libpq puts it: where, and why. */
export function asConnectFailure(error: unknown, host = "", port: string | number = ""): ConnectFailure {
  const reported = error as Reported; // every field but the message is optional
  const place = placeOf(host, port);
  if (reported.severity !== undefined) {
    const { severity, message, detail, hint } = reported;
    const lines = [`${severity}:  ${message}`];
    if (detail !== undefined) {
      lines.push(`DETAIL:  ${detail}`);
    }
    if (hint !== undefined) {
      lines.push(`HINT:  ${hint}`);
    }
    return new ConnectFailure(`${place}${lines.join("\n")}\n`);
  }
  return new ConnectFailure(`${place}${describe(reported, host)}\n`);
}

function placeOf(host: string, port: string | number): string {
  return host.startsWith("/")
    ? `connection to server on socket "${host}/.s.PGSQL.${port}" failed: `
    : `connection to server at "${host}", port ${port} failed: `;
}

function describe(error: Reported, host: string): string {
  const question = host.startsWith("/")
    ? "\n\tIs the server running locally and accepting connections on that socket?"
    : "\n\tIs the server running on that host and accepting TCP/IP connections?";
  switch (error.code ?? error.errors?.[0]?.code) {
    case "ECONNREFUSED":
      return `Connection refused${question}`;
    case "ENOENT":
      return `No such file or directory${question}`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "could not translate host name to address: Name or service not known";
    case "ETIMEDOUT":
      return `Connection timed out${question}`;
    case connectFailures.timeout:
      return "timeout expired";
    case connectFailures.tlsRefused:
      return "server does not support SSL, but SSL was required";
    case connectFailures.ended:
      return connectionClosed;
    default:
      return error.message;
  }
}
