/** From a request to the variables that PEP 3333 gives an application. */
import type { IncomingMessage } from "node:http";

/** The part of `environ` that is plain data. Texts hold a byte in each character, as HTTP's headers do. */
export interface Environ {
  readonly [name: string]: string | boolean;
}

export interface EnvironContext {
  /** Where the application is mounted: "" or a path without a slash at its end. */
  readonly prefix: string;
  /** What the client has used, as far as a trusted proxy tells. */
  readonly scheme: string;
  /** The client's address, likewise. */
  readonly client: string;
  /** Whether other interpreters run the same application. */
  readonly multiprocess: boolean;
}

/**
 * The variables of one request. Headers with an underscore are left out: they would pass for those with a hyphen, which
 * a proxy may have vouched for.
 *
 * @example environOf(request.raw, { prefix: "", scheme: "http", client: "127.0.0.1", multiprocess: false })["PATH_INFO"]; // "/polls/"
 */
export function environOf(request: IncomingMessage, { prefix, scheme, client, multiprocess }: EnvironContext): Environ {
  const target = request.url ?? "/";
  const mark = target.indexOf("?");
  const path = unquote(withoutOrigin(mark === -1 ? target : target.slice(0, mark)));
  const { localAddress = "", localPort = 0, remotePort = 0 } = request.socket;
  return {
    REQUEST_METHOD: request.method ?? "GET",
    SCRIPT_NAME: prefix,
    PATH_INFO: path.startsWith(prefix) ? path.slice(prefix.length) : path,
    QUERY_STRING: mark === -1 ? "" : target.slice(mark + 1),
    REQUEST_URI: target,
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
    SERVER_NAME: localAddress,
    SERVER_PORT: String(localPort),
    SERVER_SOFTWARE: "puff-gateway",
    REMOTE_ADDR: client,
    REMOTE_PORT: String(remotePort),
    "wsgi.url_scheme": scheme,
    "wsgi.multiprocess": multiprocess,
    ...headersOf(request.rawHeaders),
  };
}

/** A header that comes several times becomes one, its values put together as HTTP has it. */
function headersOf(raw: readonly string[]): { [name: string]: string } {
  const headers: { [name: string]: string } = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const value = raw[index + 1] ?? "";
    if (name.includes("_")) {
      continue;
    }
    const upper = name.toUpperCase().replaceAll("-", "_");
    const key = upper === "CONTENT_TYPE" || upper === "CONTENT_LENGTH" ? upper : `HTTP_${upper}`;
    const earlier = headers[key];
    headers[key] = earlier === undefined ? value : `${earlier}${upper === "COOKIE" ? "; " : ","}${value}`;
  }
  return headers;
}

/** The path of a target that a client of a proxy sends whole: `http://host/path`. */
function withoutOrigin(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "") || "/";
}

function unquote(path: string): string {
  return path.includes("%")
    ? path.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    : path;
}
