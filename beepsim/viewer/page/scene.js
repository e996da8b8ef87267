// One moment of the battle as plain shapes, those of scene.py: a test compares the two.
// Colours are [red, green, blue, alpha], angles radians clockwise from north, y points up.

const { colours, parts } = battle;
const overlays = new Set(battle.overlays); // those that are switched on

function sceneAt(moment, view) {
  const shapes = [fieldOf(), ...scanArcs(moment)];
  if (overlays.has("waves") && bullets.orbit) shapes.push(...waveShapes(moment, view));
  shapes.push(...robotShapes(moment), ...bulletShapes(moment), ...robotExplosions(moment));
  return shapes;
}

const mixed = (one, other, share) => one.map((value, index) => Math.round(value + (other[index] - value) * share));
const faded = (colour, share) => [...colour.slice(0, 3), Math.round(colour[3] * Math.min(Math.max(share, 0), 1))];
const polygon = (points, fill, outline = null, width = 1) => ({ kind: "Polygon", points, fill, outline, width });
const line = (points, colour, width = 1) => ({ kind: "Line", points, colour, width });
const circle = (x, y, radius, fill, outline = null, width = 1) => ({ kind: "Circle", x, y, radius, fill, outline, width });
const arc = (x, y, radius, start, extent, colour = null, fill = null, width = 1) =>
  ({ kind: "Arc", x, y, radius, start, extent, colour, fill, width });
const text = (x, y, words, colour, height = 12, anchor = "centre") => ({ kind: "Text", x, y, text: words, colour, height, anchor });

function fieldOf() {
  const { width, height } = battle;
  return polygon([[0, 0], [0, height], [width, height], [width, 0]], colours.field, colours.wall, 2);
}

const everyone = () => robots.map((_, robot) => robot);
const living = (moment) => everyone().filter((robot) => !isDead(robot, moment));

