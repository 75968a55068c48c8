/** Which pages may call the gateway from a browser: those of its own origin, and of those that were named. */

import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import { PuffError } from "../../../schema/index.ts";
import type { RequestHeaders } from "../messages/message.ts";

export class Origins {
  readonly #named: ReadonlySet<string>;

  /** @param named - origins such as `https://app.example.com`; `*`: all, without cookies */
  constructor(named: readonly string[]) {
    this.#named = new Set(named);
  }

  /** Whether pages of all origins may call it, without cookies. */
  get any(): boolean {
    return this.#named.has("*");
  }

  /**
   * Whether what a page sends may come with its visitor's cookies: then the page must be the gateway's own, or of an
   * origin that was named. `*` names none.
   *
   * @param host - the host that the client asked
   */
  trusts(origin: string, host: string): boolean {
    if (this.#named.has(origin) && origin !== "*") {
      return true;
    }
    const page = URL.parse(origin);
    return page !== null && page.host !== "" && URL.parse(`${page.protocol}//${host}`)?.host === page.host;
  }

  /** Lets pages of the origins that were named read answers, with cookies; those of others without, where all may. */
  async addTo(app: FastifyInstance): Promise<void> {
    if (this.#named.size === 0) {
      return;
    }
    const common = { methods: ["GET", "HEAD", "POST"], maxAge: 600, strictPreflight: false };
    await app.register(cors, {
      delegator: ({ headers: { origin } }, give) => {
        const credentials = origin !== undefined && origin !== "*" && this.#named.has(origin);
        give(null, { ...common, credentials, origin: credentials ? origin : this.any ? "*" : false });
      },
    });
  }

  /**
   * A page of another site can make a browser send a GET with cookies, by a link, an image, a form, a script or an event
   * stream. It can't read the answer, but time it or load the server with it: refused. A POST it can't send unasked, since
   * the body is JSON.
   *
   * @throws PuffError `PUFF_CSRF`
   */
  refuseCrossSite(headers: RequestHeaders, host: string): void {
    const origin = typeof headers["origin"] === "string" ? headers["origin"] : undefined;
    const allowed =
      origin === undefined
        ? headers["sec-fetch-site"] !== "cross-site"
        : this.trusts(origin, host) || (this.any && headers["cookie"] === undefined);
    if (!allowed) {
      const mode = headers["sec-fetch-mode"];
      throw new PuffError(
        "PUFF_CSRF",
        `a page of another site made the browser send this request (sec-fetch-mode: ${String(mode ?? "none")}): ` +
          "send the operation by POST as application/json",
      );
    }
  }
}
