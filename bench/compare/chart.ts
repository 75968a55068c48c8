/** A chart of the comparison: for each workload a bar a server, as long as its requests a second. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly highlighted: boolean;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export const chartHeading = "Requests per second (longer is better)";

const panelWidth = 470;
const barHeight = 18;
const gap = 6;
const labelWidth = 210;
const valueWidth = 60;
const titleHeight = 30;
const headingHeight = 34;
const columns = 2;

/**
 * Draws panels in two columns below a heading; within each, the longest bar is as wide as there is room.
 *
 * @example
 * drawChart("Requests/s", [{ title: "W1", bars: [{ label: "the limit", value: 9000, highlighted: false }] }]); // "<svg …"
 */
export function drawChart(heading: string, panels: readonly Panel[]): string {
  const most = Math.max(0, ...panels.map(({ bars }) => bars.length));
  const panelHeight = titleHeight + most * (barHeight + gap) + 2 * gap;
  const width = columns * panelWidth;
  const height = headingHeight + Math.ceil(panels.length / columns) * panelHeight;
  const drawn = panels.map((panel, index) => {
    const [x, y] = [(index % columns) * panelWidth, headingHeight + Math.floor(index / columns) * panelHeight];
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ' font-family="system-ui, sans-serif" font-size="12">',
    `<title>${escapeXml(heading)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="23" font-size="15" font-weight="bold" fill="#222222">${escapeXml(heading)}</text>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function drawPanel({ title, bars }: Panel): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const room = panelWidth - labelWidth - valueWidth;
  const drawn = bars.map(({ label, value, highlighted }, index) => {
    const y = titleHeight + index * (barHeight + gap);
    const length = Math.max(1, (value / longest) * room).toFixed(1);
    const [middle, fill] = [y + barHeight / 2 + 4, highlighted ? "#2457a7" : "#a9b4c2"];
    return [
      `<text x="${labelWidth - 8}" y="${middle}" text-anchor="end" fill="#222222">${escapeXml(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" fill="${fill}"/>`,
      `<text x="${(labelWidth + Number(length) + 5).toFixed(1)}" y="${middle}" fill="#222222">${formatValue(value)}</text>`,
    ].join("\n");
  });
  return [`<text x="8" y="20" font-weight="bold" fill="#222222">${escapeXml(title)}</text>`, ...drawn].join("\n");
}

function formatValue(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
