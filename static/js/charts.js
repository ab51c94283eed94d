// Draws the charts of a page from its JSON endpoint: one shared time axis, one cursor, deploy marks. A click on
// a chart opens the calls of that moment. Knows no page in particular; needs uPlot loaded before it.

import { size } from "./units.js";

const UNITS = {
  count: (value) => value.toLocaleString(undefined, { maximumFractionDigits: 2 }),
  us: (value) => duration(value),
  usd: (value) => money(value),
  bytes: size,
};
const TONES = ["accent", "red", "amber", "green", "purple", "muted"];

export function duration(us) {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${trim(us / 1000)} ms`;
  if (us < 60e6) return `${trim(us / 1e6)} s`;
  return `${trim(us / 60e6)} min`;
}

export function money(usd) {
  if (usd === 0) return "$0";
  if (usd < 0.01) return `$${usd.toLocaleString(undefined, { maximumSignificantDigits: 2 })}`;
  return `$${usd.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

function moment(second) {
  if (second == null) return "–";
  return new Date(second * 1000).toLocaleString(undefined, {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
  });
}

function trim(number) {
  return number.toLocaleString(undefined, { maximumSignificantDigits: 3 });
}

function colour(name) {
  const style = getComputedStyle(document.documentElement);
  return style.getPropertyValue(`--chart-${TONES.includes(name) ? name : "accent"}`).trim() || "#066fd1";
}

function transparent(colourText, alpha) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colourText;
  const hex = probe.fillStyle;
  const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${parts.join(",")},${alpha})`;
}

function seriesOf(line, bars) {
  const stroke = colour(line.tone);
  return {
    label: line.label,
    stroke,
    width: bars ? 0 : 1.5,
    fill: bars ? transparent(stroke, 0.75) : undefined,
    paths: bars ? uPlot.paths.bars({ size: [0.8, 40], align: 1 }) : undefined,
    points: { show: false, filter: bars ? undefined : alone },
    spanGaps: false,
    value: (_plot, value) => (value == null ? "–" : UNITS[line.unit](value)),
  };
}

// A line needs two neighbours: a step between two in which nothing ran would not be seen without its dot.
function alone(plot, series) {
  const values = plot.data[series];
  return values.flatMap((value, at) => (value != null && values[at - 1] == null && values[at + 1] == null ? [at] : []));
}

// The step in which a moment lies: bars stand from the beginning of their step to its end, also under the cursor.
function stepOf(plot, _series, nearest, second) {
  return plot.data[0][nearest] > second ? Math.max(0, nearest - 1) : nearest;
}

function columnsOf(chart) {
  return chart.before ? [...chart.columns, chart.before.column] : chart.columns;
}

function lineBefore(line) {
  return { ...line, label: `${line.label}, before` };
}

function seriesBefore(line) {
  return {
    label: lineBefore(line).label,
    stroke: colour("muted"),
    width: 1.25,
    dash: [5, 3],
    points: { show: false, filter: alone },
    spanGaps: false,
    value: (_plot, value) => (value == null ? "–" : UNITS[line.unit](value)),
  };
}

function markDeploys(deploys) {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour("muted");
    ctx.setLineDash([4, 4]);
    for (const deploy of deploys) {
      const x = Math.round(plot.valToPos(deploy.at, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };
}

const WHOLE = [1, 2, 5].flatMap((first) => [0, 1, 2, 3, 4, 5, 6].map((power) => first * 10 ** power)).sort((a, b) => a - b);

// A day's charts say the hour, longer ones the day; 24 hours as in the tables beside them.
function clockOf(splits) {
  const long = splits.length > 1 && splits.at(-1) - splits[0] > 2 * 86400;
  const shape = long ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit", hour12: false };
  return splits.map((second) => new Date(second * 1000).toLocaleString(undefined, shape));
}

function room(_plot, labels) {
  const longest = Math.max(3, ...(labels ?? []).map((label) => label.length));
  return 12 + longest * 7.2;
}

function axes(unit) {
  const shared = {
    stroke: colour("muted"),
    grid: { stroke: transparent(colour("muted"), 0.15), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const values = (_plot, splits) => splits.map((value) => (value == null ? "" : UNITS[unit](value)));
  const incrs = unit === "count" ? WHOLE : undefined;
  return [
    { ...shared, space: 70, size: 28, values: (_plot, splits) => clockOf(splits) },
    { ...shared, values, size: room, ...(incrs && { incrs }) },
  ];
}

// A range drawn with the mouse becomes the page's range: it stands in the address, and every chart follows.
function zoom(plot, step) {
  const { left, width } = plot.select;
  if (width < 8) return;
  const whole = (pixel) => Math.round(plot.posToVal(pixel, "x") / step) * step;
  const [from, to] = [whole(left), whole(left + width)];
  if (to <= from) return;
  const address = new URL(location.href);
  address.searchParams.delete("span");
  address.searchParams.set("from", new Date(from * 1000).toISOString());
  address.searchParams.set("to", new Date(to * 1000).toISOString());
  location.assign(address);
}

function openMoment(figure, plot, step) {
  const door = figure.dataset.door;
  const index = plot.cursor.idxs?.[0];
  if (!door || index == null || plot.select.width >= 8) return;
  const from = plot.data[0][index];
  const address = new URL(door, location.href);
  address.searchParams.set("from", new Date(from * 1000).toISOString());
  address.searchParams.set("to", new Date((from + step) * 1000).toISOString());
  location.assign(address);
}

function draw(figure, chart, answer) {
  const place = figure.querySelector("[data-plot]");
  place.replaceChildren();
  const unit = chart.lines[0].unit;
  const before = chart.before ? [seriesBefore(chart.lines[chart.before.line])] : [];
  const plot = new uPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: 180,
      cursor: { dataIdx: stepOf, sync: { key: "page" }, focus: { prox: 24 }, y: false, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true, range: (_plot, first, last) => [first, last + answer.step] }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      series: [{ value: (_plot, second) => moment(second) }, ...chart.lines.map((line) => seriesOf(line, chart.bars)), ...before],
      axes: axes(unit),
      hooks: { draw: [markDeploys(answer.deploys)], setSelect: [(drawn) => zoom(drawn, answer.step)] },
      legend: { live: true },
    },
    [answer.times, ...columnsOf(chart)],
    place,
  );
  plot.over.addEventListener("click", () => openMoment(figure, plot, answer.step));
  const values = figure.querySelector("[data-values-of]");
  values.ontoggle = () => values.open && tabulate(figure, chart, answer);
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", summary(chart));
  return plot;
}

// The same numbers as text, newest first, made when somebody unfolds them; steps in which nothing ran are left out.
function tabulate(figure, chart, answer) {
  const place = figure.querySelector("[data-values]");
  const columns = columnsOf(chart);
  const lines = [...chart.lines, ...(chart.before ? [lineBefore(chart.lines[chart.before.line])] : [])];
  const rows = answer.times.map((time, at) => [time, ...columns.map((column) => column[at])]).reverse();
  const known = rows.filter((row) => row.slice(1).some((value) => value));
  const table = document.createElement("table");
  table.className = "table table-sm mb-0";
  const head = table.createTHead().insertRow();
  ["Time", ...lines.map((line) => line.label)].forEach((text) => {
    head.append(Object.assign(document.createElement("th"), { textContent: text, scope: "col" }));
  });
  const body = table.createTBody();
  for (const [time, ...values] of known) {
    const row = body.insertRow();
    row.insertCell().textContent = moment(time);
    values.forEach((value, at) => {
      const cell = row.insertCell();
      cell.className = "num";
      cell.textContent = value == null ? "–" : UNITS[lines[at].unit](value);
    });
  }
  place.replaceChildren(known.length ? table : "Nothing in this range.");
}

function summary(chart) {
  const parts = chart.lines.map((line, index) => {
    const known = chart.columns[index].filter((value) => value != null);
    if (!known.length) return `${line.label}: nothing in this range`;
    return `${line.label}: at most ${UNITS[line.unit](Math.max(...known))}`;
  });
  return `${chart.title}. ${parts.join("; ")}.`;
}

function fail(root, message) {
  root.dataset.state = "failed";
  const note = root.querySelector("[data-chart-error]");
  if (!note) return;
  note.querySelector("[data-message]").textContent = message;
  note.hidden = false;
}

async function load(root) {
  const response = await fetch(root.dataset.source, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}

async function start(root) {
  let answer;
  try {
    answer = await load(root);
  } catch (error) {
    fail(root, error.message);
    return;
  }
  let plots = [];
  const render = () => {
    plots.forEach((plot) => plot.destroy());
    plots = answer.charts.flatMap((chart) => {
      const figure = root.querySelector(`[data-chart="${chart.key}"]`);
      return figure ? [draw(figure, chart, answer)] : [];
    });
    root.dataset.state = "drawn";
  };
  render();
  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    render();
  }).observe(root);
  new MutationObserver(render).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

document.querySelectorAll("[data-charts]").forEach(start);
