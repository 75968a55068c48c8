import { expect, test } from "vitest";
import { type GraphiqlPage, renderGraphiql } from "./graphiql.ts";

const bundle = {
  folder: "/nowhere",
  template: `<meta content="__GRAPHQL_URL__"><script src="./assets/a.js"></script>`,
};

test.each<readonly [page: GraphiqlPage, html: string]>([
  [
    { url: "/graphql", assetsPrefix: "", graphqlUrl: "/graphql", explainUrl: null },
    `<meta content="./graphql"><script src="./graphiql-assets/a.js"></script>`,
  ],
  [
    {
      url: "/a/b/play",
      assetsPrefix: "/a",
      graphqlUrl: "/a/graphql",
      explainUrl: null,
    },
    `<meta content="../../a/graphql"><script src="../../a/graphiql-assets/a.js"></script>`,
  ],
  [
    { url: "/graphql", assetsPrefix: "", graphqlUrl: '/"<x>', explainUrl: null },
    `<meta content="./&quot;&lt;x>"><script src="./graphiql-assets/a.js"></script>`,
  ],
])("a page's URLs are relative to it, so that it works behind a proxy: %o", (page, html) => {
  const { status, headers, body } = renderGraphiql(bundle, page);
  expect(body.toString()).toBe(html);
  expect(status).toBe(200);
  expect(headers["content-security-policy"]).toContain("script-src 'self'");
});

test("a source checkout says how to build it", () => {
  const page = { url: "/graphql", assetsPrefix: "", graphqlUrl: "/graphql", explainUrl: null };
  const { status, body } = renderGraphiql(null, page);
  expect(status).toBe(503);
  expect(body.toString()).toContain("npm run build");
});
