// The tournament's figures, as page_data.py packed them, and how they are written.

const frame = JSON.parse(document.getElementById("frame").textContent);
const count = frame.bots.length;
const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array, i4: Int32Array, f8: Float64Array };
const MISSING = { u1: 255, u2: 65535, u4: 4294967295, i2: 32767, i4: 2147483647 };
const unpacked = new Map();

// The array as whole numbers; unpacked when first asked for, so that a page of a million scores opens at once.
function packed(name) {
  if (!unpacked.has(name)) {
    const bytes = bytesOf(document.getElementById("array-" + name).textContent);
    unpacked.set(name, new TYPES[frame.arrays[name].type](bytes.buffer));
  }
  return unpacked.get(name);
}

// One number of an array; NaN where there is none.
function figure(name, index) {
  const value = packed(name)[index];
  const { type, decimals } = frame.arrays[name];
  return value === MISSING[type] ? NaN : value / 10 ** decimals;
}

// One number of a matrix: of the row's bot against the column's.
function between(name, row, column) {
  return figure(name, row * count + column);
}

function hitRate(shooter, target) {
  return (100 * between("hits", shooter, target)) / between("shots", shooter, target);
}

function written(value, decimals) {
  return Number.isFinite(value) ? value.toFixed(decimals).replace("-", "−") : "–";
}

// The 95 % interval of a pairing score.
function scoreInterval(row, column, decimals) {
  const [share, reach] = [between("share", row, column), between("reach", row, column)];
  if (!Number.isFinite(reach)) return "";
  return `[${written(Math.max(share - reach, 0), decimals)}, ${written(Math.min(share + reach, 100), decimals)}]`;
}

function cell(value, decimals, below = "") {
  const made = element("td", written(value, decimals));
  made.dataset.value = Number.isFinite(value) ? value : "";
  if (below) made.append(element("small", below));
  return made;
}

function fillSelect(select, bots) {
  select.replaceChildren(
    ...bots.map((bot) => {
      const option = element("option", frame.bots[bot].label);
      option.value = bot;
      return option;
    }),
  );
}
