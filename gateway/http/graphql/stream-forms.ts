/** How the answers of a stream are written: as server-sent events, or as parts of a multipart body. */

/** The bytes of a stream. */
export interface StreamForm {
  readonly headers: { readonly [name: string]: string };
  /** Sent at once, so that the client learns that the stream has begun. */
  readonly beginning: Buffer;
  /** Sent while there is no answer, so that proxies and the client see that the stream lives. */
  readonly silence: Buffer;
  /** Says that there is no more to come. */
  readonly complete: Buffer;
  answer(answer: Buffer): Buffer;
  /** A failure that ends the stream, as a JSON list of GraphQL's errors. */
  failure(errors: string): Buffer;
}

const headers = {
  "cache-control": "no-store",
  // Nginx would hold events back.
  "x-accel-buffering": "no",
  vary: "accept",
};

/**
 * GraphQL over server-sent events, in the mode of distinct connections: events named `next`, and `complete` at the end.
 *
 * @see https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */
export const eventForm: StreamForm = {
  headers: Object.freeze({ "content-type": "text/event-stream; charset=utf-8", ...headers }),
  beginning: Buffer.from(":\n\n"),
  silence: Buffer.from(":\n\n"),
  complete: Buffer.from("event: complete\ndata:\n\n"),
  answer: eventOf,
  failure: (errors) => eventOf(Buffer.from(`{"errors":${errors}}`)),
};

/** An answer as an event. A line break ends a field of an event, and in JSON, which Postgres may have broken, it is a space. */
function eventOf(answer: Buffer): Buffer {
  const event = Buffer.concat([next, answer, endOfEvent]); // a copy: others may be sent the same answer
  const end = event.length - endOfEvent.length;
  for (const code of [0x0a, 0x0d]) {
    for (let at = event.indexOf(code, next.length); at !== -1 && at < end; at = event.indexOf(code, at + 1)) {
      event[at] = 0x20;
    }
  }
  return event;
}

const next = Buffer.from("event: next\ndata: ");
const endOfEvent = Buffer.from("\n\n");

/**
 * Apollo's subscriptions over HTTP. Each part ends with the boundary of the next, since clients read a part only then.
 *
 * @see https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
 */
export const partForm: StreamForm = {
  headers: Object.freeze({ "content-type": 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0', ...headers }),
  beginning: Buffer.from("\r\n--graphql"),
  silence: partOf("{}"),
  complete: Buffer.from("--\r\n"),
  answer: (answer) => partOf('{"payload":', answer, "}"),
  failure: (errors) => partOf(`{"payload":null,"errors":${errors}}`),
};

function partOf(...pieces: readonly (string | Buffer)[]): Buffer {
  const whole = ["\r\ncontent-type: application/json\r\n\r\n", ...pieces, "\r\n--graphql"];
  return Buffer.concat(whole.map((piece) => Buffer.from(piece)));
}
