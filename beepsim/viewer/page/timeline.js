// The line of all turns: where the film is, and marks for rounds, hits and deaths.

const timeline = document.getElementById("timeline");
const MOST_LANES = 4; // with more robots, all share one
let marks = []; // { frame, kind, robot }, in order

// Hits of robots and their deaths, as film.marks_of has them.
function marksOf() {
  const found = [];
  for (let round = 0; round < battle.rounds.length; round++) {
    for (let row = battle.bullets[round]; row < battle.bullets[round + 1]; row++) {
      if (bullets.state[row] !== HIT_ROBOT) continue;
      found.push({ frame: frameOf({ round, turn: bullets.turn_last[row] }), kind: "hit", robot: bullets.victim[row] });
    }
    for (const robot of everyone()) {
      const turn = battle.deaths[round][robot];
      if (turn <= lastTurn(round)) found.push({ frame: frameOf({ round, turn }), kind: "death", robot });
    }
  }
  return found.sort((one, other) => one.frame - other.frame || one.kind.localeCompare(other.kind) || one.robot - other.robot);
}

const placeOf = (frame) => 1 + ((timeline.clientWidth - 2) * frame) / Math.max(frames - 1, 1);
const frameAt = (x) => Math.round(((x - 1) / (timeline.clientWidth - 2)) * (frames - 1));

function drawTimeline(frame) {
  const context = prepared(timeline);
  const [width, height] = [timeline.clientWidth, timeline.clientHeight];
  context.fillStyle = css(colours.panel);
  context.fillRect(0, 0, width, height);
  context.fillStyle = css(colours.field);
  context.fillRect(0, 14, width, height - 14);
  context.font = `10px ${FONT}`;
  context.textBaseline = "top";
  context.textAlign = "left";
  let free = 0; // where the next number has room
  for (let round = 0; round < battle.rounds.length; round++) {
    const x = placeOf(battle.starts[round]);
    context.fillStyle = css(colours.wall);
    context.fillRect(x, 8, 1, height - 8);
    if (x < free) continue;
    const number = `${battle.rounds[round].number}`;
    context.fillStyle = css(colours.faint_text);
    context.fillText(number, x + 3, 2);
    free = x + context.measureText(number).width + 10;
  }
  const lanes = robots.length <= MOST_LANES ? robots.length : 1;
  const lane = (height - 16) / lanes;
  for (const { frame: at, kind, robot } of marks) {
    context.fillStyle = css(colours.robots[robot]);
    if (kind === "hit") context.fillRect(placeOf(at), 15 + lane * (robot % lanes) + lane * 0.2, 1, lane * 0.6);
    else context.fillRect(placeOf(at) - 1, 15, 2, height - 16);
  }
  context.fillStyle = css(colours.text);
  context.fillRect(placeOf(frame) - 1, 10, 2, height - 10);
  context.beginPath();
  context.arc(placeOf(frame), 12, 4, 0, 2 * Math.PI);
  context.fill();
}
