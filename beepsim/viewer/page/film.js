// The battle: unpacked from what packing.py wrote, and what is where in any turn. Names as in film.py.

const battle = JSON.parse(document.getElementById("battle").textContent);
const { units } = battle;
const robots = []; // of each robot its columns [frames]
let bullets = {}; // columns [bullets]

const HIT_ROBOT = 2;
const HIT_BULLET = 3;
const HIT_WALL = 4;

async function unpackFilm() {
  const packed = bytesOf(document.getElementById("packed").textContent.trim());
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const columns = {};
  let at = 0;
  for (const { name, length, planes } of battle.layout) {
    columns[name] = numbersOf(bytes, at, length, planes);
    at += length * planes;
  }
  for (let robot = 0; robot < battle.names.length; robot++) robots.push(robotOf(columns, robot));
  bullets = bulletsOf(columns);
  return columns;
}

function numbersOf(bytes, start, length, planes) {
  const numbers = new Int32Array(length);
  for (let plane = 0, at = start; plane < planes; plane++) {
    for (let index = 0; index < length; index++) numbers[index] |= bytes[at++] << (8 * plane);
  }
  for (let index = 0; index < length; index++) numbers[index] = (numbers[index] >>> 1) ^ -(numbers[index] & 1);
  return numbers;
}

function summed(differences, unit, modulus = 0) {
  const values = new Float64Array(differences.length);
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    sum += differences[index];
    values[index] = (modulus ? ((sum % modulus) + modulus) % modulus : sum) / unit;
  }
  return values;
}

// Positions are differences from where velocity and heading lead, in whole numbers.
function robotOf(columns, robot) {
  const column = (name) => columns[name + robot];
  const angles = (name) => summed(column(name), units.angle / (2 * Math.PI), units.angle);
  const headings = summed(column("heading"), 1, units.angle);
  const velocities = summed(column("velocity"), 1);
  const unit = (units.sine * units.velocity) / units.position;
  const moved = (name, quarter) => {
    const values = new Float64Array(headings.length);
    let sum = 0;
    for (let index = 0; index < values.length; index++) {
      const sine = sines[(headings[index] + quarter) % units.angle];
      sum += column(name)[index] + Math.floor((velocities[index] * sine + unit / 2) / unit);
      values[index] = sum / units.position;
    }
    return values;
  };
  return {
    x: moved("x", 0),
    y: moved("y", units.angle / 4),
    heading: angles("heading"),
    gun: angles("gun_heading"),
    radar: angles("radar_heading"),
    energy: summed(column("energy"), units.energy),
  };
}

const sines = Int32Array.from({ length: units.angle }, (_, index) =>
  Math.round(Math.sin((index * 2 * Math.PI) / units.angle) * units.sine),
);

function bulletsOf(columns) {
  const found = {};
  for (const name of ["owner", "turn_first", "state", "victim"]) found[name] = summed(columns[name], 1);
  for (const name of ["x_first", "y_first", "x_last", "y_last"]) found[name] = summed(columns[name], units.position);
  found.power = summed(columns.power, units.power);
  found.heading = summed(columns.bearing, units.bearing / (2 * Math.PI));
  found.turn_last = summed(columns.flight, 1).map((turns, index) => turns + found.turn_first[index]);
  if (columns.orbit) Object.assign(found, wavesOf(columns));
  return found;
}

// Of each bullet's wave: escape angles, orbit direction (0: no wave), turns until it has touched and passed, bearing and
// distance at which the target was aimed at; where its hit interval stands in low and high, a place for each turn in
// which it grew.
function wavesOf(columns) {
  const grown = new Int32Array(columns.touches.length + 1);
  for (let row = 0; row < columns.touches.length; row++) grown[row + 1] = grown[row] + columns.touches[row];
  const { orbit, broke, touch, distance } = columns;
  const found = { orbit, broke, touch, distance, grown };
  found.aim = Float64Array.from(columns.aim, (value) => (value * 2 * Math.PI) / units.angle);
  for (const name of ["left", "right"]) found[name] = Float64Array.from(columns[name], (value) => value / units.escape);
  for (const name of ["low", "high"]) found[name] = summed(columns[name], units.escape);
  return found;
}

const bulletSpeed = (power) => 20 - 3 * Math.min(Math.max(power, 0.1), 3);
const frames = battle.starts.at(-1);
const frameOf = (moment) => battle.starts[moment.round] + moment.turn;
const lastTurn = (round) => battle.starts[round + 1] - battle.starts[round] - 1;

// The moment of a frame, the first or the last one where it lies outside.
function momentOf(frame) {
  const inside = Math.min(Math.max(frame, 0), frames - 1);
  let [low, high] = [0, battle.starts.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (battle.starts[middle] <= inside) low = middle;
    else high = middle - 1;
  }
  return { round: low, turn: inside - battle.starts[low] };
}

const isDead = (robot, moment) => moment.turn >= battle.deaths[moment.round][robot];

// A robot at the end of a turn.
function robotAt(robot, moment) {
  const frame = frameOf(moment);
  const one = robots[robot];
  return { x: one.x[frame], y: one.y[frame], heading: one.heading[frame], gun: one.gun[frame], radar: one.radar[frame], energy: one.energy[frame] };
}

// The bullets in the air at the end of the turn, and those that explode: their numbers, places, turns of exploding.
function bulletsAt({ round, turn }) {
  const found = [];
  for (let row = battle.bullets[round]; row < battle.bullets[round + 1]; row++) {
    if (bullets.turn_first[row] > turn) continue;
    const since = turn - bullets.turn_last[row];
    const state = bullets.state[row];
    const explodes = (state === HIT_ROBOT || state === HIT_BULLET) && since >= 0 && since < battle.bullet_explosion_turns;
    const isEnded = since >= 0 && (state === HIT_ROBOT || state === HIT_BULLET || state === HIT_WALL);
    if (!explodes && (isEnded || since > 0)) continue;
    const distance = (Math.min(turn, bullets.turn_last[row]) - bullets.turn_first[row]) * bulletSpeed(bullets.power[row]);
    const isOver = since >= 0;
    found.push({
      row,
      x: isOver ? bullets.x_last[row] : bullets.x_first[row] + Math.sin(bullets.heading[row]) * distance,
      y: isOver ? bullets.y_last[row] : bullets.y_first[row] + Math.cos(bullets.heading[row]) * distance,
      exploding: explodes ? since + 1 : 0,
    });
  }
  return found;
}
