/** Which client the running code works for: found by the asynchronous context, through Python and back. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Client {
  /** One object for each connection. */
  readonly connection: object;
  /** `203.0.113.7`; of an IPv6 address the /64, which one customer of a network provider has. */
  readonly address: string;
}

/** For what the gateway does by itself. It is bounded by the resources alone. */
export const nobody: Client = { connection: {}, address: "" };

const clients = new WeakMap<object, { readonly ip: string; readonly client: Client }>();
const current = new AsyncLocalStorage<Client>();

/**
 * The client at the other end of a connection.
 *
 * @param ip Its address, or the one that a trusted proxy names for the request.
 * @example clientOf(request.raw.socket, request.ip)
 */
export function clientOf(connection: object, ip: string): Client {
  const known = clients.get(connection);
  if (known?.ip === ip) {
    return known.client;
  }
  const client = { connection, address: networkOf(ip) };
  clients.set(connection, { ip, client });
  return client;
}

/** Runs `work` for a client: what it waits for counts as the client's. */
export function runFor<Args extends unknown[], T>(client: Client, work: (...args: Args) => T, ...args: Args): T {
  return current.run(client, work, ...args);
}

export function currentClient(): Client {
  return current.getStore() ?? nobody;
}

/** @example networkOf("::ffff:203.0.113.7"); // "203.0.113.7" */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !ip.includes(":")) {
    return mapped ?? ip;
  }
  const [head = "", tail] = ip.replace(/%.*/, "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const all = [...groups, ...Array<string>(Math.max(missing, 0)).fill("0"), ...(tail ?? "").split(":")];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group || "0", 16).toString(16))
    .join(":");
}
