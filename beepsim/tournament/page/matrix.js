// The heat map of the pairing scores: colours, drawing, zooming, and which cell the pointer is on.

// Orange to blue through white, which colour-blind readers tell apart (ColorBrewer); 0, 50 and 100 per cent.
const STOPS = ["7f3b08", "b35806", "e08214", "fdb863", "fee0b6", "f7f7f7", "d1e5f0", "92c5de", "4393c3", "2166ac", "053061"];
const UNMET = [207, 213, 218];
const LARGEST_CELL = 36;
const NAMED_FROM = 11; // px of a cell from which names stand beside it, and
const FIGURES_FROM = 25; // figures in it
const HIGHEST = 720;
const BELOW = 8; // px under the last row, for half of a number beside it
const matrix = { left: 0, top: 0, x: 0, y: 0, size: 1, whole: 1, width: 0, height: 0, picture: null, labels: 0 };

function colourOf(share) {
  const place = (Math.min(Math.max(share, 0), 100) / 100) * (STOPS.length - 1);
  const first = Math.min(Math.floor(place), STOPS.length - 2);
  const part = (index, byte) => parseInt(STOPS[index].slice(2 * byte, 2 * byte + 2), 16);
  return [0, 1, 2].map((byte) => part(first, byte) + (place - first) * (part(first + 1, byte) - part(first, byte)));
}

// One pixel for each pairing, rows and columns in the order of the ranking.
function paintPicture() {
  const { rows, columns } = frame;
  const picture = document.createElement("canvas");
  picture.width = Math.max(columns.length, 1);
  picture.height = Math.max(rows.length, 1);
  const context = picture.getContext("2d");
  const pixels = context.createImageData(picture.width, picture.height);
  const colours = Array.from({ length: 1001 }, (_, tenths) => colourOf(tenths / 10));
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const share = between("share", row, column);
      const [red, green, blue] = Number.isFinite(share) ? colours[Math.round(10 * share)] : UNMET;
      pixels.data[at++] = red;
      pixels.data[at++] = green;
      pixels.data[at++] = blue;
      pixels.data[at++] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  return picture;
}

function layOut() {
  const canvas = document.getElementById("matrix");
  const context = canvas.getContext("2d");
  const across = Math.max(frame.columns.length, 1);
  const down = Math.max(frame.rows.length, 1);
  context.font = "12px system-ui, sans-serif";
  const shown = new Set([...frame.rows.slice(0, 500), ...frame.columns.slice(0, 500)]);
  const widths = [...shown].map((bot) => context.measureText(frame.bots[bot].label).width);
  matrix.labels = Math.min(Math.max(...widths, 30) + 12, 170);
  const full = canvas.parentElement.clientWidth;
  const fitting = (margin) => Math.min((full - margin - 2) / across, HIGHEST / down, LARGEST_CELL);
  matrix.whole = fitting(matrix.labels) >= NAMED_FROM ? fitting(matrix.labels) : Math.min(fitting(52), NAMED_FROM - 0.01);
  setMargins(matrix.whole);
  const high = Math.ceil(matrix.top + matrix.whole * down + BELOW);
  canvas.width = Math.round(full * devicePixelRatio);
  canvas.height = Math.round(high * devicePixelRatio);
  Object.assign(matrix, { full, high, size: matrix.whole, x: 0, y: 0 });
  drawMatrix();
}

function setMargins(size) {
  const margin = size >= NAMED_FROM ? matrix.labels : 52;
  Object.assign(matrix, { size, left: margin, top: margin });
}

