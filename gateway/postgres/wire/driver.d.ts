/**
 * What @types/pg leaves out of classes that pg exports. Client calls the first three of Connection and of Client by
 * these names, which is what lets a subclass take their place.
 */

import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";

declare module "pg" {
  interface Connection {
    /** Client calls it with a port and a host, or the path of a socket. */
    connect(port: number | string, host?: string): void;
    /** Called with each stream to read from: the socket, and after an upgrade the TLS stream. */
    attachListeners(stream: EventEmitter): void;
    ssl: boolean | object;
    sslNegotiation: string;
    readonly stream: Duplex;
    parse(query: { name: string; text: string; types: readonly number[] }): void;
    bind(config: { statement: string; values: readonly (string | null)[] }): void;
    describe(message: { type: "S" | "P"; name: string }): void;
    execute(config: null): void;
    close(message: { type: "S" | "P"; name: string }): void;
    sendCopyFail(message: string): void;
  }

  interface ClientConfig {
    connection?: Connection;
  }

  interface Client {
    /** The settings of the startup message. */
    getStartupConf(): Record<string, string>;
    sslNegotiation: string;
    /** What a statement on this connection is cancelled with. */
    readonly processID: number | null;
    readonly secretKey: number | null;
  }
}
