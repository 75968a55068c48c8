/** GraphiQL's entry in the browser, bundled by Vite: all that it loads comes from the gateway itself. */
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";
import { GraphiQL, type GraphiQLProps } from "graphiql";
import { createRoot } from "react-dom/client";
import { readEvents } from "./events.ts";
import { createExplainPlugin } from "./explain/explain.tsx";
import { ChosenOperation, FirstQuery, welcome } from "./prefill.tsx";

const endpoint = new URL(readSetting("puff-graphql-url"), document.baseURI);

const fetcher: GraphiQLProps["fetcher"] = async (parameters, options) => {
  const abort = new AbortController();
  const response = await fetch(endpoint, {
    method: "POST",
    signal: abort.signal,
    headers: {
      // Events come last, so only what goes on is answered by them.
      accept: "application/graphql-response+json, application/json;q=0.9, text/event-stream;q=0.1",
      "content-type": "application/json",
      ...options?.headers,
    },
    body: JSON.stringify(parameters),
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  return isStream ? readEvents(response, abort) : await response.json();
};

// Where errors are masked, operations are not explained either.
const explainUrl = readSetting("puff-explain-url");
const plugins = explainUrl === "" ? [] : [createExplainPlugin(new URL(explainUrl, document.baseURI))];

// A link may carry an operation, as it does for a client: ?query=…&variables=…&operationName=…
const search = new URLSearchParams(location.search);
const operationName = search.get("operationName");
const root = document.getElementById("graphiql");
if (root !== null) {
  createRoot(root).render(
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={welcome}
      {...optional("initialQuery", search.get("query"))}
      {...optional("initialVariables", search.get("variables"))}
      defaultEditorToolsVisibility="variables"
      plugins={plugins}
    >
      <GraphiQL.Logo>puff-gateway</GraphiQL.Logo>
      <FirstQuery />
      {operationName !== null && <ChosenOperation name={operationName} />}
    </GraphiQL>,
  );
}

/** The gateway writes its settings into the page's `meta` elements, so that no inline script is needed. */
function readSetting(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

function optional<Name extends string>(name: Name, value: string | null): { [name in Name]?: string } {
  // A computed key widens to an index signature.
  return value === null ? {} : ({ [name]: value } as { [name in Name]?: string });
}
