/** The tree of an operation's fields. Columns of a parent are one line, since there is nothing to say of each. */
import type { ExplainedField } from "../../../planner/index.ts";

export function FieldTree({ fields }: { readonly fields: readonly ExplainedField[] }) {
  const columns = fields.filter((field) => field.plan.kind === "column" && field.fields.length === 0);
  const others = fields.filter((field) => !columns.includes(field));
  return (
    <ul className="puff-tree">
      {columns.length > 0 && (
        <li className="puff-columns">
          {[...new Set(columns.map(({ key }) => key))].map((key) => (
            <code key={key}>{key}</code>
          ))}
        </li>
      )}
      {others.map((field) => (
        <Field key={`${field.onType} ${field.key}`} field={field} />
      ))}
    </ul>
  );
}

function Field({ field }: { readonly field: ExplainedField }) {
  const { key, type, onType, plan, fetch, step, rows, fields } = field;
  return (
    <li>
      <div className="puff-field">
        {onType !== null && <span className="puff-dim">on {onType}</span>}
        <code>{key}</code> <span className="puff-dim">{type}</span>
        {step !== null && (
          <span className="puff-dim puff-rows">
            {rows} {rows === 1 ? "row" : "rows"} by step {step + 1}
          </span>
        )}
      </div>
      <Fact kind={plan.kind} why={plan.why} />
      {fetch !== null && <Fact kind={fetch.kind} why={fetch.why} />}
      {fields.length > 0 && <FieldTree fields={fields} />}
    </li>
  );
}

function Fact({ kind, why }: { readonly kind: string; readonly why: string }) {
  return (
    <p className="puff-fact">
      <span className={`puff-chip puff-${kind}`}>{kind}</span> {why}
    </p>
  );
}
