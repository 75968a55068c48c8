/** Bytes to a server and what comes back, for requests that no client would send. */
import { connect } from "node:net";

/**
 * Sends bytes and gives all that comes until the server closes, or is silent for this many milliseconds. A request that
 * says `connection: close` ends at once.
 */
export function sendRaw(
  server: { readonly url: string },
  bytes: string | Uint8Array,
  patience = 10_000,
): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname.replace(/[[\]]/g, ""));
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  socket.setTimeout(patience, () => socket.destroy());
  return new Promise((resolve) => {
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      answer += String(chunk);
    });
    socket.on("error", () => undefined); // what had come until then counts
    socket.on("close", () => resolve(answer));
  });
}
