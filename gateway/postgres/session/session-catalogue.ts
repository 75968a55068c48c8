/** What Postgres's catalogue says of functions that may change a session, and of what calls them unnamed. */
import type { RowSet, Statement } from "../../../planner/index.ts";
import { isHarmless, wordsOf } from "./function-source.ts";

export interface SessionCatalogue {
  /** By what statements that read may change their session. */
  readonly reads: Names;
  /** By what those that write may: triggers, defaults, checks and cascades call functions, too. */
  readonly writes: Names;
  /** Whether any statement may call a function that changes its session, as by an operator. */
  readonly everything: boolean;
  /** Whether a function may prepare statements: the text of a command that it executes is not known. */
  readonly prepares: boolean;
}

/** Of functions that may change a session, and of relations that call one. */
export interface Names {
  /** In lower case. */
  readonly all: ReadonlySet<string>;
  /** Those that are not a single word. */
  readonly odd: readonly string[];
}

/**
 * Postgres's own that change a session, or run SQL that they are given as text. Of extensions' functions in C, only those
 * that run SQL or keep connections. Those of sequences are not among them: all that writes has these discarded.
 */
const builtIn =
  "set_config setseed pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared " +
  "pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all query_to_xml query_to_xmlschema " +
  "query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml table_to_xml_and_xmlschema schema_to_xml " +
  "schema_to_xml_and_xmlschema database_to_xml database_to_xml_and_xmlschema ts_stat ts_rewrite " +
  "crosstab crosstab2 crosstab3 crosstab4 crosstabn connectby xpath_table dblink dblink_connect dblink_connect_u " +
  "dblink_open dblink_exec dblink_send_query dblink_fetch dblink_close dblink_disconnect dblink_get_result set_limit";

/** Characters of a function's source up to which it is looked at: longer ones may do anything. */
const longestSource = 4_000;

/**
 * Kind, name, text. Users' objects have numbers from 16384 on; an extension's functions in C are its authors'. A function's
 * text is null if it can't be read.
 */
