/** Reads the answers of a subscription, which come as server-sent events. */

/** An answer, as GraphiQL takes it. */
type Result = { readonly data: unknown };

/** The answers of `next` events, until `complete`. Leaving the loop ends the request. */
export function readEvents(response: Response, abort: AbortController): AsyncIterableIterator<Result> {
  const results = parse(response.body ?? new ReadableStream());
  return {
    async next() {
      try {
        return await results.next();
      } catch (error) {
        if (abort.signal.aborted) {
          return { done: true, value: undefined };
        }
        throw error;
      }
    },
    // A generator that waits for an event does not heed its own `return`.
    async return() {
      abort.abort();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* parse(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Result> {
  let text = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += read.value;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = /^event: next\ndata: (.*)$/.exec(event)?.[1];
      if (data !== undefined) {
        yield JSON.parse(data);
      }
    }
  }
}
