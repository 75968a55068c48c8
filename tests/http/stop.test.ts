/** Stopping: no request in flight is lost, and nothing makes it last for ever. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { ask } from "../support/servers/ask.ts";
import { begunOn } from "../support/servers/http.ts";

interface Running {
  readonly process: ChildProcess;
  readonly url: string;
  readonly lines: string[];
}

const running: Running[] = [];

afterEach(() => {
  for (const { process } of running.splice(0)) {
    process.kill("SIGKILL");
  }
});

async function start(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/../support/servers/serve-reference.ts`, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const [url] = await once(reader, "line");
  const server = { process: child, url: String(url), lines };
  running.push(server);
  return server;
}

interface Client {
  answered: number;
  readonly lost: string[];
}

/** Sends one request after another on a connection that is kept, until the server accepts no more. */
async function loadUntilRefused(client: Client, url: string, field: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    const outcome = await new Promise<string>((resolve) => {
      const sent = request(`${url}/graphql?query={${field}}`, { agent }, (response) => {
        response.resume();
        response.on("end", () => resolve(`${response.statusCode}`));
        response.on("error", (error) => resolve(error.message));
      });
      sent.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
      sent.end();
    });
    if (outcome === "ECONNREFUSED") {
      agent.destroy();
      return;
    }
    if (outcome === "200") {
      client.answered += 1;
    } else {
      client.lost.push(outcome);
    }
  }
}

test.each(["SIGTERM", "SIGINT"] as const)("under load %s loses no request and ends with 0", async (signal) => {
  const server = await start();
  const clients = Array.from({ length: 20 }, (): Client => ({ answered: 0, lost: [] }));
  const done = clients.map((client, index) =>
    loadUntilRefused(client, server.url, index % 2 === 0 ? "hello" : `slow(milliseconds:${index * 5})`),
  );
  // A connection that the server has not accepted yet is none of its own.
  await expect.poll(() => Math.min(...clients.map(({ answered }) => answered))).toBeGreaterThan(2);
  const long = ask(server, { url: "/graphql?query={slow(milliseconds:1500)}" });
  await begunOn(server); // asked later, and so the long one has begun
  server.process.kill(signal);
  await Promise.all(done);
  expect(clients.flatMap(({ lost }) => lost)).toEqual([]);
  expect((await long).status).toBe(200);
  const [code] = await once(server.process, "exit");
  expect(code).toBe(0);
  expect(server.lines.at(-1)).toBe("stopped");
});

/** Asks for a path on a connection that has been used before, but for the end of the request; gives what completes it. */
async function halfAsked({ url }: Running, path: string): Promise<() => Promise<string>> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(socket, "data");
  socket.write(`GET ${path} HTTP/1.1\r\n`);
  return () => {
    socket.write("host: localhost\r\n\r\n");
    return text(socket); // to its end, which `connection: close` brings
  };
}

/** Waits until it accepts no more. */
async function untilItStops(server: Running): Promise<void> {
  const outcome = () => ask(server, { url: "/livez" }).then(String, ({ code }) => code);
  await expect.poll(outcome).toBe("ECONNREFUSED");
}

test("while it stops it is not ready, and still live", async () => {
  const server = await start();
  expect((await ask(server, { url: "/readyz" })).status).toBe(200);
  const readiness = await halfAsked(server, "/readyz");
  const liveness = await halfAsked(server, "/livez");
  server.process.kill("SIGTERM");
  await untilItStops(server);
  const ready = await readiness();
  expect(ready).toMatch(/^HTTP\/1\.1 503 .*\r\nconnection: close\r\n/is);
  expect(ready).toContain('\r\n\r\n{"status":"unavailable","missing":["the gateway is stopping"]}');
  expect(await liveness()).toMatch(/^HTTP\/1\.1 200 /);
});

test("a second signal ends it at once", async () => {
  const server = await start();
  const slow = ask(server, { url: "/graphql?query={slow(milliseconds:600000)}" }).catch(() => "lost");
  await expect.poll(() => begunOn(server)).toBe(1);
  server.process.kill("SIGTERM");
  await untilItStops(server);
  server.process.kill("SIGTERM");
  const [code] = await once(server.process, "exit");
  expect(code).toBe(1);
  expect(await slow).toBe("lost");
});

test("a request that does not end holds it no longer than its deadline", async () => {
  const server = await start("1000");
  const stuck = ask(server, { url: "/graphql?query={stuck}" }).catch(() => "lost");
  await expect.poll(() => begunOn(server)).toBe(1);
  server.process.kill("SIGTERM");
  const [code] = await once(server.process, "exit");
  expect(code).toBe(1);
  expect(await stuck).toBe("lost");
});
