/** Stopping: no request in flight is lost, and nothing makes it last for ever. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { ask } from "./support/ask.ts";

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

async function start(): Promise<Running> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/support/serve-reference.ts`], {
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
  const long = ask(server, { url: "/graphql?query={slow(milliseconds:1500)}" });
  // A connection that the server has not accepted yet is none of its own.
  await expect.poll(() => Math.min(...clients.map(({ answered }) => answered)), { timeout: 4_000 }).toBeGreaterThan(2);
  server.process.kill(signal);
  await Promise.all(done);
  expect(clients.flatMap(({ lost }) => lost)).toEqual([]);
  expect((await long).status).toBe(200);
  const [code] = await once(server.process, "exit");
  expect(code).toBe(0);
  expect(server.lines.at(-1)).toBe("stopped");
});

test("while it stops it is not ready, and still live", async () => {
  const server = await start();
  const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })] as const;
  expect((await ask(server, { url: "/readyz", agent: agents[0] })).status).toBe(200);
  expect((await ask(server, { url: "/livez", agent: agents[1] })).status).toBe(200);
  server.process.kill("SIGTERM");
  await sleep(100);
  expect(await ask(server, { url: "/readyz", agent: agents[0] })).toMatchObject({
    status: 503,
    headers: { connection: "close" },
    body: '{"status":"unavailable","missing":["the gateway is stopping"]}',
  });
  expect((await ask(server, { url: "/livez", agent: agents[1] })).status).toBe(200);
});

test("a second signal ends it at once", async () => {
  const server = await start();
  const slow = ask(server, { url: "/graphql?query={slow(milliseconds:9000)}" }).catch(() => "lost");
  await sleep(100);
  server.process.kill("SIGTERM");
  await sleep(100);
  const started = performance.now();
  server.process.kill("SIGTERM");
  const [code] = await once(server.process, "exit");
  expect(code).toBe(1);
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(await slow).toBe("lost");
});

test("a request that does not end holds it no longer than its deadline", async () => {
  const server = await start();
  const stuck = ask(server, { url: "/graphql?query={stuck}" }).catch(() => "lost");
  await sleep(100);
  const started = performance.now();
  server.process.kill("SIGTERM");
  const [code] = await once(server.process, "exit");
  expect(code).toBe(1);
  expect(performance.now() - started).toBeLessThan(8_000);
  expect(await stuck).toBe("lost");
}, 20_000);
