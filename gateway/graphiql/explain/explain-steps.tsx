/** A call into Python, or an SQL statement with its parameters and Postgres's plan. */
import type { ExplainAnswer } from "../../explain/explanation.ts";

type AnyStep = ExplainAnswer["steps"][number];
type PythonStep = Extract<AnyStep, { kind: "python" }>;
type StatementStep = Extract<AnyStep, { kind: "statement" }>;

/** `share`: its time as a part of the slowest step's. */
export function Step({ step, share }: { readonly step: AnyStep; readonly share: number }) {
  return (
    <li>
      <div className="puff-step">
        <strong>{step.kind === "python" ? "Python" : "SQL"}</strong>
        <span className="puff-dim">{step.duration.toFixed(1)} ms</span>
        <span className="puff-bar" style={{ width: `${Math.round(share * 100)}%` }} />
      </div>
      {step.kind === "python" ? <Call {...step} /> : <Statement {...step} />}
    </li>
  );
}

function Call({ fields }: PythonStep) {
  return (
    <p className="puff-names">
      {fields.length === 0 ? "auth" : fields.map((field) => <code key={field}>{field}</code>)}
    </p>
  );
}

function Statement({ layers, sql, params, plan, problem, rows, bytes }: StatementStep) {
  return (
    <>
      <p className="puff-names">
        {layers.map((layer, index) => (
          // Two types of one interface may have layers of one path.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
          <code key={index}>
            {layer.path} <span className="puff-dim">{layer.rows}</span>
          </code>
        ))}
        <span className="puff-dim">
          {rows} {rows === 1 ? "row" : "rows"}, {bytes} bytes
        </span>
      </p>
      <pre className="puff-sql">{sql}</pre>
      {params.length > 0 && (
        <table>
          <tbody>
            {params.map(({ value, type }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a parameter is its number
              <tr key={index}>
                <th scope="row">${index + 1}</th>
                <td>{value === null ? <em>NULL</em> : <code>{value}</code>}</td>
                <td className="puff-dim">{type}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {problem !== null && <p className="puff-refusal">Postgres does not plan it: {problem}</p>}
      {plan.length > 0 && (
        <details>
          <summary>Postgres's plan</summary>
          <pre>{plan.join("\n")}</pre>
        </details>
      )}
    </>
  );
}
