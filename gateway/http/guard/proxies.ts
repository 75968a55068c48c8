/** Proxies in front of the gateway, and what they tell of the client that no other may. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { PuffError } from "../../../schema/index.ts";

/** Names for what has no address of its own. */
const ranges: { readonly [name: string]: readonly string[] } = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

export class TrustedProxies {
  readonly #addresses = new BlockList();
  readonly #count: number;

  /**
   * @param addresses - `10.0.0.7`, `10.0.0.0/8`, `loopback`, `linklocal` or `uniquelocal`
   * @throws PuffError `PUFF_CONFIG_INVALID`
   */
  constructor(addresses: readonly string[]) {
    this.#count = addresses.length;
    for (const item of addresses.flatMap((name) => ranges[name] ?? [name])) {
      const [address = "", length, ...rest] = item.split("/");
      const version = isIP(address);
      const bits = version === 6 ? 128 : 32;
      const prefix = length === undefined ? bits : Number(length);
      if (version === 0 || rest.length > 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > bits) {
        throw new PuffError("PUFF_CONFIG_INVALID", `the proxy "${item}" is not an address`, {
          remedy: 'Give addresses such as "10.0.0.7" or "10.0.0.0/8", or loopback, linklocal or uniquelocal.',
        });
      }
      this.#addresses.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#count > 0 && this.#addresses.check(address, version === 6 ? "ipv6" : "ipv4");
  }

  /** The client's address: the last one that no trusted proxy has. */
  addressOf(request: IncomingMessage): string {
    let address = request.socket.remoteAddress ?? "";
    const hops = textOf(request.headers["x-forwarded-for"]).split(",").reverse();
    for (const hop of hops) {
      if (!this.has(address) || hop.trim() === "") {
        return address;
      }
      address = hop.trim();
    }
    return address;
  }

  /** The host that the client asked: what the proxy says, where it is trusted. */
  hostOf(request: IncomingMessage): string {
    if (this.#count === 0) {
      return request.headers.host ?? "";
    }
    const told = textOf(request.headers["x-forwarded-host"]).split(",").at(-1)?.trim() ?? "";
    return told !== "" && this.has(request.socket.remoteAddress ?? "") ? told : (request.headers.host ?? "");
  }

  /** Takes from a request what only a proxy may say, where none has sent it. */
  strip({ headers, rawHeaders, socket }: IncomingMessage): void {
    if (this.#count === 0 || this.has(socket.remoteAddress ?? "")) {
      return;
    }
    for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
      const name = rawHeaders[index]?.toLowerCase() ?? "";
      if (name.startsWith("x-forwarded-") || name === "forwarded" || name === "x-real-ip") {
        rawHeaders.splice(index, 2);
        delete headers[name];
      }
    }
  }
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}
