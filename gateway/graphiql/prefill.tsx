/** What the editor holds when the page opens: the link's operation, or a first query made from the schema. */
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";
import { firstQuery } from "./first-query.ts";

const hint = "# Ctrl-Space completes, Ctrl-Enter runs, the book on the left explains each type.\n";

/** Shown until the schema is known, and where it stays unknown. */
export const welcome = `${hint}{\n  __typename\n}\n`;

/** Puts a query that the schema answers in the place of {@link welcome}. What a reader has written stays. */
export function FirstQuery() {
  const { schema, queryEditor } = useGraphiQL((state) => ({ schema: state.schema, queryEditor: state.queryEditor }));
  useEffect(() => {
    if (schema && queryEditor?.getValue() === welcome) {
      queryEditor.setValue(hint + firstQuery(schema));
    }
  }, [schema, queryEditor]);
  return null;
}

/** Chooses the operation that a link names, once the editor has read the document. */
export function ChosenOperation({ name }: { readonly name: string }) {
  const operations = useGraphiQL((state) => state.operations);
  const { setOperationName } = useGraphiQLActions();
  const chosen = useRef(false);
  useEffect(() => {
    if (!chosen.current && operations?.some((operation) => operation.name?.value === name)) {
      chosen.current = true;
      setOperationName(name);
    }
  }, [operations, name, setOperationName]);
  return null;
}
