/** What a page's rows become: the items that are shown of each parent, and what the page says of itself. */
import { Output } from "../bytes/output.ts";
import type { RowSet } from "../bytes/rows.ts";
import type { Groups } from "../layers/layers.ts";
import type { ValueObject } from "../layers/values.ts";
import type { Page, PagePlan } from "./compose.ts";

/** Whether a plan's rows are a page. */
export function isPage(plan: object): plan is PagePlan {
  return "page" in plan;
}

/** The rows of each parent that are shown, in their order, and whether there were more, by group. */
export interface CutPage {
  readonly groups: Groups;
  readonly more: readonly boolean[];
}

/** Leaves out the row that tells of further ones, and turns round rows that came from the last to the first. */
export function cutPage(groups: Groups, { limit, looksAhead, backward }: Page): CutPage {
  if (!looksAhead && !backward) {
    return { groups, more: [] };
  }
  const count = groups.starts.length - 1;
  const starts = new Int32Array(count + 1);
  const rows = new Int32Array(groups.rows.length);
  const more: boolean[] = [];
  let end = 0;
  for (let group = 0; group < count; group++) {
    const [from = 0, to = 0] = groups.starts.subarray(group, group + 2);
    const shown = groups.rows.subarray(from, limit === null ? to : Math.min(to, from + limit));
    more.push(limit !== null && to - from > limit);
    rows.set(backward ? shown.toReversed() : shown, end);
    end += shown.length;
    starts[group + 1] = end;
  }
  return { groups: { of: groups.of, starts, rows }, more };
}

/** Writes the cursor of a row. */
export function cursorWriter(rows: RowSet, { page, terms }: PagePlan): (out: Output, row: number) => void {
  return page.cursors.writer(
    rows,
    terms.map((term) => rows.indexOf(term)),
  );
}

/**
 * What a connection's page says of itself, for each of its parents.
 *
 * There are rows before a page to which a cursor led, and behind one that looked ahead and found a row more.
 */
export function pageInfos({ groups, more }: CutPage, rows: RowSet, plan: PagePlan): ValueObject[] {
  const { page, terms } = plan;
  const write = cursorWriter(rows, plan);
  const cursorOf = (row: number): unknown => {
    const out = new Output(0);
    write(out, row);
    return JSON.parse(out.finish().toString());
  };
  return Array.from(groups.of, (group) => {
    const [from = 0, to = 0] = group === -1 ? [] : groups.starts.subarray(group, group + 2);
    const isMore = group !== -1 && more[group] === true;
    const cursor = (at: number) => (from === to || terms.length === 0 ? null : cursorOf(groups.rows[at] ?? 0));
    const attributes = {
      hasNextPage: page.backward ? page.cameFrom : isMore,
      hasPreviousPage: page.backward ? isMore : page.cameFrom,
      get startCursor() {
        return cursor(from);
      },
      get endCursor() {
        return cursor(to - 1);
      },
    };
    return { attributes, typeName: null, wire: false };
  });
}
