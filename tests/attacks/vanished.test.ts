/** Clients whose machine is off, or whose network is cut: no packet tells that they are gone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { serve } from "../../gateway/server/server.ts";

/** Reads an event, then has the system drop whatever comes for its socket, so that nothing is acknowledged any more. */
const vanish = `
import ctypes, socket, struct, sys
client = socket.create_connection((sys.argv[1], int(sys.argv[2])))
client.sendall(b"GET /events HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n")
assert client.recv(1000)
drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
client.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(drop_all)))  # SO_ATTACH_FILTER
print("gone", flush=True)
sys.stdin.read()
`;

/** A server of events that are too few to fill a buffer, and those who get them. */
async function startEvents(address: string) {
  const open = new Set<string>();
  const ended = Promise.withResolvers<string>();
  const server = await serve(
    async (app) => {
      app.get("/events", (request, reply) => {
        const name = String(request.headers["x-name"] ?? "vanished");
        open.add(name);
        reply.hijack();
        const timer = setInterval(() => reply.raw.write(":\n\n"), 100);
        reply.raw.once("close", () => {
          clearInterval(timer);
          open.delete(name);
          ended.resolve(name);
        });
      });
    },
    { port: 0, address, send: 1_500, signals: false },
  );
  onTestFinished(() => server.close());
  return { server, open, ended: ended.promise };
}

describe.runIf(process.platform === "linux")("a client that vanishes", () => {
  test.for([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::", "127.0.0.1"],
  ])("is let go of, and others are not: a server at %s, a client of %s", async ([address = "", host = ""]) => {
    const { server, open, ended } = await startEvents(address);
    const { port } = new URL(server.url);
    const living = get({ host, port, path: "/events", headers: { "x-name": "living" } });
    onTestFinished(() => void living.destroy());
    living.on("error", () => undefined).on("response", (response) => response.on("error", () => undefined).resume());
    await once(living, "response");
    const vanishing = spawn("python3", ["-c", vanish, host, port], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void vanishing.kill("SIGKILL"));
    await once(vanishing.stdout, "data");
    expect(await ended).toBe("vanished");
    expect([...open]).toEqual(["living"]);
  });
});