function drawMatrix() {
  const canvas = document.getElementById("matrix");
  const context = canvas.getContext("2d");
  setMargins(matrix.size);
  const { left, top, size, full, high } = matrix;
  const across = frame.columns.length;
  const down = frame.rows.length;
  matrix.width = Math.min(full - left, across * size);
  matrix.height = Math.min(high - top - BELOW, down * size);
  matrix.x = Math.min(Math.max(matrix.x, 0), across - matrix.width / size);
  matrix.y = Math.min(Math.max(matrix.y, 0), down - matrix.height / size);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, full, high);
  if (!across || !down) return;
  context.save();
  context.beginPath();
  context.rect(left, top, matrix.width, matrix.height);
  context.clip();
  context.imageSmoothingEnabled = size * devicePixelRatio < 1;
  context.drawImage(matrix.picture, left - matrix.x * size, top - matrix.y * size, across * size, down * size);
  if (size >= NAMED_FROM) drawCells(context);
  outlineChosen(context);
  context.restore();
  if (size >= NAMED_FROM) drawNames(context);
  else drawRanks(context);
}

function visible(start, extent, total) {
  const first = Math.max(Math.floor(start), 0);
  const last = Math.min(Math.ceil(start + extent / matrix.size), total);
  return Array.from({ length: Math.max(last - first, 0) }, (_, index) => first + index);
}

const columnAt = (index) => matrix.left + (index - matrix.x) * matrix.size;
const rowAt = (index) => matrix.top + (index - matrix.y) * matrix.size;

