/** The width of a plugin that needs more room than the documentation. */
import { useGraphiQL } from "@graphiql/react";
import { type RefObject, useEffect } from "react";

/** Gives the plugin that holds `content` half of the page while it is open, unless the reader has chosen a width. */
export function useHalfThePage(content: RefObject<HTMLElement | null>): void {
  const storage = useGraphiQL((state) => state.storage);
  useEffect(() => {
    const plugin = content.current?.closest<HTMLElement>(".graphiql-plugin");
    const chosen = () => Number.parseFloat(storage.get(widthKey) ?? "") > 0;
    if (!plugin || chosen()) {
      return;
    }
    // GraphiQL sets its own width in an effect, which runs after this one.
    const frame = requestAnimationFrame(() => {
      plugin.style.flex = "1";
    });
    return () => {
      cancelAnimationFrame(frame);
      if (!chosen()) {
        plugin.style.flex = documentationWidth;
      }
    };
  }, [content, storage]);
}

/** Where GraphiQL keeps the width after it was dragged, as a share of the rest of the page, and what it is before. */
const widthKey = "docExplorerFlex";
const documentationWidth = `${1 / 3}`;
