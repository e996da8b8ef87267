// What the reader does: play and pause, turns, speed, timeline, zoom, following, overlays, help.

const TURNS_PER_SECOND = 30; // at speed 1
const SPEEDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const state = { frame: 0, speed: battle.speed, playing: false, followed: null, panel: true, view: { shooter: battle.shooter, wave: null } };
const ZOOM_STEP = 1.25;
const FOLLOWING_ZOOM = 2;
const CLICK_DISTANCE = 9; // px from a bullet at which a click is meant for it
const at = (id) => document.getElementById(id);
let last = null; // when the frame before was drawn, ms

function show() {
  const moment = momentOf(Math.floor(state.frame));
  if (state.followed !== null) {
    const { x, y } = robotAt(state.followed, moment);
    Object.assign(camera, { x, y, whole: false });
  }
  drawScene(sceneAt(moment, state.view));
  drawTimeline(Math.floor(state.frame));
  showPanel(moment);
  const isEnd = Math.floor(state.frame) === frames - 1;
  at("end").hidden = !isEnd;
  at("play").textContent = state.playing ? "❚❚" : "▶";
  at("play").title = state.playing ? "Pause (Space)" : "Play (Space)";
  at("speed").textContent = `${state.speed}×`;
  at("place").textContent = `round ${battle.rounds[moment.round].number}, turn ${moment.turn}`;
  for (const button of document.querySelectorAll("[data-overlay]")) {
    button.setAttribute("aria-pressed", overlays.has(button.dataset.overlay));
  }
  at("follow").value = state.followed ?? "";
}

function showPanel(moment) {
  at("panel").hidden = !state.panel;
  if (!state.panel) return;
  at("panel").replaceChildren(...blocksAt(moment, state.view).map(blockOf));
}

function blockOf({ title, facts }) {
  const block = element("section");
  block.append(element("h2", title));
  for (const { name, value, colour } of facts) {
    const line = element("div", "", "fact");
    const named = element("span", name, "name");
    if (colour) {
      const swatch = element("i");
      swatch.style.background = css(colour);
      named.prepend(swatch);
    }
    named.title = name;
    line.append(named, element("span", value));
    block.append(line);
  }
  return block;
}

function tick(now) {
  if (!state.playing) return;
  if (last !== null) state.frame += ((now - last) / 1000) * TURNS_PER_SECOND * state.speed;
  last = now;
  if (state.frame >= frames - 1) seek(frames - 1);
  else show();
  if (state.playing) requestAnimationFrame(tick);
}

function play(wanted) {
  if (wanted && state.frame >= frames - 1) state.frame = 0;
  state.playing = wanted;
  last = null;
  if (wanted) requestAnimationFrame(tick);
  show();
}

// Goes to a frame and stays there, but for a seek while the film runs.
function seek(frame, stays = true) {
  state.frame = Math.min(Math.max(frame, 0), frames - 1);
  if (stays) state.playing = false;
  show();
}

const step = (turns) => seek(Math.floor(state.frame) + turns);

function changeSpeed(places) {
  const slower = SPEEDS.findLastIndex((speed) => speed < state.speed);
  const faster = SPEEDS.findIndex((speed) => speed > state.speed);
  if (places < 0) state.speed = SPEEDS[Math.max(slower, 0)];
  else state.speed = SPEEDS[faster < 0 ? SPEEDS.length - 1 : faster];
  show();
}

function goToRound(step) {
  const { round, turn } = momentOf(Math.floor(state.frame));
  const wanted = step < 0 && turn > 0 ? round : round + step;
  seek(battle.starts[Math.min(Math.max(wanted, 0), battle.rounds.length - 1)], !state.playing);
}

function goToMark(step) {
  const here = Math.floor(state.frame);
  const found = step > 0 ? marks.find((mark) => mark.frame > here) : marks.findLast((mark) => mark.frame < here);
  if (found) seek(found.frame);
}

function follow(robot) {
  state.followed = robot;
  if (robot === null) showWhole();
  else if (camera.whole) zoom(FOLLOWING_ZOOM);
  show();
}

function toggle(name) {
  if (!overlays.delete(name)) overlays.add(name);
  show();
}

function help(wanted = at("help").hidden) {
  at("help").hidden = !wanted;
}

