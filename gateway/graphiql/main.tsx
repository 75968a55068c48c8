/** GraphiQL's entry in the browser, bundled by Vite: all that it loads comes from the gateway itself. */
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";
import { GraphiQL, type GraphiQLProps } from "graphiql";
import { createRoot } from "react-dom/client";

const endpoint = new URL(readSetting("puff-graphql-url"), document.baseURI);

const fetcher: GraphiQLProps["fetcher"] = async (parameters, options) => {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...options?.headers,
    },
    body: JSON.stringify(parameters),
  });
  return await response.json();
};

const welcome = `# Ctrl-Space completes, Ctrl-Enter runs, the book on the left explains each type.
{
  __typename
}
`;

const search = new URLSearchParams(location.search);
const root = document.getElementById("graphiql");
if (root !== null) {
  createRoot(root).render(
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={welcome}
      // A playground's link may carry an operation: ?query=…&variables=…
      {...optional("initialQuery", search.get("query"))}
      {...optional("initialVariables", search.get("variables"))}
      defaultEditorToolsVisibility="variables"
    >
      <GraphiQL.Logo>puff-gateway</GraphiQL.Logo>
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
