/** Clients that send nothing, or a byte now and then: each kind of server has the patience that is documented, no more. */
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { type GatewayOptions, type RunningServer, startServer } from "../../gateway/index.ts";
import { installPackages } from "../support/python/packages.ts";
import { schemaFolder, sharedCache } from "../support/python/python.ts";
import { djangoSite } from "../support/servers/django-site.ts";

const sitePackages = await installPackages(["Django==5.2.19"]);
const limits = { requestDeadline: 1_500, uploadDeadline: 4_000 };
const keepAlive = 2_000;
/** Of a body that comes slowly, but not so slowly that an application does not wait for it. */
const piece = " ".repeat(500);
/** What a deadline may be late by: two seconds are promised, the rest is for a busy machine. */
const late = 5_000;

/** Options, and a path that awaits a body, with how long it does. */
const kinds: readonly (readonly [
  name: string,
  options: () => GatewayOptions,
  path: string,
  type: string,
  body: number,
])[] = [
  ["a schema", schema, "/graphql", "application/json", limits.requestDeadline],
  [
    "a schema and static files",
    () => ({ ...schema(), static: [{ url: "/s/", folder: "tests" }] }),
    "/graphql",
    "application/json",
    limits.requestDeadline,
  ],
  ["a WSGI application", wsgi, "/echo", "text/plain", limits.uploadDeadline],
  ["a Django project", django, "/upload", "multipart/form-data; boundary=x", limits.uploadDeadline],
  [
    "a schema beside a WSGI application",
    () => ({ ...wsgi(), ...schema() }),
    "/graphql",
    "application/json",
    limits.requestDeadline,
  ],
];

function schema(): GatewayOptions {
  const query = "    @classmethod\n    def hello(cls, ctx: Context, /) -> str:\n        return 'hello'\n";
  return { schemas: [{ spec: join(schemaFolder(query), "schema.py") }] };
}

function wsgi(): GatewayOptions {
  return { schemas: [], wsgi: `${join(import.meta.dirname, "../support/python/wsgi_app.py")}:make()` };
}

function django(): GatewayOptions {
  return {
    schemas: [],
    django: { settings: "site_config.settings", folder: djangoSite() },
    pythonPath: [sitePackages],
  };
}

/** Sends a text at once and then a byte now and then; gives what came and after how many milliseconds it closed. */
async function dribble(
  server: RunningServer,
  text: string,
  more: string,
): Promise<readonly [answer: string, time: number]> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  const began = performance.now();
  let answer = "";
  let isClosed = false;
  socket.on("data", (data) => {
    answer += String(data);
  });
  socket.on("error", () => undefined); // its close tells
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  void closed.then(() => {
    isClosed = true;
  });
  socket.write(text);
  while (!isClosed) {
    await Promise.race([closed, sleep(100)]);
    if (!isClosed && more !== "") {
      socket.write(more);
    }
  }
  return [answer, performance.now() - began];
}

describe.each(kinds)("%s", (_, options, path, type, bodyDeadline) => {
  test("ends what does not come in its time", async () => {
    const server = await startServer({
      ...{ cacheFolder: `${sharedCache}-slow`, environment: {}, port: 0, signals: false, limits, keepAlive },
      ...options(),
    });
    onTestFinished(() => server.close());
    const get = "GET /livez HTTP/1.1\r\nhost: localhost\r\n";
    const post = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\n`;
    const cases: readonly (readonly [name: string, text: string, more: string, deadline: number, status: number])[] = [
      ["nothing", "", "", limits.requestDeadline, 408],
      ["half a head", get, "", limits.requestDeadline, 408],
      ["a head by bytes", `${get}x-a: `, "a", limits.requestDeadline, 408],
      ["an idle connection", `${get}\r\n`, "", keepAlive, 200],
      ["a body that does not come", `${post}content-length: 1000\r\n\r\n`, "", limits.requestDeadline, 0],
      ["a body by pieces", `${post}content-length: 1000000\r\n\r\n`, piece, bodyDeadline, 408],
      // Django takes a body without a length for none.
      ...(path === "/upload"
        ? []
        : [
            [
              "a body by chunks",
              `${post}transfer-encoding: chunked\r\n\r\n`,
              `1f4\r\n${piece}\r\n`,
              bodyDeadline,
              408,
            ] as const,
          ]),
    ];
    await Promise.all(
      cases.map(async ([name, text, more, deadline, status]) => {
        const [answer, time] = await dribble(server, text, more);
        expect([name, time > deadline - 100, time < Math.max(deadline, bodyDeadline) + late]).toEqual([
          name,
          true,
          true,
        ]);
        if (status !== 0) {
          expect([name, answer.slice(0, 12)]).toEqual([name, `HTTP/1.1 ${status}`]);
        }
      }),
    );
  });
});
