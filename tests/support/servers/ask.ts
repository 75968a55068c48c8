/** Plain HTTP requests for tests. */
import { type Agent, request as rawRequest } from "node:http";

export interface Request {
  readonly method?: string;
  /** Path and search. */
  readonly url?: string;
  readonly headers?: { readonly [name: string]: string };
  /** A value is sent as JSON, a string as it is. */
  readonly body?: unknown;
  /** Keeps connections between requests; without one each request has its own. */
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: string;
}

/** One request, by node:http, since fetch sets headers of its own and refuses to send others. */
export function ask(
  server: { readonly url: string },
  { method, url = "/graphql", headers = {}, body, agent }: Request,
): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = rawRequest(
      new URL(url, server.url),
      {
        method: method ?? (text === undefined ? "GET" : "POST"),
        headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
        agent: agent ?? false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
        });
        response.on("error", reject); // broken off
      },
    );
    sent.on("error", reject);
    sent.end(text);
  });
}
