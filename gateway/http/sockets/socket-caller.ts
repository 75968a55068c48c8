import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "../../../planner/index.ts";

/**
 * The caller over a WebSocket. Browsers can't set its headers, so that what the client sent as `connectionParams` stands
 * in: an `Authorization` among them, or among their `headers`, where the request has none. The others don't become
 * headers, since a proxy may have set those that the gateway trusts.
 */
export class SocketCaller implements Caller {
  readonly headers: { readonly [name: string]: string };
  readonly authToken: string | null;
  readonly connectionParams: { readonly [name: string]: unknown };

  constructor(headers: IncomingHttpHeaders, connectionParams: { readonly [name: string]: unknown } = {}) {
    const authorization =
      headers.authorization ?? findAuthorization(connectionParams) ?? findAuthorization(connectionParams["headers"]);
    const given = Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]);
    this.headers = {
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      ...(authorization === undefined ? {} : { authorization }),
    };
    this.authToken = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? null;
    this.connectionParams = connectionParams;
  }
}

function findAuthorization(params: unknown): string | undefined {
  if (typeof params !== "object" || params === null) {
    return undefined;
  }
  const found = Object.entries(params).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  return typeof found === "string" ? found : undefined;
}
