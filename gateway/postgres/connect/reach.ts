/** The first connection to a database, at start. */
import { setTimeout as sleep } from "node:timers/promises";
import { PuffError, pauseAfter, reconnect } from "../../../schema/index.ts";
import { isFromServer, isLostConnection, type Reported } from "../errors/reported.ts";
import { asConnectError } from "../errors/unavailable.ts";
import type { RawClient, RawClientConfig } from "../wire/raw-client.ts";
import { openClient } from "./open-client.ts";
import type { Address, ServerConfig } from "./url.ts";

/** Older versions are out of support, and print some values otherwise. */
const oldestVersion = 14;
/** Milliseconds that one attempt gets at least. */
const shortestAttempt = 1_000;
/** The URL is wrong, or TLS is: waiting won't help. */
const hopeless = /^(28|3D000|ETLSREFUSED|CERT|ERR_(SSL|TLS)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/**
 * Connects once, trying again for `patience` milliseconds where that may help, and looks at the server's version.
 *
 * @returns what to connect with from now on.
 * @throws PuffError `PUFF_DATABASE_UNAVAILABLE`.
 */
export async function reach(
  config: Omit<RawClientConfig, keyof ServerConfig> & { readonly connectionTimeoutMillis: number },
  address: Address,
  patience: number,
): Promise<ServerConfig> {
  const deadline = Date.now() + patience;
  for (let attempts = 1; ; attempts++) {
    const pause = pauseAfter(attempts, reconnect);
    const rest = Math.max(shortestAttempt, deadline - Date.now());
    const connectionTimeoutMillis = Math.min(rest, config.connectionTimeoutMillis);
    const whole = { ...address.config, ...config, connectionTimeoutMillis };
    try {
      const client = await openClient(whole, address.tlsOptional);
      await checkVersion(client, address.place).finally(() => client.end());
      return client.connection.ssl === false ? { ...address.config, ssl: false } : address.config;
    } catch (error) {
      if (
        config.keepsStatements &&
        isPoolers(error) &&
        (await connects({ ...whole, settings: {} }, address.tlsOptional))
      ) {
        throw new PuffError("PUFF_DATABASE_UNAVAILABLE", `this is a pooler: ${error.message}`, {
          place: address.place,
          remedy: "Set --database-pooler, or pooler = true in its [[postgres]].",
          cause: error,
        });
      }
      if (!mayPass(error) || Date.now() + pause >= deadline) {
        throw asConnectError(error, address.place);
      }
    }
    await sleep(pause);
  }
}

/** Whether a pooler, rather than Postgres, refuses what a session begins with: Postgres names its routine. */
function isPoolers(error: unknown): error is Reported {
  return isReported(error) && isFromServer(error) && error.code === "08P01" && error.routine === undefined;
}

async function connects(config: RawClientConfig, tlsOptional: boolean): Promise<boolean> {
  return await openClient(config, tlsOptional).then(
    (client) => client.end().then(() => true),
    () => false,
  );
}

function mayPass(error: unknown): boolean {
  return isReported(error) && isLostConnection(error) && !hopeless.test(error.code ?? "");
}

function isReported(error: unknown): error is Reported {
  return error instanceof Error && !(error instanceof PuffError);
}

async function checkVersion(client: RawClient, place: string): Promise<void> {
  const { rows } = await client.command<{ version: string; number: string }>(
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
