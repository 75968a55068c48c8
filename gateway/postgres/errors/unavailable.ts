/** How a connection that was lost, or never made, is told. */
import { PuffError } from "../../../schema/index.ts";
import { connectFailures, isFromServer, type Reported } from "./reported.ts";

/** What became of an attempt to connect. A PuffError passes unchanged. */
export function asConnectError(error: unknown, place: string): PuffError {
  return error instanceof PuffError ? error : unavailable(error as Reported, place); // every field but the message is optional
}

/** How a lost or refused connection is put, and what to do. */
export function unavailable(error: Reported, place: string): PuffError {
  const [cause, remedy] = describeLoss(error);
  const extensions = isFromServer(error) ? { sqlstate: error.code } : {};
  return new PuffError("PUFF_DATABASE_UNAVAILABLE", cause, { place, remedy, cause: error, extensions });
}

const triedAgain = "The gateway tries again with the next request.";

function describeLoss({ code, message }: Reported): readonly [cause: string, remedy: string] {
  switch (code) {
    case "ECONNREFUSED":
    case "ENOENT":
      return ["no Postgres listens there (connection refused)", "Start it, or correct the host and port in the URL."];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return ["there is no such host", "Correct the host in the URL, or the DNS entry."];
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return [
        "the host does not answer",
        "Check whether the network or a firewall keeps the gateway from reaching it.",
      ];
    case "28P01":
      return ["password authentication failed", "Correct the user and the password in the URL."];
    case "28000":
      return [
        `Postgres refuses the connection: ${message}`,
        "See the server's pg_hba.conf, or add sslmode=require to the URL.",
      ];
    case "3D000":
      return ["the database does not exist", "Create it with createdb, or correct the URL."];
    case "53300":
      return ["Postgres has no connections left", "Raise max_connections there, or make the gateway's pool smaller."];
    case "57P03":
      return ["Postgres is starting up or shutting down", triedAgain];
    case "25P03":
      return [
        "Postgres ended a transaction that was idle for too long",
        "Resolvers that borrow the database should work quickly between two statements.",
      ];
    case "25P04":
      return [
        "Postgres ended a transaction that took too long",
        "Make it shorter, or raise transaction_timeout there.",
      ];
    case connectFailures.timeout:
      return ["the host does not answer in time", "Check the network and the database server."];
    case connectFailures.ended:
      return ["the server closed the connection unexpectedly", triedAgain];
    case connectFailures.tlsRefused:
      return [
        "the server does not support SSL connections",
        "Turn ssl on there, or leave sslmode out of the URL where the network is to be trusted.",
      ];
    default:
      return [`the connection failed: ${message === "" ? (code ?? "no reason given") : message}`, triedAgain];
  }
}
