/** A process that uses an embedded Postgres until it is ended: `node serve-postgres.ts FOLDER`. Prints its URL. */
import { startEmbeddedPostgres } from "../../../gateway/postgres/index.ts";

const [, , folder = ""] = process.argv;
const { url, fresh } = await startEmbeddedPostgres({ folder, onLog: () => undefined });
process.stdout.write(`${JSON.stringify({ url, fresh })}\n`);
// An uncaught error or process.exit reaches no stop(): closing stdin stands for both.
process.stdin.resume().once("end", () => process.exit());
