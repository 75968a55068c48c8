/** What is refused of any request before it is known what it asks: several hosts, wrong ones, and those of others. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PuffError } from "../../../schema/index.ts";
import { errorResponse } from "../messages/error-response.ts";
import { send } from "../messages/send.ts";
import type { TrustedProxies } from "./proxies.ts";

export interface GuardOptions {
  /**
   * Hosts that are served besides this machine's own: `example.com`, `.example.com` for all below it as well. Null, and
   * `*` among them: all.
   */
  readonly allowedHosts: readonly string[] | null;
  readonly proxies: TrustedProxies;
}

/** Hosts that were found to be served: clients send the same ones again and again. */
const mostRemembered = 1_000;

export class Guard {
  readonly proxies: TrustedProxies;
  readonly #allowed: readonly string[] | null;
  readonly #remembered = new Set<string>();

  constructor({ allowedHosts, proxies }: GuardOptions) {
    this.proxies = proxies;
    this.#allowed = allowedHosts?.includes("*") ? null : (allowedHosts?.map((name) => name.toLowerCase()) ?? null);
  }

  /** What is wrong with a request's head; null: nothing. */
  check(request: IncomingMessage): PuffError | null {
    const { rawHeaders, url = "/" } = request;
    let hosts = 0;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? "";
      if (name.length === 4 && name.toLowerCase() === "host") {
        hosts++;
      }
    }
    if (hosts > 1) {
      return new PuffError("PUFF_REQUEST_INVALID", `the request has ${hosts} Host headers`);
    }
    if (!url.startsWith("/") && url !== "*") {
      const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
      if (authority?.toLowerCase() !== request.headers.host?.toLowerCase()) {
        return new PuffError("PUFF_REQUEST_INVALID", "the request's target and its Host header differ");
      }
    }
    this.proxies.strip(request);
    return this.#checkHost(this.proxies.hostOf(request), request.socket.localAddress ?? "");
  }

  /** Answers a request in whose head something is wrong, and tells whether it did. */
  refuses(request: FastifyRequest, reply: FastifyReply): boolean {
    const error = this.check(request.raw);
    if (error !== null) {
      send(reply.header("connection", "close"), errorResponse(error, "json"));
    }
    return error !== null;
  }

  #checkHost(host: string, localAddress: string): PuffError | null {
    if (host === "" || this.#remembered.has(host)) {
      return null; // browsers always send one
    }
    const [, bracketed, plain = ""] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
    const name = (bracketed ?? plain).toLowerCase().replace(/\.$/, "");
    if (name === "" || (bracketed !== undefined && isIP(bracketed) !== 6)) {
      return new PuffError("PUFF_REQUEST_INVALID", "the Host header is not a valid host");
    }
    if (!this.#serves(name)) {
      // Not remembered: it is another connection's other address.
      if (isIP(name) !== 0 && sameAddress(name, localAddress)) {
        return null;
      }
      return new PuffError(
        "PUFF_HOST_REFUSED",
        `the host "${name}" is not served: --allowed-hosts lists those that are`,
      );
    }
    if (this.#remembered.size < mostRemembered && host.length < 300) {
      this.#remembered.add(host);
    }
    return null;
  }

  #serves(name: string): boolean {
    return (
      this.#allowed === null ||
      isLoopback(name) ||
      this.#allowed.some((allowed) =>
        allowed.startsWith(".") ? name === allowed.slice(1) || name.endsWith(allowed) : name === allowed,
      )
    );
  }
}

/**
 * Whether a name or an address always means this machine: no other machine can claim it.
 *
 * @example isLoopback("app.localhost"); // true
 */
export function isLoopback(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** A server that listens at `::` has IPv4 addresses in IPv6's form. */
function sameAddress(name: string, address: string): boolean {
  return name === address || `::ffff:${name}` === address;
}
