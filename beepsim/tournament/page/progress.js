// APS against battles fought, as SVG; and the page's start.

const CURVES = 8;
// Okabe and Ito's colours without yellow, which white paper swallows.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1c2733", "#8a6d3b", "#5b6773"];
const UNSETTLED = 0.1; // of the battles
const PLOT = { width: 1300, height: 420, left: 56, right: 280, top: 12, bottom: 44 };

function svg(tag, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

// Round numbers from low to high, about `most` of them.
function marks(low, high, most) {
  const raw = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= raw);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) found.push(at * step);
  return found;
}

function curveOf(bot) {
  const battles = packed("progress_battles");
  const points = [];
  for (let step = 0; step < battles.length; step++) {
    const aps = figure("progress_aps", step * count + bot);
    if (Number.isFinite(aps)) points.push([battles[step], aps]);
  }
  return { bot, points, low: frame.aps_low[bot], high: frame.aps_high[bot] };
}

function drawProgress() {
  const box = document.getElementById("curves");
  const bots = firstShown(CURVES);
  if (chosen.bot >= 0 && !bots.includes(chosen.bot)) bots.push(chosen.bot);
  const curves = bots.map(curveOf).filter((curve) => curve.points.length);
  if (!curves.length) {
    box.replaceChildren(element("p", "No battles of these bots.", "soft"));
    return;
  }
  const total = packed("progress_battles").at(-1);
  // The first battles say little and swing far: they may leave the plot.
  const settled = (curve) => curve.points.filter(([battles]) => battles >= UNSETTLED * total).map(([, aps]) => aps);
  const present = curves.flatMap((curve) => [...settled(curve), curve.low, curve.high]).filter(Number.isFinite);
  const [low, high] = [Math.max(Math.min(...present) - 1, 0), Math.min(Math.max(...present) + 1, 100)];
  const { width, height, left, right, top, bottom } = PLOT;
  const x = (battles) => left + (battles / total) * (width - left - right);
  const y = (aps) => height - bottom - ((aps - low) / (high - low)) * (height - top - bottom);
  const plot = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  plot.append(svg("title", {}, "APS against battles fought"));
  for (const mark of marks(low, high, 6)) {
    plot.append(svg("line", { x1: left, x2: width - right, y1: y(mark), y2: y(mark), stroke: "#e8ecef" }));
    plot.append(svg("text", { x: left - 8, y: y(mark) + 4, "text-anchor": "end" }, written(mark, high - low < 5 ? 1 : 0)));
  }
  for (const mark of marks(0, total, 8).filter(Number.isInteger)) {
    plot.append(svg("line", { x1: x(mark), x2: x(mark), y1: height - bottom, y2: height - bottom + 5, stroke: "#9aa5b0" }));
    plot.append(svg("text", { x: x(mark), y: height - bottom + 19, "text-anchor": "middle" }, String(mark)));
  }
  plot.append(svg("line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, stroke: "#9aa5b0" }));
  plot.append(svg("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "battles fought"));
  plot.append(svg("text", { transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, "APS, %"));
  const clip = svg("clipPath", { id: "inside" });
  clip.append(svg("rect", { x: left, y: 0, width: width - left - right + 4, height: height - bottom }));
  plot.append(clip);
  curves.forEach((curve, place) => drawCurve(plot, curve, place, x, y));
  labelCurves(plot, curves, y);
  box.replaceChildren(plot);
}

function drawCurve(plot, curve, place, x, y) {
  const colour = COLOURS[place % COLOURS.length];
  const thick = curve.bot === chosen.bot ? 3.5 : 1.6;
  const path = curve.points.map(([battles, aps]) => `${x(battles).toFixed(1)},${y(aps).toFixed(1)}`).join(" ");
  plot.append(svg("polyline", { points: path, fill: "none", stroke: colour, "stroke-width": thick, "clip-path": "url(#inside)" }));
  const [battles, last] = curve.points.at(-1);
  plot.append(svg("circle", { cx: x(battles), cy: y(last), r: 2.5, fill: colour }));
  if (!Number.isFinite(curve.low) || !Number.isFinite(curve.high)) return;
  const at = PLOT.width - PLOT.right + 8 + 7 * place;
  plot.append(svg("line", { x1: at, x2: at, y1: y(curve.low), y2: y(curve.high), stroke: colour, "stroke-width": 2 }));
  plot.append(svg("circle", { cx: at, cy: y(last), r: 2.5, fill: colour }));
}

// Names at the right end, each as near to its curve as the others leave it.
function labelCurves(plot, curves, y) {
  const at = PLOT.width - PLOT.right + 8 + 7 * curves.length + 4;
  const labels = curves.map((curve, place) => ({ curve, place, at: y(curve.points.at(-1)[1]) }));
  labels.sort((a, b) => a.at - b.at);
  labels.forEach((label, index) => {
    if (index) label.at = Math.max(label.at, labels[index - 1].at + 14);
  });
  let floor = PLOT.height - PLOT.bottom;
  for (const label of labels.reverse()) {
    label.at = Math.min(label.at, floor);
    floor = label.at - 14;
    const name = frame.bots[label.curve.bot].label;
    const text = name.length > 30 ? name.slice(0, 29) + "…" : name;
    const weight = label.curve.bot === chosen.bot ? "bold" : "normal";
    const made = svg("text", { x: at, y: label.at + 4, "font-weight": weight }, text);
    made.style.fill = COLOURS[label.place % COLOURS.length];
    plot.append(made);
  }
}

function start() {
  makeSortable(document.getElementById("bots"), drawProgress);
  makeSortable(document.getElementById("opponents"));
  for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
  for (const [id, kind] of [["filter", "input"], ["group", "change"]]) {
    document.getElementById(id)?.addEventListener(kind, () => {
      filterRanking();
      drawProgress();
    });
  }
  listenToChoices();
  listenToMatrix();
  drawLegend();
  matrix.picture = paintPicture();
  layOut();
  const row = frame.rows[0];
  const column = frame.columns.find((bot) => row !== undefined && between("battles", row, bot));
  if (column !== undefined) choosePairing(row, column);
  if (count) chooseBot(frame.order[0]);
}

start();
