/**
 * What the page needs of GraphQL: requests by fetch, and subscriptions over one WebSocket that speaks
 * graphql-transport-ws. A larger application takes a client such as graphql-ws, urql or Apollo.
 */

/** Asks, and gives the answer's data. */
export async function ask(query, variables, options = {}) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    ...options,
  });
  const { data, errors } = await response.json();
  if (errors !== undefined) {
    throw new Error(errors[0].message);
  }
  return data;
}

/**
 * Subscribes to several operations, each a query with a function that gets the data of its answers. A connection that
 * is lost comes back, and the operations with it; `onConnected` is told of both.
 */
export function subscribe(operations, onConnected) {
  const url = new URL("/graphql", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  let attempts = 0;
  connect();

  function connect() {
    const socket = new WebSocket(url, "graphql-transport-ws");
    const send = (message) => socket.send(JSON.stringify(message));
    const handlers = {
      connection_ack() {
        attempts = 0;
        onConnected(true);
        operations.forEach(([query], id) => {
          send({ id: String(id), type: "subscribe", payload: { query } });
        });
      },
      next: ({ id, payload }) => {
        if (payload.errors === undefined) {
          operations[id][1](payload.data);
        } else {
          reportError(new Error(payload.errors[0].message));
        }
      },
      error: ({ payload }) => reportError(new Error(payload[0].message)),
      ping: () => send({ type: "pong" }),
    };
    socket.onopen = () => send({ type: "connection_init" });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      handlers[message.type]?.(message);
    };
    socket.onclose = () => {
      onConnected(false);
      // Not all at the same moment, where a gateway has been started again.
      setTimeout(connect, Math.random() * Math.min(10_000, 500 * 2 ** attempts));
      attempts += 1;
    };
  }
}
