/** Opens one connection, with TLS or without, as the URL and the server want it. */
import { connectFailures, hasCode } from "../errors/reported.ts";
import { RawClient, type RawClientConfig } from "../wire/raw-client.ts";

/**
 * Connects: without TLS where `tlsOptional` says so and the server has none.
 *
 * @throws what the server says, or a failure with a code.
 */
export async function openClient(config: RawClientConfig, tlsOptional: boolean): Promise<RawClient> {
  try {
    return await openAsIs(config);
  } catch (error) {
    if (tlsOptional && hasCode(error, connectFailures.tlsRefused)) {
      return await openAsIs({ ...config, ssl: false });
    }
    throw error;
  }
}

async function openAsIs(config: RawClientConfig): Promise<RawClient> {
  const client = new RawClient(config);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}
