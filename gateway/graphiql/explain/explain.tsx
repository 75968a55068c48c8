/** The tab that explains the operation in the editor: how each field was planned and fetched, and what it took. */
import "./explain.css";
import { Button, type GraphiQLPlugin, useGraphiQL } from "@graphiql/react";
import { useRef, useState } from "react";
import type { ExplainAnswer } from "../../explain/explanation.ts";
import { FieldTree } from "./explain-fields.tsx";
import { Step } from "./explain-steps.tsx";
import { useHalfThePage } from "./half-page.ts";

/** A plugin of GraphiQL's that asks the gateway at `url`. */
export function createExplainPlugin(url: URL): GraphiQLPlugin {
  return { title: "Explain", icon: ExplainIcon, content: () => <ExplainPanel url={url} /> };
}

/** What came of the last question. */
type Outcome =
  | { readonly kind: "none" | "waiting" }
  | { readonly kind: "answered"; readonly answer: ExplainAnswer }
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

function ExplainPanel({ url }: { readonly url: URL }) {
  const editors = useGraphiQL(({ queryEditor, variableEditor, headerEditor, operationName }) => ({
    ...{ queryEditor, variableEditor, headerEditor, operationName },
  }));
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" });
  const panel = useRef<HTMLElement>(null);
  useHalfThePage(panel);
  const ask = async (allowMutation: boolean) => {
    setOutcome({ kind: "waiting" });
    setOutcome(
      await askGateway(url, allowMutation, {
        query: editors.queryEditor?.getValue() ?? "",
        variables: editors.variableEditor?.getValue() ?? "",
        headers: editors.headerEditor?.getValue() ?? "",
        operationName: editors.operationName ?? null,
      }),
    );
  };
  return (
    <section ref={panel} className="puff-explain" aria-label="Explain" aria-busy={outcome.kind === "waiting"}>
      <header>
        <h2>Explain</h2>
        <Button type="button" disabled={outcome.kind === "waiting"} onClick={() => void ask(false)}>
          {outcome.kind === "waiting" ? "Running …" : "Explain the operation"}
        </Button>
      </header>
      {outcome.kind === "none" && (
        <p className="puff-hint">
          Runs the operation in the editor and shows how each field was planned and fetched, the calls into Python, the
          SQL and Postgres's own plan.
        </p>
      )}
      {outcome.kind === "refused" && <Refusal {...outcome} onAllow={() => void ask(true)} />}
      {outcome.kind === "answered" && <Answer {...outcome.answer} />}
    </section>
  );
}

function Refusal({ code, message, onAllow }: { code: string; message: string; onAllow: () => void }) {
  return (
    <div className="puff-refusal" role="alert">
      <p>{message}</p>
      {code === "PUFF_EXPLAIN_MUTATION" && (
        <Button type="button" onClick={onAllow}>
          Run it and roll back
        </Button>
      )}
    </div>
  );
}

function Answer({ type, fields, steps, duration, answer }: ExplainAnswer) {
  const calls = steps.filter((step) => step.kind === "python");
  const statements = steps.filter((step) => step.kind === "statement");
  const slowest = Math.max(...steps.map((step) => step.duration), Number.MIN_VALUE);
  return (
    <>
      <dl className="puff-totals">
        <Total label="in all" value={milliseconds(duration)} />
        <Total label={calls.length === 1 ? "Python call" : "Python calls"} value={calls.length} />
        <Total label={statements.length === 1 ? "statement" : "statements"} value={statements.length} />
        <Total label="rows" value={statements.reduce((sum, { rows }) => sum + rows, 0)} />
        <Total label="in the answer" value={bytes(answer.bytes)} />
      </dl>
      {answer.errors.length > 0 && (
        <ul className="puff-errors">
          {answer.errors.map((message, index) => (
            // Messages may repeat, and the list never changes.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <li key={index}>{message}</li>
          ))}
        </ul>
      )}
      {type === "mutation" && <p className="puff-hint">Its SQL was rolled back.</p>}
      <h3>Fields</h3>
      <FieldTree fields={fields} />
      <h3>Steps</h3>
      <ol className="puff-steps">
        {steps.map((step, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          <Step key={index} step={step} share={step.duration / slowest} />
        ))}
      </ol>
    </>
  );
}

function Total({ label, value }: { label: string; value: string | number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface Question {
  readonly query: string;
  /** As JSON text, and empty where there are none. */
  readonly variables: string;
  readonly headers: string;
  readonly operationName: string | null;
}

async function askGateway(url: URL, allowMutation: boolean, question: Question): Promise<Outcome> {
  const { query, operationName } = question;
  try {
    const target = new URL(allowMutation ? "?allow=mutation" : "", url);
    const response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json", ...readObject("headers", question.headers) },
      body: JSON.stringify({ query, operationName, variables: readObject("variables", question.variables) }),
    });
    const body: ExplainAnswer | Errors = await response.json();
    if (!("errors" in body)) {
      return { kind: "answered", answer: body };
    }
    const [error] = body.errors;
    return {
      kind: "refused",
      code: error?.extensions?.code ?? "",
      message: error?.message ?? `status ${response.status}`,
    };
  } catch (error) {
    return { kind: "refused", code: "", message: error instanceof Error ? error.message : String(error) };
  }
}

interface Errors {
  readonly errors: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

function readObject(name: string, text: string): { [name: string]: string } {
  if (text.trim() === "") {
    return {};
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The ${name} are not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** `1.2 ms`. */
function milliseconds(duration: number): string {
  return `${duration.toFixed(1)} ms`;
}

/** `1.2 kB`. */
function bytes(count: number): string {
  return count < 1000 ? `${count} B` : `${(count / 1000).toFixed(1)} kB`;
}

function ExplainIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 5h7M4 12h4M4 19h7" strokeLinecap="round" />
      <circle cx="16" cy="12" r="4.5" />
      <path d="m19.5 15.5 2.5 3" strokeLinecap="round" />
    </svg>
  );
}