function drawCells(context) {
  const { size } = matrix;
  context.strokeStyle = "#fff";
  context.lineWidth = 1;
  context.font = `${Math.min(Math.round(size * 0.38), 13)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const row of visible(matrix.y, matrix.height, frame.rows.length)) {
    for (const column of visible(matrix.x, matrix.width, frame.columns.length)) {
      context.strokeRect(columnAt(column), rowAt(row), size, size);
      const share = between("share", frame.rows[row], frame.columns[column]);
      if (size < FIGURES_FROM || !Number.isFinite(share)) continue;
      context.fillStyle = Math.abs(share - 50) > 27 ? "#fff" : "#1c2733";
      context.fillText(share.toFixed(0), columnAt(column + 0.5), rowAt(row + 0.5));
    }
  }
}

function outlineChosen(context) {
  const row = frame.rows.indexOf(chosen.row);
  const column = frame.columns.indexOf(chosen.column);
  if (row < 0 || column < 0) return;
  const size = Math.max(matrix.size, 5);
  context.strokeStyle = "#000";
  context.lineWidth = 2;
  context.strokeRect(columnAt(column + 0.5) - size / 2, rowAt(row + 0.5) - size / 2, size, size);
}

function shorten(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(text.slice(0, length) + "…").width > width) length--;
  return text.slice(0, length) + "…";
}

function drawNames(context) {
  const { left, top } = matrix;
  context.font = `${Math.min(Math.round(matrix.size), 12)}px system-ui, sans-serif`;
  context.fillStyle = "#1c2733";
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.save();
  context.beginPath();
  context.rect(0, top, left, matrix.height);
  context.clip();
  for (const row of visible(matrix.y, matrix.height, frame.rows.length)) {
    context.fillText(shorten(context, frame.bots[frame.rows[row]].label, left - 8), left - 6, rowAt(row + 0.5));
  }
  context.restore();
  context.save();
  context.beginPath();
  context.rect(left, 0, matrix.width, top);
  context.clip();
  context.textAlign = "left";
  for (const column of visible(matrix.x, matrix.width, frame.columns.length)) {
    context.save();
    context.translate(columnAt(column + 0.5), top - 6);
    context.rotate(-Math.PI / 2);
    context.fillText(shorten(context, frame.bots[frame.columns[column]].label, top - 8), 0, 0);
    context.restore();
  }
  context.restore();
}

// Where names have no room: places in the order, at round numbers, on both axes.
function drawRanks(context) {
  const { left, top, size } = matrix;
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].find((one) => one * size >= 45) ?? 5000;
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = "#5b6773";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const row of visible(matrix.y, matrix.height, frame.rows.length)) {
    if ((row + 1) % step === 0) context.fillText(row + 1, left - 6, rowAt(row + 0.5));
  }
  context.textAlign = "center";
  for (const column of visible(matrix.x, matrix.width, frame.columns.length)) {
    if ((column + 1) % step === 0) context.fillText(column + 1, columnAt(column + 0.5), top - 10);
  }
  context.fillText("rank of the opponent", left + matrix.width / 2, 14);
  context.save();
  context.translate(10, top + matrix.height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("rank of the bot", 0, 0);
  context.restore();
}

// The pairing under a point of the canvas, px; null outside and on the diagonal.
function pairingAt(x, y) {
  if (x < matrix.left || y < matrix.top || x >= matrix.left + matrix.width || y >= matrix.top + matrix.height) return null;
  const row = frame.rows[Math.floor(matrix.y + (y - matrix.top) / matrix.size)];
  const column = frame.columns[Math.floor(matrix.x + (x - matrix.left) / matrix.size)];
  return row === undefined || column === undefined || row === column ? null : { row, column };
}

// Makes cells `factor` times as large, keeping what is at this point, or in the middle, where it is.
function zoom(factor, x = matrix.left + matrix.width / 2, y = matrix.top + matrix.height / 2) {
  const column = matrix.x + (x - matrix.left) / matrix.size;
  const row = matrix.y + (y - matrix.top) / matrix.size;
  setMargins(Math.min(Math.max(matrix.size * factor, matrix.whole), Math.max(LARGEST_CELL, matrix.whole)));
  matrix.x = column - (x - matrix.left) / matrix.size;
  matrix.y = row - (y - matrix.top) / matrix.size;
  drawMatrix();
}

function showHover(event, pairing) {
  const hover = document.getElementById("hover");
  hover.hidden = !pairing;
  if (!pairing) return;
  const { row, column } = pairing;
  const [share, reach] = [between("share", row, column), between("reach", row, column)];
  const battles = between("battles", row, column);
  const figures = battles
    ? `${written(share, 2)} ${Number.isFinite(reach) ? `± ${written(reach, 2)} ` : ""}%, ${battles} battle${battles > 1 ? "s" : ""}`
    : "have not met";
  hover.textContent = `${frame.bots[row].label} against ${frame.bots[column].label}: ${figures}`;
  hover.style.left = `${Math.min(event.clientX + 14, innerWidth - hover.offsetWidth - 8)}px`;
  hover.style.top = `${Math.min(event.clientY + 16, innerHeight - hover.offsetHeight - 8)}px`;
}

function listenToMatrix() {
  const canvas = document.getElementById("matrix");
  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    grip = { x: event.clientX, y: event.clientY, from: [matrix.x, matrix.y], moved: false };
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (grip && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) > 4) grip.moved = true;
    if (grip?.moved) {
      matrix.x = grip.from[0] - (event.clientX - grip.x) / matrix.size;
      matrix.y = grip.from[1] - (event.clientY - grip.y) / matrix.size;
      drawMatrix();
    }
    showHover(event, grip?.moved ? null : pairingAt(event.offsetX, event.offsetY));
  });
  canvas.addEventListener("pointerup", (event) => {
    const pairing = pairingAt(event.offsetX, event.offsetY);
    if (grip && !grip.moved && pairing) choosePairing(pairing.row, pairing.column);
    grip = null;
  });
  canvas.addEventListener("pointerleave", (event) => showHover(event, null));
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    },
    { passive: false },
  );
  document.getElementById("closer").addEventListener("click", () => zoom(2));
  document.getElementById("farther").addEventListener("click", () => zoom(0.5));
  document.getElementById("whole").addEventListener("click", () => zoom(0));
  addEventListener("resize", layOut);
}

function drawLegend() {
  const canvas = document.getElementById("legend");
  const context = canvas.getContext("2d");
  for (let x = 0; x < canvas.width; x++) {
    context.fillStyle = `rgb(${colourOf((100 * x) / (canvas.width - 1)).map(Math.round).join(",")})`;
    context.fillRect(x, 0, 1, canvas.height);
  }
  context.fillStyle = "#1c2733";
  context.fillRect(canvas.width / 2, 0, 1, canvas.height);
}
