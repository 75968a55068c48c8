/** All of the gateway's routes, as one scope of a Fastify application. */
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import type { Planner } from "../../planner/index.ts";
import type { TrustedDocuments } from "../documents/trusted-documents.ts";
import { BodyRoom } from "../fairness/body-room.ts";
import { defaultLimits } from "../options/options.ts";
import { RequestDocuments } from "./documents/request-documents.ts";
import { addGraphiqlAssets, findGraphiql, type GraphiqlBundle, renderGraphiql } from "./graphiql.ts";
import type { Endpoint } from "./graphql/endpoint.ts";
import type { Explain } from "./graphql/explain.ts";
import { Guard } from "./guard/guard.ts";
import { Origins } from "./guard/origins.ts";
import { TrustedProxies } from "./guard/proxies.ts";
import { addHealthRoutes, type HealthCheck } from "./health.ts";
import { send } from "./messages/send.ts";
import {
  addExplainRoute,
  addGraphqlRoute,
  currentLog,
  generateRequestId,
  type HttpOptions,
  setUpScope,
} from "./routes.ts";
import { type ApplicationSockets, addSockets } from "./sockets/sockets.ts";
import type { Subscribers } from "./sockets/subscribers.ts";

export interface RoutesOptions extends Omit<HttpOptions, "guard" | "origins" | "bodyDeadline" | "bodyRoom"> {
  /** Default: one that lets all hosts in and trusts no proxy. */
  readonly guard?: Guard;
  /** Default: null. */
  readonly bodyDeadline?: number | null;
  /** Default: one of its own. */
  readonly bodyRoom?: BodyRoom;
  /** Origins whose pages may call the gateway from a browser; empty: none but its own. `*`: all, without cookies. */
  readonly corsOrigins: readonly string[];
  readonly apis: readonly Api[];
  readonly checks: readonly HealthCheck[];
  /** Milliseconds that a request may take. */
  readonly deadline: number;
  /** WebSockets and event streams. */
  readonly subscribers: Subscribers;
  /** Operations at a time on one WebSocket. */
  readonly operationLimit: number;
  /** Bytes of answers that may wait for a client who reads slowly. */
  readonly queueLimit: number;
  /** Bytes of the documents that clients may ask for by hash alone; null: none. Default: {@link defaultLimits}'s. */
  readonly persistedQueryBytes?: number | null;
  /** WebSockets at other URLs than the APIs'. */
  readonly application?: ApplicationSockets;
}

/** A schema at its URLs. */
export interface Api {
  readonly url: string;
  readonly playgroundUrl: string | null;
  readonly subscriptionsUrl: string | null;
  /** Asked for at each request, since a reload swaps it. */
  planner(): Planner;
  /** Asked at each request, since a reload swaps them. Default: there are none. */
  trusted?(): TrustedDocuments | null;
  /** Explains operations for the tab beside GraphiQL; null: there is none, since it shows the SQL. */
  readonly explain: Explain | null;
}

/**
 * Adds the APIs with their GraphiQL, and the health routes.
 *
 * @example await addRoutes(app, { apis: [{ url: "/graphql", … }], checks: [], deadline: 30_000, bodyLimit: 1e6, corsOrigins: [] });
 */
export async function addRoutes(app: FastifyInstance, options: RoutesOptions): Promise<void> {
  let stopping = false;
  const guard = options.guard ?? new Guard({ allowedHosts: null, proxies: new TrustedProxies([]) });
  const bodyRoom = options.bodyRoom ?? new BodyRoom(defaultLimits.waitingBytes, defaultLimits.clientShare);
  const shared = { bodyDeadline: null, ...options, bodyRoom, guard, origins: new Origins(options.corsOrigins) };
  const { subscribers, persistedQueryBytes = defaultLimits.persistedQueryBytes } = options;
  const apis = options.apis.map((api) => ({
    ...api,
    documents: new RequestDocuments({ ...api, persistedBytes: persistedQueryBytes }),
  }));
  const bundle = findGraphiql();
  const routes: FastifyPluginAsync = async (scope) => {
    scope.setGenReqId(generateRequestId);
    await setUpScope(scope, shared);
    addHealthRoutes(scope, options.checks, () => stopping);
    if (bundle !== null) {
      await addGraphiqlAssets(scope, bundle);
    }
    for (const api of apis) {
      addApi(scope, api, shared, bundle);
    }
    const byPath = apis.flatMap((api) =>
      [api.url, api.subscriptionsUrl ?? api.url].map((path) => [scope.prefix + path.replace(/\/$/, ""), api] as const),
    );
    addSockets(scope, new Map(byPath), { ...shared, messageLimit: options.bodyLimit });
  };
  await app.register(routes);
  app.addHook("preClose", (done) => {
    stopping = true;
    subscribers.endAll("stopping");
    done();
  });
}

function addApi(
  scope: FastifyInstance,
  api: Api & Pick<Endpoint, "documents">,
  { deadline, queueLimit, subscribers, guard, origins }: RoutesOptions & HttpOptions,
  bundle: GraphiqlBundle | null,
): void {
  const { prefix } = scope;
  const { documents } = api;
  const explainUrl = `${api.url.replace(/\/$/, "")}/explain`;
  const pageAt = (url: string) =>
    renderGraphiql(bundle, {
      url: prefix + url,
      assetsPrefix: prefix,
      graphqlUrl: prefix + api.url,
      explainUrl: api.explain === null ? null : prefix + explainUrl,
    });
  const page = pageAt(api.url);
  const report = (err: unknown) => (currentLog() ?? scope.log).error({ err }, "an operation failed inside the gateway");
  let endpoint: Endpoint | null = null;
  const current = () => {
    const planner = api.planner();
    if (endpoint?.planner !== planner) {
      endpoint = { planner, documents, page, deadline, queueLimit, subscribers, origins, report };
    }
    return endpoint;
  };
  addGraphqlRoute(scope, api.url, current, guard);
  if (api.explain !== null) {
    addExplainRoute(scope, explainUrl, api.explain, { documents, deadline });
  }
  if (api.playgroundUrl !== null && api.playgroundUrl !== api.url) {
    const playground = pageAt(api.playgroundUrl);
    scope.get(api.playgroundUrl, (_request, reply) => send(reply, playground));
  }
}
