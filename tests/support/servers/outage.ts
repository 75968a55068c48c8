/** A wire to a Postgres or Redis that can be cut, to see what becomes of one that is gone for a while. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./postgres-15.ts";

export interface Wire {
  /** The database's URL, through the wire. */
  readonly url: string;
  /** Ends all connections and takes no more until {@link mend}. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Lets nothing through any more, in either direction, and tells neither end. */
  freeze(): void;
  /** Lets new connections through; those that there were stay frozen, as by a network that has forgotten them. */
  thaw(): void;
}

export async function wireTo(databaseUrl: string): Promise<Wire> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      if (frozen) {
        socket.pause();
      }
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  const port = await freePort(); // to be had again after a cut
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: url.href,
    async cut() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
      await once(server, "close");
    },
    async mend() {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) {
        socket.pause();
      }
    },
    thaw() {
      frozen = false;
    },
  };
}
