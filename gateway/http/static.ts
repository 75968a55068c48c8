/** Static files: served by Node, whatever Python does. */
import { realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import fastifyStatic, { type FastifyStaticOptions } from "@fastify/static";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import type { Guard } from "./guard/guard.ts";

/** Files below a URL path. */
export interface StaticFiles {
  /** With a slash at both ends. */
  readonly url: string;
  /** Where a file is looked for, the first wins. */
  readonly folders: readonly string[];
}

/**
 * Whether a file may be seen: a name that begins with a dot is not meant for the web, but for `.well-known` (RFC 8615),
 * and a link must not lead out of its folder. Opening a pipe blocks a thread of Node until somebody writes into it.
 */
function isPublic(path: string, folder: string): boolean {
  if (path.split("/").some((name, depth) => name.startsWith(".") && !(depth === 1 && name === ".well-known"))) {
    return false;
  }
  try {
    const file = realpathSync.native(join(folder, path));
    return file.startsWith(realpathSync.native(folder) + sep) && statSync(file).isFile();
  } catch {
    return true; // there is no such file, here at least
  }
}

/**
 * Serves the files of some folders below a URL path, with ranges and validators. A file whose name holds a hash of its
 * contents, as Django's ManifestStaticFilesStorage names them, is kept by browsers for good; others they ask for again.
 */
export async function addStaticRoute(app: FastifyInstance, { url, folders }: StaticFiles, guard: Guard): Promise<void> {
  const files: FastifyPluginAsync = async (scope) => {
    scope.addHook("onRequest", (request, reply, done) => {
      if (!guard.refuses(request, reply)) {
        done();
      }
    });
    await scope.register(fastifyStatic, optionsOf(url, folders));
  };
  await app.register(files);
}

function optionsOf(url: string, folders: readonly string[]): FastifyStaticOptions {
  return {
    root: [...folders],
    prefix: url,
    index: false,
    decorateReply: false,
    cacheControl: false,
    allowedPath: (path, root) => isPublic(path, String(root)),
    setHeaders: (reply, path) => {
      const isHashed = /\.[0-9a-f]{12}\.\w+$/.test(path);
      reply.header("x-content-type-options", "nosniff"); // what is uploaded as a text is none of a page's scripts
      reply.header("cache-control", isHashed ? "public, max-age=31536000, immutable" : "public, max-age=0");
    },
  };
}