// An angle's remainder in [-π, π].
function remainder(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

// What each living robot's radar swept over in this turn.
function scanArcs(moment) {
  if (moment.turn === 0) return [];
  return living(moment).map((robot) => {
    const now = robotAt(robot, moment);
    const before = robotAt(robot, { ...moment, turn: moment.turn - 1 });
    const extent = remainder(now.radar - before.radar);
    const colour = colours.robots[robot];
    if (Math.abs(extent) < 1e-6) {
      const tip = [now.x + parts.radar_range * Math.sin(now.radar), now.y + parts.radar_range * Math.cos(now.radar)];
      return line([[now.x, now.y], tip], faded(colour, 0.25));
    }
    const first = extent > 0 ? before.radar : now.radar;
    return arc(now.x, now.y, parts.radar_range, first, Math.abs(extent), null, faded(colour, 0.1));
  });
}

// Bodies of all robots, the dead ones first and faint; energy and names of the living.
function robotShapes(moment) {
  const alive = living(moment);
  const dead = everyone().filter((robot) => isDead(robot, moment));
  const shapes = dead.flatMap((robot) => bodyOf(robotAt(robot, moment), colours.dead, true));
  for (const robot of alive) shapes.push(...bodyOf(robotAt(robot, moment), colours.robots[robot], false));
  for (const robot of alive) {
    const { x, y, energy } = robotAt(robot, moment);
    shapes.push(text(x, y + parts.label_distance, energy.toFixed(1), colours.text, 12, "above"));
    shapes.push(text(x, y - parts.label_distance, battle.names[robot], colours.faint_text, 11, "below"));
  }
  return shapes;
}

// Tracks, hull, gun and radar of a robot, each turned where it points.
function bodyOf({ x, y, heading, gun, radar }, colour, dead) {
  const dark = dead ? colour : mixed(colour, colours.field, 0.55);
  const light = dead ? colour : mixed(colour, colours.text, 0.5);
  return [
    ...parts.tracks.map((track) => polygon(placed(track, x, y, heading), dark)),
    polygon(placed(parts.hull, x, y, heading), colour),
    polygon(placed(parts.barrel, x, y, gun), light, colours.field),
    circle(x, y, parts.turret_radius, dead ? colour : mixed(colour, colours.field, 0.25), colours.field),
    polygon(placed(parts.dish, x, y, radar), light),
  ];
}

// Points given for north, turned clockwise to `heading` and moved to x, y.
function placed(points, x, y, heading) {
  const [sine, cosine] = [Math.sin(heading), Math.cos(heading)];
  return points.map(([right, ahead]) => [x + right * cosine + ahead * sine, y - right * sine + ahead * cosine]);
}

// Bullets in their owners' colours, their areas as their powers, and what is left of those that hit.
function bulletShapes(moment) {
  return bulletsAt(moment).flatMap(({ row, x, y, exploding }) => {
    const radius = Math.sqrt(2.5 * bullets.power[row]);
    const colour = colours.robots[bullets.owner[row]];
    if (!exploding) return [circle(x, y, radius, mixed(colour, colours.text, 0.55))];
    const reach = bullets.state[row] === HIT_ROBOT ? 3 + 5 * radius : 8;
    return explosion(x, y, reach, exploding / battle.bullet_explosion_turns, colour);
  });
}

// Robots that died a short time ago.
function robotExplosions(moment) {
  const shapes = [];
  for (const robot of everyone()) {
    const death = battle.deaths[moment.round][robot];
    if (moment.turn < death || moment.turn >= death + battle.robot_explosion_turns) continue;
    const { x, y } = robotAt(robot, moment);
    const share = (moment.turn - death + 1) / battle.robot_explosion_turns;
    for (const delay of [0, 0.2, 0.4]) {
      if (share <= delay) continue;
      shapes.push(...explosion(x, y, 60 * (1 - delay), (share - delay) / (1 - delay), colours.robots[robot]));
    }
  }
  return shapes;
}

// A ring that grows to `radius` and fades, a flash within; `share` from 0 to 1 of its time is over.
function explosion(x, y, radius, share, colour) {
  const reach = radius * Math.sqrt(share);
  const left = 1 - share;
  const flash = circle(x, y, Math.max(reach * 0.7 * left, 1), faded(colours.flash, 0.9 * left));
  return [flash, circle(x, y, reach, null, faded(mixed(colours.flash, colour, share), left), 1.5)];
}

const fact = (name, value, colour = null) => ({ name, value, colour });

function blocksAt(moment, view) {
  return [...battleBlocks(moment), ...(overlays.has("waves") && bullets.orbit ? waveBlocks(moment, view) : [])];
}

// Round and turn, energies, scores so far, and for duels the shots of the round.
function battleBlocks(moment) {
  const { round, turn } = moment;
  const numbers = `${battle.rounds[round].number}, last ${battle.last_number}`;
  const facts = (values) => battle.names.map((name, robot) => fact(name, values(robot), colours.robots[robot]));
  const energy = (robot) => (isDead(robot, moment) ? "dead" : robotAt(robot, moment).energy.toFixed(1));
  const blocks = [
    { title: "Battle", facts: [fact("round", numbers), fact("turn", `${turn}, last ${lastTurn(round)}`)] },
    { title: "Energy", facts: facts(energy) },
  ];
  if (robots.length === 2) blocks.push({ title: "Shots of this round", facts: facts((robot) => shotsOf(moment, robot)) });
  const isOver = turn === lastTurn(round);
  const { over, before, after } = battle.rounds[round];
  const count = over + isOver;
  const totals = isOver ? after : before;
  const score = (robot) => totals[robot] ?? "–";
  return [...blocks, { title: `Score after ${count} round${count === 1 ? "" : "s"}`, facts: facts(score) }];
}

function shotsOf({ round, turn }, robot) {
  let [fired, hit] = [0, 0];
  for (let row = battle.bullets[round]; row < battle.bullets[round + 1]; row++) {
    if (bullets.owner[row] !== robot || bullets.turn_first[row] > turn) continue;
    fired++;
    hit += bullets.state[row] === HIT_ROBOT && bullets.turn_last[row] <= turn;
  }
  return `${hit} of ${fired} hit`;
}
