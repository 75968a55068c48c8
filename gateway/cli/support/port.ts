/** Whether a port can be listened on, asked before the seconds that a start takes. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { PuffError } from "../../../schema/index.ts";

/**
 * Fails where something listens on the port already; other problems are left to the server itself.
 *
 * @throws PuffError `PUFF_PORT_TAKEN`
 * @example await requireFreePort("127.0.0.1", 7777);
 */
export async function requireFreePort(address: string, port: number): Promise<void> {
  const code = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? null));
    server.listen({ host: address, port }, () => server.close(() => resolve(null)));
  });
  if (code === "EADDRINUSE") {
    throw new PuffError("PUFF_PORT_TAKEN", `port ${port} is in use`, {
      place: `${address}:${port}`,
      remedy: "Stop the program that uses it, or choose another with --port (0 picks a free one).",
    });
  }
}

/** A port that is free at present. */
export async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen({ host: address, port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  await once(server, "close");
  return port;
}
