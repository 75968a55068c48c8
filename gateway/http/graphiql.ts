/** GraphiQL's pages: built by Vite into dist/graphiql, served from this origin alone. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import type { HttpResponse } from "./messages/message.ts";

/** Where the page's scripts, styles and fonts are served. */
const assetsUrl = "/graphiql-assets/";

export interface GraphiqlPage {
  /** URL path at which the page is opened. */
  readonly url: string;
  /** What stands before {@link assetsUrl}: the prefix of the scope. */
  readonly assetsPrefix: string;
  /** URL paths that the page talks to. */
  readonly graphqlUrl: string;
  readonly explainUrl: string | null;
}

/** The built page and its assets; null in a source checkout that was not built. */
export interface GraphiqlBundle {
  readonly folder: string;
  readonly template: string;
}

/** Finds the built GraphiQL beside the package's package.json. */
export function findGraphiql(): GraphiqlBundle | null {
  let root = import.meta.dirname;
  while (!existsSync(join(root, "package.json"))) {
    const parent = dirname(root);
    if (parent === root) {
      return null;
    }
    root = parent;
  }
  const folder = join(root, "dist", "graphiql");
  const index = join(folder, "index.html");
  return existsSync(index) ? { folder, template: readFileSync(index, "utf8") } : null;
}

/** Serves the bundle's assets: their names hold a hash of their contents, so a browser keeps them for good. */
export async function addGraphiqlAssets(app: FastifyInstance, bundle: GraphiqlBundle): Promise<void> {
  await app.register(fastifyStatic, {
    root: join(bundle.folder, "assets"),
    prefix: assetsUrl,
    cacheControl: true,
    immutable: true,
    maxAge: "365d",
    index: false,
    decorateReply: false,
    setHeaders: (reply) => reply.header("x-content-type-options", "nosniff"),
  });
}

/** The page as it is sent to a browser. */
export function renderGraphiql(bundle: GraphiqlBundle | null, page: GraphiqlPage): HttpResponse {
  const html = bundle === null ? notBuilt : fillTemplate(bundle.template, page);
  return {
    status: bundle === null ? 503 : 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentSecurityPolicy,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
      vary: "accept",
    },
    body: Buffer.from(html),
  };
}

/**
 * No script but the bundle's and no host but this one. Monaco sets inline styles, and its workers are files of the
 * bundle.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** URLs are relative to the page, so that a proxy may serve the gateway under a prefix that it does not know of. */
function fillTemplate(template: string, page: GraphiqlPage): string {
  const { url, assetsPrefix, graphqlUrl, explainUrl } = page;
  const link = (to: string | null) => (to === null ? "" : escapeHtml(relativeUrl(url, to)));
  return template
    .replaceAll("./assets/", link(assetsPrefix + assetsUrl))
    .replace("__GRAPHQL_URL__", link(graphqlUrl))
    .replace("__EXPLAIN_URL__", link(explainUrl));
}

/** From one absolute path to another: `/a/b` to `/c/` is `../c/`. */
function relativeUrl(from: string, to: string): string {
  const depth = from.split("/").length - 2;
  return depth === 0 ? `.${to}` : `${"../".repeat(depth)}${to.slice(1)}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>puff-gateway</title>
<h1>GraphiQL is not built yet</h1>
<p>This is a source checkout of puff-gateway. Run <code>npm run build</code> and reload this page.</p>
<p>The API itself works: POST an operation to this URL as application/json.</p>
</html>
`;
