/** What Postgres's catalogue says of functions that may change a session, and of what calls them unnamed. */
import type { RowSet, Statement } from "../../../planner/index.ts";

export interface SessionCatalogue {
  /** Lower-case names of functions that may change a session, and of relations and types that call one. */
  readonly names: ReadonlySet<string>;
  /** Such names that are not a single word. */
  readonly oddNames: readonly string[];
  /** Whether any statement may call such a function, as by an operator. */
  readonly everything: boolean;
  /** Whether a function may prepare statements: the text of a command that it executes is not known. */
  readonly prepares: boolean;
}

/**
 * Postgres's own that change a session, or run SQL that they are given as text. Of extensions' functions in C, only those
 * that run SQL or keep connections.
 */
const builtIn =
  "set_config setseed nextval setval pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared " +
  "pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all query_to_xml query_to_xmlschema " +
  "query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml table_to_xml_and_xmlschema schema_to_xml " +
  "schema_to_xml_and_xmlschema database_to_xml database_to_xml_and_xmlschema ts_stat ts_rewrite " +
  "crosstab crosstab2 crosstab3 crosstab4 crosstabn connectby xpath_table dblink dblink_connect dblink_connect_u " +
  "dblink_open dblink_exec dblink_send_query dblink_fetch dblink_close dblink_disconnect dblink_get_result";

/** Kind, name, text. Users' objects have numbers from 16384 on; an extension's functions in C are its authors'. */
export const catalogueStatement: Statement = {
  text: `
    WITH own AS MATERIALIZED (
      SELECT p.oid, p.proname AS name, CASE WHEN p.prosrc ~* 'prepare|execute' THEN 'prepare' ELSE '' END AS text
      FROM pg_proc AS p
      WHERE p.oid >= 16384 AND NOT (
        p.prolang IN (SELECT l.oid FROM pg_language AS l WHERE l.lanname IN ('c', 'internal'))
        AND EXISTS (
          SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        )
      )
    )
    SELECT 'function' AS kind, name, text FROM own
    UNION ALL SELECT 'caller', c.relname, pg_get_viewdef(c.oid) FROM pg_class AS c WHERE c.relkind = 'v' AND c.oid >= 16384
    UNION ALL SELECT 'caller', c.relname, concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid))
      FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
    UNION ALL SELECT 'everywhere', '', pg_get_constraintdef(c.oid) FROM pg_constraint AS c WHERE c.contypid <> 0
    UNION ALL SELECT 'everywhere', '', own.name FROM own WHERE
      EXISTS (SELECT FROM pg_operator AS o WHERE o.oid >= 16384 AND own.oid IN (o.oprcode, o.oprrest, o.oprjoin))
      OR EXISTS (SELECT FROM pg_cast AS c WHERE c.oid >= 16384 AND own.oid = c.castfunc)
      OR EXISTS (SELECT FROM pg_amproc AS a WHERE a.oid >= 16384 AND own.oid = a.amproc)
      OR EXISTS (SELECT FROM pg_range AS r WHERE own.oid IN (r.rngcanonical, r.rngsubdiff))`,
  params: [],
};

export function readCatalogue(rows: RowSet): SessionCatalogue {
  const names = new Set(builtIn.split(" "));
  const callers: { readonly name: string; readonly words: readonly string[] }[] = [];
  let prepares = false;
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    const [kind, name, text] = [rows.text(0), rows.text(1).toLowerCase(), rows.isNull(2) ? "" : rows.text(2)];
    if (kind === "function") {
      names.add(name);
      prepares ||= text !== "";
    } else {
      callers.push({ name: kind === "everywhere" ? everywhere : name, words: wordsOf(text.toLowerCase()) });
    }
  }
  // Views call views.
  for (let before = -1; before < names.size; ) {
    before = names.size;
    for (const { name, words } of callers) {
      if (words.some((word) => names.has(word))) {
        names.add(name);
      }
    }
  }
  const oddNames = [...names].filter((name) => name !== everywhere && wordsOf(name).join() !== name);
  return { names, oddNames, everything: names.has(everywhere), prepares };
}

/** No word of a text. */
const everywhere = " ";

/** The words of a lower-case text, those of its strings and comments, too. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}\p{N}_$]+/gu) ?? [];
}
