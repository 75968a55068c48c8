/** All of the gateway's routes, as one scope of a Fastify application. */
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import type { Planner } from "../../planner/index.ts";
import { addGraphiqlAssets, findGraphiql, type GraphiqlBundle, renderGraphiql } from "./graphiql.ts";
import type { Endpoint } from "./handler.ts";
import { addHealthRoutes, type HealthCheck } from "./health.ts";
import { addGraphqlRoute, generateRequestId, type HttpOptions, send, setUpScope } from "./routes.ts";

export interface RoutesOptions extends HttpOptions {
  readonly apis: readonly Api[];
  readonly checks: readonly HealthCheck[];
  /** Milliseconds that a request may take. */
  readonly deadline: number;
}

/** A schema at its URLs. */
export interface Api {
  readonly url: string;
  readonly playgroundUrl: string | null;
  readonly subscriptionsUrl: string | null;
  /** Asked for at each request, since a reload swaps it. */
  planner(): Planner;
}

/**
 * Adds the APIs with their GraphiQL, and the health routes.
 *
 * @example await addRoutes(app, { apis: [{ url: "/graphql", … }], checks: [], deadline: 30_000, bodyLimit: 1e6, corsOrigins: [] });
 */
export async function addRoutes(app: FastifyInstance, options: RoutesOptions): Promise<void> {
  let stopping = false;
  const bundle = findGraphiql();
  const routes: FastifyPluginAsync = async (scope) => {
    scope.setGenReqId(generateRequestId);
    await setUpScope(scope, options);
    addHealthRoutes(scope, options.checks, () => stopping);
    if (bundle !== null) {
      await addGraphiqlAssets(scope, bundle);
    }
    for (const api of options.apis) {
      addApi(scope, api, options.deadline, bundle);
    }
  };
  await app.register(routes);
  app.addHook("preClose", (done) => {
    stopping = true;
    done();
  });
}

function addApi(scope: FastifyInstance, api: Api, deadline: number, bundle: GraphiqlBundle | null): void {
  const { prefix } = scope;
  const pageAt = (url: string) =>
    renderGraphiql(bundle, {
      url: prefix + url,
      assetsPrefix: prefix,
      graphqlUrl: prefix + api.url,
      subscriptionsUrl: api.subscriptionsUrl === null ? null : prefix + api.subscriptionsUrl,
    });
  const page = pageAt(api.url);
  let endpoint: Endpoint | null = null;
  addGraphqlRoute(scope, api.url, () => {
    const planner = api.planner();
    if (endpoint?.planner !== planner) {
      endpoint = { planner, page, deadline };
    }
    return endpoint;
  });
  if (api.playgroundUrl !== null && api.playgroundUrl !== api.url) {
    const playground = pageAt(api.playgroundUrl);
    scope.get(api.playgroundUrl, (_request, reply) => send(reply, playground));
  }
}
