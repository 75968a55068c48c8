/** Statements that a connection knows by name, and the messages that prepare and run them. */
import type { Statement } from "../../../planner/index.ts";
import type { PreparedStatement } from "./exchange.ts";
import type { RawConnection } from "./raw-client.ts";

/** What a statement's preparation is found by: no SQL begins with a number. */
export function keyOf({ text, params }: Statement): string {
  return params.length === 0 ? text : `${params.map(([oid]) => oid).join()} ${text}`;
}

/** Sends what runs a statement whose columns nobody wants, with what prepares it where the connection does not know it. */
export function sendStep(connection: RawConnection, statement: Statement): void {
  const prepared = prepare(connection, statement, keyOf(statement), "never");
  execute(
    connection,
    prepared,
    statement.params.map(([, value]) => value),
  );
}

/** Sends what prepares a statement where the connection does not know it, and has it described then, always or never. */
export function prepare(
  connection: RawConnection,
  { text, params }: Statement,
  key: string,
  described: "first" | "always" | "never",
): PreparedStatement {
  const known = connection.prepared.get(key);
  const prepared = known ?? {
    ...{ key, name: connection.nameStatement() },
    ...{ columns: null, yieldsRows: true, parameterTypes: null, size: 0 },
  };
  if (known === undefined) {
    connection.keep(prepared);
    connection.parse({ name: prepared.name, text, types: params.map(([oid]) => oid) });
  }
  if (described === "always" || (described === "first" && known === undefined)) {
    connection.describe({ type: "S", name: prepared.name });
  }
  return prepared;
}

export function execute(connection: RawConnection, { name }: PreparedStatement, values: (string | null)[]): void {
  connection.bind({ statement: name, values });
  connection.execute(null);
}
