/** The first connection to a database, at start. */
import { setTimeout as sleep } from "node:timers/promises";
import { PuffError, pauseAfter, RECONNECT } from "../../../schema/index.ts";
import { isLostConnection, type Reported } from "../errors/reported.ts";
import { explainConnect } from "../errors/unavailable.ts";
import { RawClient, type RawClientConfig } from "../wire/connection.ts";
import type { Address } from "./url.ts";

/** Older versions are out of support, and print some values otherwise. */
const oldestVersion = 14;
/** Milliseconds that one attempt gets at least. */
const shortestAttempt = 1_000;
/** The URL is wrong, or TLS is: waiting won't help. */
const hopeless = /^(28|3D000|CERT|ERR_(SSL|TLS)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;
const noTls = /does not support SSL/;
/** A pooler that is not known to be one. */
const refusedSettings = /unsupported startup parameter/;

/**
 * Connects once, trying again for `patience` milliseconds where that may help, and looks at the server's version.
 *
 * @returns the URL to connect to from now on.
 * @throws PuffError `PUFF_DATABASE_UNAVAILABLE`.
 */
export async function reach(
  config: Omit<RawClientConfig, "connectionString"> & { readonly connectionTimeoutMillis: number },
  address: Address,
  patience: number,
): Promise<string> {
  const deadline = Date.now() + patience;
  let connectionString = address.connectionString;
  for (let attempts = 1; ; attempts++) {
    const pause = pauseAfter(attempts, RECONNECT);
    const rest = Math.max(shortestAttempt, deadline - Date.now());
    const connectionTimeoutMillis = Math.min(rest, config.connectionTimeoutMillis);
    const client = new RawClient({ ...config, connectionString, connectionTimeoutMillis });
    try {
      await client.connect();
      await checkVersion(client, address.place);
      return connectionString;
    } catch (error) {
      if (address.encryptionOptional && isReported(error) && noTls.test(error.message)) {
        connectionString = connectionString.replace("sslmode=prefer", "sslmode=disable");
      } else if (!mayPass(error) || Date.now() + pause >= deadline) {
        throw explainConnect(error, address.place);
      }
    } finally {
      await client.end();
    }
    await sleep(pause);
  }
}

function mayPass(error: unknown): boolean {
  if (!isReported(error) || !isLostConnection(error) || hopeless.test(error.code ?? "")) {
    return false;
  }
  return !noTls.test(error.message) && !refusedSettings.test(error.message);
}

function isReported(error: unknown): error is Reported {
  return error instanceof Error && !(error instanceof PuffError);
}

async function checkVersion(client: RawClient, place: string): Promise<void> {
  const { rows } = await client.query<{ version: string; number: string }>(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number",
  );
  const [row] = rows;
  if (row === undefined || Number(row.number) < oldestVersion * 10_000) {
    throw new PuffError("PUFF_DATABASE_UNAVAILABLE", `this is Postgres ${row?.version ?? "of an unknown version"}`, {
      place,
      remedy: `Use Postgres ${oldestVersion} or newer.`,
    });
  }
}
