/** Line breaks in what is copied as it is, into a form that ends with a line. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { Planner } from "../../planner/index.ts";
import { planner, startReferenceServer } from "../support/servers/http.ts";

/** What the next operations answer. */
let bodies: readonly Buffer[] = [];

/** Answers with bytes of a test's own, as a JSON column brings them. */
const copying: Planner = {
  ...planner,
  execute: async (...args) => ({ ...(await planner.execute(...args)), body: bodies[0] ?? Buffer.alloc(0) }),
  async subscribe() {
    const answers = bodies.values();
    return {
      kind: "stream",
      answers: {
        next: async () => answers.next() as IteratorResult<Buffer>, // it gives nothing at its end
        return: async () => ({ done: true, value: undefined }),
        [Symbol.asyncIterator]() {
          return this;
        },
      },
    };
  },
};

const server = await startReferenceServer({
  apis: [{ url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, planner: () => copying, explain: null }],
});
afterAll(() => server.close());

/** Events as the specification of server-sent events has them read: by lines, which end with \n, \r or both. */
function readEvents(text: string): { readonly event: string; readonly data: string }[] {
  return text
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((block) => {
      const lines = block.split(/\r\n|\n|\r/);
      const of = (field: string) =>
        lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).trim());
      return { event: of("event")[0] ?? "", data: of("data").join("\n") };
    })
    .filter(({ event }) => event !== "");
}

async function askEvents(query: string) {
  const response = await fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: { accept: "text/event-stream" },
  });
  return readEvents(await response.text());
}

const lineBreak = fc.constantFrom("", " ", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\n \n\t");

/** JSON with white space wherever JSON allows it. */
const spacedJson = fc
  .tuple(fc.jsonValue({ maxDepth: 3 }), fc.array(lineBreak, { minLength: 1 }))
  .map(([value, spaces]) => {
    let count = 0;
    const spaced = JSON.stringify({ data: { doc: value } }).replace(/"(?:[^"\\]|\\.)*"|[[\]{},:]/g, (token) => {
      const space = spaces[count++ % spaces.length] ?? "";
      return token.startsWith('"') ? token : `${space}${token}${space}`;
    });
    return { value, text: spaced };
  });

test("every answer is one event, wherever its JSON has line breaks", async () => {
  const answers = fc.array(spacedJson, { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(answers, fc.boolean(), async (given, subscribes) => {
    bodies = given.map(({ text }) => Buffer.from(text));
    const sent = bodies.map(String);
    const events = await askEvents(subscribes ? "subscription { silence }" : "{ hello }");
    const expected = subscribes ? given : given.slice(0, 1);
    expect(events.map(({ event }) => event)).toEqual([...expected.map(() => "next"), "complete"]);
    for (const [index, { value }] of expected.entries()) {
      const data = JSON.parse(events[index]?.data ?? "");
      expect(JSON.stringify(data.data.doc)).toBe(JSON.stringify(value));
    }
    expect(bodies.map(String)).toEqual(sent); // they may be others' as well
  });
  await fc.assert(property, { numRuns: 60 });
});