// The bullets of the chosen robot that are in the air in turn, after the last of them the one that arrives next again.
function chooseNextWave() {
  const { round, turn } = momentOf(Math.floor(state.frame));
  const { shooter, wave } = state.view;
  const flying = (row) => bullets.owner[row] === shooter && bullets.turn_first[row] <= turn && bullets.turn_last[row] >= turn;
  const fired = [];
  for (let row = battle.bullets[round]; row < battle.bullets[round + 1]; row++) {
    if (flying(row)) fired.push(bullets.turn_first[row] - 1);
  }
  state.view.wave = fired.sort((one, other) => one - other).find((turn) => wave === null || turn > wave) ?? null;
  show();
}

function chooseNextShooter() {
  state.view = { shooter: (state.view.shooter + 1) % robots.length, wave: null };
  show();
}

const zoomKey = (factor) => {
  zoom(factor);
  show();
};
const changePanel = () => {
  state.panel = !state.panel;
  show();
};

const KEYS = {
  " ": () => play(!state.playing),
  ArrowLeft: (event) => step(event?.shiftKey ? -10 : -1),
  ArrowRight: (event) => step(event?.shiftKey ? 10 : 1),
  ArrowUp: () => changeSpeed(1),
  ArrowDown: () => changeSpeed(-1),
  PageUp: () => goToRound(-1),
  PageDown: () => goToRound(1),
  Home: () => seek(0, !state.playing),
  End: () => seek(frames - 1),
  ",": () => goToMark(-1),
  ".": () => goToMark(1),
  "+": () => zoomKey(ZOOM_STEP),
  "=": () => zoomKey(ZOOM_STEP),
  "-": () => zoomKey(1 / ZOOM_STEP),
  0: () => follow(null),
  Tab: () => follow(state.followed === null ? 0 : (state.followed + 1) % robots.length),
  F2: changePanel,
  F3: chooseNextShooter,
  F4: chooseNextWave,
  w: () => toggle("waves"),
  "?": () => help(),
  F1: () => help(),
  Escape: () => {
    if (at("help").hidden) state.followed = null;
    help(false);
    show();
  },
};
for (let robot = 0; robot < Math.min(battle.names.length, 9); robot++) KEYS[robot + 1] = () => follow(robot);

function listen() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    const does = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (!does) return;
    event.preventDefault();
    does(event);
  });
  for (const button of document.querySelectorAll("button[data-key]")) {
    button.addEventListener("click", () => {
      KEYS[button.dataset.key]();
      button.blur(); // else Space would press it again
    });
  }
  at("follow").addEventListener("change", (event) => {
    follow(event.target.value === "" ? null : Number(event.target.value));
    event.target.blur();
  });
  addEventListener("resize", show);
  listenToTimeline();
  listenToField();
}

function listenToTimeline() {
  let grip = false;
  const drag = (event) => seek(frameAt(event.offsetX), !state.playing);
  timeline.addEventListener("pointerdown", (event) => {
    grip = true;
    if (event.isTrusted) timeline.setPointerCapture(event.pointerId);
    drag(event);
  });
  timeline.addEventListener("pointermove", (event) => grip && drag(event));
  timeline.addEventListener("pointerup", () => (grip = false));
}

function listenToField() {
  let grip = null;
  canvas.addEventListener("pointerdown", (event) => {
    grip = { x: event.clientX, y: event.clientY };
    chooseWaveAt(event.offsetX, event.offsetY);
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) return;
    camera.x -= (event.clientX - grip.x) / camera.scale;
    camera.y += (event.clientY - grip.y) / camera.scale;
    camera.whole = false;
    state.followed = null;
    grip = { x: event.clientX, y: event.clientY };
    show();
  });
  canvas.addEventListener("pointerup", () => (grip = null));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
      show();
    },
    { passive: false },
  );
  canvas.addEventListener("dblclick", () => follow(null));
}

// The wave of the bullet at this point of the canvas, if one is there.
function chooseWaveAt(x, y) {
  for (const bullet of bulletsAt(momentOf(Math.floor(state.frame)))) {
    const [bulletX, bulletY] = toScreen(bullet.x, bullet.y);
    if (Math.hypot(bulletX - x, bulletY - y) > CLICK_DISTANCE) continue;
    state.view = { shooter: bullets.owner[bullet.row], wave: bullets.turn_first[bullet.row] - 1 };
    return show();
  }
}

function start() {
  marks = marksOf();
  at("follow").append(...battle.names.map((name, robot) => {
    const option = element("option", name);
    option.value = robot;
    return option;
  }));
  listen();
  document.body.classList.remove("loading");
  show();
}

const ready = unpackFilm().then(start, (error) => {
  at("loading").textContent = `This browser cannot unpack the battle (${error.message}); one of 2023 or later can.`;
});
