/** Memory of rows and answers is used again: no client may ever see what belongs to another. */
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunningServer } from "../../gateway/server/server.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { startReferenceServer } from "../support/servers/http.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TABLE text (of int, position int, body text);
  INSERT INTO text
    SELECT of, position, repeat(chr(65 + of), 40 * of + position) || CASE position WHEN 3 THEN E'"\\n' ELSE '' END
    FROM generate_series(1, 20) AS of, generate_series(1, 30) AS position;
`);
const { planner } = sketchPlanner({
  database,
  types: {
    Query: { owners: "[Owner!]!" },
    Owner: { of: "Int!", texts: "[Text!]!" },
    Text: { position: "Int!", body: "String!" },
  },
  args: { "Query.owners": { of: "Int!" } },
  resolvers: {
    "Query.owners": ({ args }) => sql("SELECT $1::int AS of", { params: [[23, String(args["of"])]] }),
    "Owner.texts": () =>
      sql("SELECT of, position, body FROM text WHERE of = ANY($1) ORDER BY position", {
        params: [{ parent: "of" }],
        parentKeys: ["of"],
        childKeys: ["of"],
      }),
  },
});
let server: RunningServer;

beforeAll(async () => {
  server = await startReferenceServer({
    apis: [{ url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, planner: () => planner, explain: null }],
  });
});

afterAll(() => server.close());

type Manner = "read" | "slowly" | "leave";

/** The answer; null if the client has left. */
function ask(of: number, manner: Manner): Promise<string | null> {
  const query = encodeURIComponent(`{ owners(of: ${of}) { of texts { position body } } }`);
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}/graphql?query=${query}`, async (response) => {
      if (manner === "leave") {
        response.once("data", () => response.destroy());
        response.on("error", () => undefined).once("close", () => resolve(null));
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of response) {
        chunks.push(chunk);
        await (manner === "slowly" ? sleep(5) : undefined);
      }
      resolve(Buffer.concat(chunks).toString());
    });
    sent.on("error", reject).end();
  });
}

function expected(of: number): unknown {
  const texts = Array.from({ length: 30 }, (_, index) => ({
    position: index + 1,
    body: String.fromCharCode(65 + of).repeat(40 * of + index + 1) + (index === 2 ? '"\n' : ""),
  }));
  return { data: { owners: [{ of, texts }] } };
}

test("each of many clients at once gets its own answer, whether others read slowly or leave", async () => {
  for (let round = 0; round < 8; round++) {
    await Promise.all(
      Array.from({ length: 40 }, async (_, client) => {
        const of = 1 + ((client * 7 + round) % 20);
        const manner = (["read", "slowly", "leave", "read"] as const)[client % 4] ?? "read";
        const answer = await ask(of, manner);
        if (answer !== null) {
          expect(JSON.parse(answer)).toEqual(expected(of));
        }
      }),
    );
  }
});
