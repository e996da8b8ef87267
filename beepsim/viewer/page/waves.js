// The waves of one robot's bullets in a duel, as airborne.py and wave_shapes.py have them. Offsets in rad from the
// bearing at which the target was aimed at, clockwise.

const { lingers, ticks } = battle.waves;

// The waves that have left by the end of the turn and have not passed long ago: numbers of bullets, in firing order.
// The chosen one was fired in the turn `wave`; where none was, it is the one that passes next.
function airborneAt({ round, turn }, { shooter, wave }) {
  const [real, passed] = [[], []];
  let named = null;
  for (let row = battle.bullets[round]; row < battle.bullets[round + 1]; row++) {
    const fired = bullets.turn_first[row] - 1;
    if (bullets.owner[row] !== shooter || !bullets.orbit[row] || fired >= turn) continue;
    const broke = fired + bullets.broke[row];
    if (fired === wave) named = row;
    if (broke > turn) real.push(row);
    else if (broke > turn - lingers) passed.push(row);
  }
  const breaks = (row) => bullets.turn_first[row] + bullets.broke[row];
  const next = real.reduce((best, row) => (best === null || breaks(row) < breaks(best) ? row : best), null);
  return { round, turn, shooter, real, passed, chosen: named ?? next };
}

// What the wave of a bullet was launched with, and its ring's radius at the moment.
function launched({ round, turn, shooter, chosen }, row) {
  const fired = bullets.turn_first[row] - 1;
  const source = robotAt(shooter, { round, turn: fired });
  const until = row === chosen ? turn : Math.min(turn, fired + bullets.broke[row]);
  const speed = bulletSpeed(bullets.power[row]);
  return {
    fired,
    speed,
    x: source.x,
    y: source.y,
    bearing: bullets.aim[row],
    left: bullets.left[row],
    right: bullets.right[row],
    orbit: bullets.orbit[row],
    radius: (until - fired) * speed,
  };
}

// Hit interval at the end of the turn, [low, high]; null where the wave has not touched.
function intervalOf({ turn }, row) {
  const since = turn - (bullets.turn_first[row] - 1) - bullets.touch[row];
  const [start, end] = [bullets.grown[row], bullets.grown[row + 1]];
  if (since < 0 || start === end) return null;
  const place = Math.min(start + since, end - 1);
  return [bullets.low[place], bullets.high[place]];
}

function waveShapes(moment, view) {
  const airborne = airborneAt(moment, view);
  const colour = colours.robots[view.shooter];
  const shapes = [];
  for (const row of airborne.passed) {
    if (row === airborne.chosen) continue;
    const wave = launched(airborne, row);
    const share = 1 - (moment.turn - wave.fired - bullets.broke[row]) / lingers;
    shapes.push(escapeArc(wave, faded(colour, 0.4 * share), 1), ...intervalShapes(airborne, row, wave, 3, share));
    shapes.push(...missShapes(airborne, row, wave, share));
  }
  for (const row of airborne.real) {
    if (row === airborne.chosen) continue;
    const wave = launched(airborne, row);
    shapes.push(escapeArc(wave, faded(colour, 0.55), 1.2), ...intervalShapes(airborne, row, wave, 3, 0.7));
  }
  if (airborne.chosen === null) return shapes;
  const wave = launched(airborne, airborne.chosen);
  shapes.push(escapeArc(wave, colour, 2), ...scaleShapes(wave, colour), ...intervalShapes(airborne, airborne.chosen, wave, 5, 1));
  const hasPassed = wave.fired + bullets.broke[airborne.chosen] <= moment.turn;
  return hasPassed ? [...shapes, ...missShapes(airborne, airborne.chosen, wave, 1)] : shapes;
}

const arcBetween = ({ x, y, radius, bearing }, low, high, colour, width) =>
  arc(x, y, radius, bearing + low, high - low, colour, null, width);
const escapeArc = (wave, colour, width) => arcBetween(wave, -wave.left, wave.right, colour, width);

function intervalShapes(airborne, row, wave, width, share) {
  const interval = intervalOf(airborne, row);
  return interval ? [arcBetween(wave, ...interval, faded(colours.hit, share), width)] : [];
}

const pointOf = ({ x, y }, angle, distance) => [x + distance * Math.sin(angle), y + distance * Math.cos(angle)];

