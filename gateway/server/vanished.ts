/** Clients that vanish: their machine is off, or the network between is cut, and no packet says so. */
import { createReadStream } from "node:fs";
import type { Server } from "node:http";
import { type Socket, SocketAddress } from "node:net";
import { endianness } from "node:os";

/** Where Linux tells of each TCP connection whether what was sent is repeated, since nothing acknowledges it. */
const defaultTables = ["/proc/net/tcp", "/proc/net/tcp6"];

/**
 * Ends connections whose clients acknowledge nothing for a while of what was sent to them. The system would go on for some
 * 15 minutes, and an event stream that says little fills no buffer that would tell. On other systems than Linux it does
 * nothing.
 */
export class VanishedClients {
  readonly #patience: number;
  readonly #tables: readonly string[];
  /** By both ports. */
  readonly #sockets = new Map<string, Set<Socket>>();
  #silent = new Map<Socket, Silence>();

  /** @param patience Milliseconds. */
  constructor(patience: number, tables = defaultTables) {
    this.#patience = patience;
    this.#tables = tables;
  }

  /** Watches a server's connections until it closes. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => this.#add(socket));
    let looking = false;
    const timer = setInterval(async () => {
      if (!looking && this.#sockets.size > 0) {
        looking = true;
        await this.#look();
        looking = false;
      }
    }, this.#patience / 4).unref();
    server.once("close", () => clearInterval(timer));
  }

  #add(socket: Socket): void {
    const key = `${socket.localPort}:${socket.remotePort}`;
    const same = this.#sockets.get(key) ?? new Set();
    this.#sockets.set(key, same.add(socket));
    socket.once("close", () => {
      same.delete(socket);
      if (same.size === 0 && this.#sockets.get(key) === same) {
        this.#sockets.delete(key);
      }
    });
  }

  async #look(): Promise<void> {
    const now = performance.now();
    const silent = new Map<Socket, Silence>();
    for (const table of this.#tables) {
      for await (const { address, localPort, remotePort, count } of repeating(table)) {
        for (const socket of this.#sockets.get(`${localPort}:${remotePort}`) ?? []) {
          if (socket.remoteAddress?.split("%", 1)[0] === address) {
            const before = this.#silent.get(socket);
            silent.set(socket, { since: before && before.count <= count ? before.since : now, count });
          }
        }
      }
    }
    this.#silent = silent;
    for (const [socket, { since }] of silent) {
      if (now - since >= this.#patience) {
        socket.destroy();
      }
    }
  }
}

/** Of a client that acknowledges nothing. */
interface Silence {
  /** As `performance.now()` has it. */
  readonly since: number;
  /** How often the same was repeated: fewer times than before means that something else was acknowledged. */
  readonly count: number;
}

interface Connection {
  /** The other side's. */
  readonly address: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** How often the same was repeated. */
  readonly count: number;
}

/** Connections of a table in which something that was sent is repeated; none if there is no such table. */
async function* repeating(table: string): AsyncGenerator<Connection, undefined> {
  let begun = "";
  try {
    for await (const chunk of createReadStream(table, "latin1")) {
      const lines = `${begun}${chunk}`.split("\n");
      begun = lines.pop() ?? "";
      yield* lines.flatMap(readRow);
    }
  } catch {
    // Another system than Linux, or one that does not show it.
  }
}

function readRow(line: string): Connection[] {
  const [, local = "", host = "", remote = "", times = ""] = row.exec(line) ?? [];
  const [localPort, remotePort, count] = [local, remote, times].map((digits) => Number.parseInt(digits, 16));
  return localPort && remotePort && count ? [{ address: addressOf(host), localPort, remotePort, count }] : [];
}

/** A row whose timer, `01`, is the one for repeating: local port, the other side's address and port, how often it ran out. */
const row = /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) \w\w \w+:\w+ 01:\w+ (\w+) /;

/** An address as Node writes it. Linux has it in words of 32 bits, each in the machine's order. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  if (endianness() === "LE") {
    bytes.swap32();
  }
  if (bytes.length === 4) {
    return bytes.join(".");
  }
  const groups = bytes.toString("hex").match(/.{4}/g) ?? [];
  return new SocketAddress({ family: "ipv6", address: groups.join(":") }).address;
}
