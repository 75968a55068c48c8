/** Static files: served by Node, whatever Python does. */
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** Files below a URL path. */
export interface StaticFiles {
  /** With a slash at both ends. */
  readonly url: string;
  /** Where a file is looked for, the first wins. */
  readonly folders: readonly string[];
}

/**
 * Serves the files of some folders below a URL path, with ranges and validators. A file whose name holds a hash of its
 * contents, as Django's ManifestStaticFilesStorage names them, is kept by browsers for good; others they ask for again.
 */
export async function addStaticRoute(app: FastifyInstance, { url, folders }: StaticFiles): Promise<void> {
  await app.register(fastifyStatic, {
    root: [...folders],
    prefix: url,
    index: false,
    decorateReply: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const isHashed = /\.[0-9a-f]{12}\.\w+$/.test(path);
      reply.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "public, max-age=0");
    },
  });
}