// From a bullet that passed its target to the nearest place that would have hit, along the ring.
function missShapes(airborne, row, wave, share) {
  const missed = missedBy(airborne, row, wave);
  if (!missed || hasMet(airborne, row)) return [];
  const [low, high] = intervalOf(airborne, row);
  const offset = bulletOffset(row, wave);
  const [first, last] = offset < low ? [offset, low] : [high, offset];
  const point = (distance) => pointOf(wave, wave.bearing + offset, distance);
  const colour = faded(colours.robots[airborne.shooter], share);
  return [
    arcBetween(wave, first, last, colour, 1.5),
    line([point(wave.radius - parts.mark), point(wave.radius + parts.mark)], colour, 1.5),
    text(...point(wave.radius + 2.5 * parts.mark), `missed by ${missed.toFixed(0)} px`, faded(colours.text, share), 11),
  ];
}

// Whether the bullet has hit a robot or another bullet by now.
function hasMet({ turn }, row) {
  return bullets.turn_last[row] <= turn && (bullets.state[row] === HIT_ROBOT || bullets.state[row] === HIT_BULLET);
}

// Px along the ring, where it was when it had passed, from the bullet to the nearest place that would have hit.
function missedBy(airborne, row, wave) {
  const interval = intervalOf(airborne, row);
  if (!interval) return NaN;
  const offset = bulletOffset(row, wave);
  return Math.max(interval[0] - offset, offset - interval[1], 0) * bullets.broke[row] * wave.speed;
}

// Ticks at guess factors -1 to 1, with as many labels as there is room for.
function scaleShapes(wave, colour) {
  const { radius } = wave;
  const half = 0.5 * radius * Math.min(wave.left, wave.right);
  const point = (angle, distance) => pointOf(wave, angle, distance);
  return ticks.factors.flatMap((factor) => {
    const offset = wave.orbit * factor;
    const angle = wave.bearing + offset * (offset < 0 ? wave.left : wave.right);
    const isHalf = Math.abs(factor) === 0.5;
    const length = isHalf ? 0.6 * ticks.length : ticks.length;
    const tick = line([point(angle, radius - length), point(angle, radius + length)], colour, 1.5);
    const hasRoom = half > ticks.room || (!isHalf && 2 * half > ticks.room);
    const label = `${factor}`.replace("-", "−");
    return hasRoom ? [tick, text(...point(angle, radius - ticks.gap), label, colour, 11)] : [tick];
  });
}

const guessFactor = ({ orbit, left, right }, offset) => (orbit * offset) / (offset < 0 ? left : right);
const minus = (words) => words.replaceAll("-", "−");
const signed = (factor) => minus((factor < 0 ? "" : "+") + factor.toFixed(2));

// The chosen wave in words and numbers, as wave_facts.py has it.
function waveBlocks(moment, view) {
  const airborne = airborneAt(moment, view);
  if (airborne.chosen === null) return [{ title: "Wave", facts: [fact("bullets in the air", "none", colours.robots[view.shooter])] }];
  const wave = launched(airborne, airborne.chosen);
  const degrees = (angle) => ((angle * 180) / Math.PI).toFixed(0);
  const interval = intervalOf(airborne, airborne.chosen)?.map((offset) => signed(guessFactor(wave, offset)));
  if (wave.orbit < 0) interval?.reverse();
  const isOver = wave.fired + bullets.broke[airborne.chosen] <= moment.turn;
  const facts = [
    fact("fired after turn", `${wave.fired}`, colours.robots[view.shooter]),
    fact("power, speed", `${bullets.power[airborne.chosen].toFixed(2)}, ${wave.speed.toFixed(1)} px/turn`),
    fact("distance", `${bullets.distance[airborne.chosen]} px`),
    fact("escape angles", `${degrees(wave.left)}° left, ${degrees(wave.right)}° right`),
    fact("target orbits", wave.orbit > 0 ? "clockwise" : "counter-clockwise"),
    fact("bullet at GF", signed(guessFactor(wave, bulletOffset(airborne.chosen, wave))), colours.robots[view.shooter]),
    fact(isOver ? "would hit at GF" : "would hit so far", interval ? interval.join(" to ") : "–", colours.hit),
    fact("bullet", verdictOf(airborne, wave)),
  ];
  return [{ title: "Wave", facts }];
}

const bulletOffset = (row, wave) => remainder(bullets.heading[row] - wave.bearing);

// What is known of the chosen wave's bullet at this moment.
function verdictOf(airborne, wave) {
  const row = airborne.chosen;
  if (hasMet(airborne, row)) return bullets.state[row] === HIT_ROBOT ? "hit" : "met another bullet";
  if (wave.fired + bullets.broke[row] > airborne.turn) return "in the air";
  const missed = missedBy(airborne, row, wave);
  return missed === 0 ? "passed where it would hit" : `missed by ${missed.toFixed(0)} px`;
}
