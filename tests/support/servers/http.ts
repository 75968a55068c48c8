/** A real server over the reference planner, for tests of HTTP alone. */
import { setTimeout as sleep } from "node:timers/promises";
import fastifyPlugin from "fastify-plugin";
import { addRoutes, type RoutesOptions } from "../../../gateway/http/plugin.ts";
import { Subscribers } from "../../../gateway/http/sockets/subscribers.ts";
import { type RunningServer, serve } from "../../../gateway/server/server.ts";
import { ask } from "./ask.ts";
import { createReferencePlanner, type ReferenceContext } from "./reference-planner.ts";

const sdl = `
"What can be asked."
type Query {
  "Greets someone."
  hello(name: String = "world"): String
  "Answers after some milliseconds."
  slow(milliseconds: Int!): Int
  "Never answers, and never looks at the signal."
  stuck: Int
  "How often operations that take long have begun."
  begun: Int
  "A text of this length."
  long(length: Int!): String
  "The caller's token."
  token: String
  "The caller's header."
  header(name: String!): String
  fail: Int
  post: Post
  posts(first: Int = 10): [Post!]!
}
"A post, as the docs panel describes it."
type Post { id: ID!, title: String }
type Mutation { count: Int }
type Subscription {
  "As many numbers."
  ticks(count: Int!): Int
  "Texts of this length, until the client leaves."
  flood(length: Int!): String
  "Nothing, until the client leaves."
  silence: Int
}
`;

export function subscriptionLimits(): Pick<RoutesOptions, "subscribers" | "operationLimit" | "queueLimit"> {
  return { subscribers: new Subscribers(100, 25), operationLimit: 5, queueLimit: 1000 };
}

/** Subscriptions to `silence` that have ended. */
export let silences = 0;

class Silence implements AsyncIterableIterator<never> {
  readonly #end = Promise.withResolvers<IteratorResult<never>>();

  next(): Promise<IteratorResult<never>> {
    return this.#end.promise;
  }

  async return(): Promise<IteratorResult<never>> {
    silences++;
    this.#end.resolve({ done: true, value: undefined });
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Signals that `slow` saw aborted. */
export const aborted: AbortSignal[] = [];
let begun = 0;
let count = 0;

export const planner = createReferencePlanner(sdl, {
  hello: ({ name }: { name: string }) => `Hello, ${name}!`,
  slow: async ({ milliseconds }: { milliseconds: number }, { signal }: ReferenceContext) => {
    signal.addEventListener("abort", () => aborted.push(signal));
    begun += 1;
    await sleep(milliseconds, null, { signal });
    return milliseconds;
  },
  stuck: () => {
    begun += 1;
    return new Promise(() => undefined);
  },
  begun: () => begun,
  long: ({ length }: { length: number }) => "ab ".repeat(length).slice(0, length),
  token: (_args: object, { caller }: ReferenceContext) => caller.authToken,
  header: ({ name }: { name: string }, { caller }: ReferenceContext) => caller.headers[name],
  fail: () => {
    throw new Error("no");
  },
  post: () => ({ id: "1", title: "First" }),
  posts: () => [{ id: "1", title: "First" }],
  count: () => ++count,
  async *ticks({ count: end }: { count: number }) {
    for (let tick = 1; tick <= end; tick++) {
      yield { ticks: tick };
    }
  },
  async *flood({ length }: { length: number }) {
    for (;;) {
      yield { flood: "x".repeat(length) };
    }
  },
  silence: () => new Silence(),
});

/** How often `slow` and `stuck` have begun on a server. */
export async function begunOn(server: { readonly url: string }): Promise<number> {
  return JSON.parse((await ask(server, { body: { query: "{ begun }" } })).body).data.begun;
}

/** Listens on a free port of this machine. */
export function startReferenceServer(
  options: Partial<RoutesOptions> = {},
  listen: Parameters<typeof serve>[1] = {},
): Promise<RunningServer> {
  return serve(
    fastifyPlugin(async (app) => {
      await addRoutes(app, {
        apis: [
          {
            url: "/graphql",
            playgroundUrl: "/playground",
            subscriptionsUrl: null,
            planner: () => planner,
            explain: null,
          },
        ],
        checks: [],
        deadline: 30_000,
        bodyLimit: 10_000,
        corsOrigins: [],
        ...subscriptionLimits(),
        ...options,
      });
    }),
    { port: 0, ...listen },
  );
}
