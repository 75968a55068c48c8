/** What libpq says of a connection that ends. */
export const connectionClosed =
  "server closed the connection unexpectedly\n" +
  "\tThis probably means the server terminated abnormally\n" +
  "\tbefore or while processing the request.";

/** Why there is no connection, in libpq's words. */
export class ConnectFailure extends Error {
  /** One of the catalogue's, where what Python runs for is to be answered by it. */
  readonly code: "PUFF_POOL_BUSY" | null;

  constructor(message: string, code: "PUFF_POOL_BUSY" | null = null) {
    super(message);
    this.code = code;
  }
}

/** A call that has ended uses its connection no more: it may be another's by now. */
export function checkNotEnded(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new ConnectFailure("the call that waited for a connection has ended\n");
  }
}
