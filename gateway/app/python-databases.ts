/** The databases as Python reaches them: by psycopg2, on pools of its own. */
import type { FastifyBaseLogger } from "fastify";
import type { Settings } from "../options/settings.ts";
import { serverVariables, sessionSettings, silenceMargin } from "../postgres/index.ts";
import { Psycopg2Service, type StatementOptions } from "../psycopg2/index.ts";

/** How the planner's statements run on Python's connections. */
export function statementOptions({ limits: { rows, statementTimeout } }: Settings): StatementOptions {
  // As through a pooler, each statement brings its settings.
  const local = (readOnly: boolean) => sessionSettings({ pooler: true, readOnly, statementTimeout });
  return {
    ...{ reads: local(true), writes: local(false) },
    limits: { maxRows: rows, silence: statementTimeout === 0 ? 0 : statementTimeout + silenceMargin },
  };
}

/** Psycopg2's pools, one for each database. */
export function createPsycopg2({ databases, environment, limits }: Settings, log: FastifyBaseLogger): Psycopg2Service {
  const { poolSize: size, poolQueue: queueLimit, poolTimeout: acquireTimeout, clientShare } = limits;
  return new Psycopg2Service({
    pools: databases.map(({ name, url }) => ({ name, url, size, queueLimit, acquireTimeout, clientShare })),
    // Other databases, such as those that Django's tests make, are looked for on the first pool's server.
    environment:
      "PGHOST" in environment || databases[0] === undefined
        ? environment
        : { ...serverVariables(databases[0].url), ...environment },
    onLeftOpen: () => log.warn("a call into Python left a transaction open: it was rolled back"),
    onBeside: (name) => log.warn(describeBeside(name)),
  });
}

function describeBeside(name: string): string {
  return (
    `a resolver with borrow_db_context used database ${name} on a connection of its own, which names a server: ` +
    "that work is committed even if the field fails. " +
    `Connect by dbname=${name} alone; in Django's DATABASES by NAME "${name}" without HOST, PORT, USER and PASSWORD`
  );
}