export const catalogueStatement: Statement = {
  text: `
    WITH own AS MATERIALIZED (
      SELECT p.oid, p.proname AS name, p.prosrc ~* 'prepare|execute' AS prepares,
        CASE WHEN l.lanname IN ('sql', 'plpgsql') AND length(p.prosrc) BETWEEN 1 AND ${longestSource} 
          THEN concat(p.prosrc, ' ', pg_get_expr(p.proargdefaults, 0)) END AS text
      FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
      WHERE p.oid >= 16384 AND NOT (
        l.lanname IN ('c', 'internal')
        AND EXISTS (
          SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
        )
      )
    )
    SELECT 'function' AS kind, name, text FROM own
    UNION ALL SELECT 'prepares', '', '' FROM own WHERE prepares
    UNION ALL SELECT 'reads', c.relname, pg_get_viewdef(c.oid) FROM pg_class AS c WHERE c.relkind = 'v' AND c.oid >= 16384
    UNION ALL SELECT 'reads', c.relname, concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid))
      FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
    UNION ALL SELECT 'writes', c.relname,
        concat(pg_get_triggerdef(t.oid), CASE WHEN t.tgdeferrable THEN ' set_config' END) -- at the end, which nothing follows
      FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL SELECT 'writes', c.relname, pg_get_ruledef(r.oid)
      FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class WHERE r.ev_type <> '1'
    UNION ALL SELECT 'writes', c.relname, pg_get_expr(a.adbin, a.adrelid)
      FROM pg_attrdef AS a JOIN pg_class AS c ON c.oid = a.adrelid
    UNION ALL SELECT 'writes', c.relname, concat(pg_get_expr(i.indexprs, i.indrelid), ' ', pg_get_expr(i.indpred, i.indrelid))
      FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL SELECT 'writes', c.relname, pg_get_expr(p.partexprs, p.partrelid)
      FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid WHERE p.partexprs IS NOT NULL
    UNION ALL SELECT 'writes', c.relname, pg_get_constraintdef(k.oid)
      FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid WHERE k.contype = 'c'
    UNION ALL SELECT 'writes', parent.relname, child.relname
      FROM pg_constraint AS k JOIN pg_class AS parent ON parent.oid = k.confrelid JOIN pg_class AS child ON child.oid = k.conrelid
      WHERE k.contype = 'f' AND (k.confupdtype NOT IN ('a', 'r') OR k.confdeltype NOT IN ('a', 'r'))
    UNION ALL SELECT 'writes', parent.relname, child.relname
      FROM pg_inherits AS h JOIN pg_class AS parent ON parent.oid = h.inhparent JOIN pg_class AS child ON child.oid = h.inhrelid
      WHERE child.relkind NOT IN ('i', 'I')
    UNION ALL SELECT 'everywhere', '', pg_get_constraintdef(c.oid) FROM pg_constraint AS c WHERE c.contypid <> 0
    UNION ALL SELECT 'everywhere', '', pg_get_expr(t.typdefaultbin, 0) FROM pg_type AS t WHERE t.typdefaultbin IS NOT NULL
    UNION ALL SELECT 'everywhere', '', own.name FROM own WHERE
      EXISTS (SELECT FROM pg_operator AS o WHERE o.oid >= 16384 AND own.oid IN (o.oprcode, o.oprrest, o.oprjoin))
      OR EXISTS (SELECT FROM pg_cast AS c WHERE c.oid >= 16384 AND own.oid = c.castfunc)
      OR EXISTS (SELECT FROM pg_amproc AS a WHERE a.oid >= 16384 AND own.oid = a.amproc)
      OR EXISTS (SELECT FROM pg_range AS r WHERE own.oid IN (r.rngcanonical, r.rngsubdiff))`,
  params: [],
};

/** What calls functions by its definition. */
interface Caller {
  readonly name: string;
  readonly text: string;
  readonly words: readonly string[];
}

export function readCatalogue(rows: RowSet): SessionCatalogue {
  const names = new Set(builtIn.split(" "));
  const callers: Caller[] = [];
  const writing: Caller[] = [];
  let prepares = false;
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    const [kind, own] = [rows.text(0), rows.text(1).toLowerCase()];
    const text = rows.isNull(2) ? null : rows.text(2).toLowerCase();
    if (kind === "prepares") {
      prepares = true;
    } else if (kind === "function" && (text === null || !isHarmless(text))) {
      names.add(own);
    } else if (text !== null) {
      const caller = { name: kind === "everywhere" ? everywhere : own, text, words: wordsOf(text) };
      (kind === "writes" ? writing : callers).push(caller);
    }
  }
  const reads = namesOf(names, callers);
  const writes = namesOf(reads.all, [...callers, ...writing]);
  return { reads, writes, everything: writes.all.has(everywhere), prepares };
}

/** No word of a text. */
const everywhere = " ";

/** The names, and those of what calls them, also by way of others: views call views. */
function namesOf(known: ReadonlySet<string>, callers: readonly Caller[]): Names {
  const all = new Set(known);
  let odd = oddOf(all);
  for (let before = -1; before < all.size; ) {
    before = all.size;
    for (const { name, text, words } of callers) {
      if (!all.has(name) && mentions(text, words, { all, odd })) {
        all.add(name);
        odd = oddOf(all);
      }
    }
  }
  return { all, odd };
}

function oddOf(all: ReadonlySet<string>): readonly string[] {
  return [...all].filter((name) => name !== everywhere && wordsOf(name).join() !== name);
}

/** Whether a lower-case text, which has these words, has one of the names. */
export function mentions(text: string, words: readonly string[], { all, odd }: Names): boolean {
  return words.some((word) => all.has(word)) || odd.some((name) => text.includes(name));
}
