// Shapes on the canvas: field px ↔ screen px, and what each kind of shape looks like. Sizes of text and lines are px
// of the screen, as in shapes.py.

const FONT = '"DejaVu Sans", Verdana, system-ui, sans-serif';
const MARGIN = 12; // around the whole field
const LARGEST_SCALE = 24; // px of the screen for one of the field
const SMALLEST_RADIUS = 1.5; // of a circle that is filled
const canvas = document.getElementById("field");
// It sees the point x, y of the field in the middle of the canvas; the whole field until somebody zooms.
const camera = { x: battle.width / 2, y: battle.height / 2, scale: 1, whole: true };

const css = ([red, green, blue, alpha]) => `rgb(${red} ${green} ${blue} / ${alpha / 255})`;

function toScreen(x, y) {
  return [canvas.clientWidth / 2 + (x - camera.x) * camera.scale, canvas.clientHeight / 2 - (y - camera.y) * camera.scale];
}

function toField(x, y) {
  return [camera.x + (x - canvas.clientWidth / 2) / camera.scale, camera.y - (y - canvas.clientHeight / 2) / camera.scale];
}

function wholeScale() {
  const room = (side) => Math.max(side - 2 * MARGIN, 1);
  return Math.min(room(canvas.clientWidth) / battle.width, room(canvas.clientHeight) / battle.height);
}

function showWhole() {
  Object.assign(camera, { x: battle.width / 2, y: battle.height / 2, scale: wholeScale(), whole: true });
}

// Makes everything `factor` times as large; the same point of the field stays at x, y of the screen.
function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const [fieldX, fieldY] = toField(x, y);
  camera.scale = Math.min(Math.max(camera.scale * factor, wholeScale() / 2), LARGEST_SCALE);
  const [nowX, nowY] = toField(x, y);
  camera.x += fieldX - nowX;
  camera.y += fieldY - nowY;
  camera.whole = false;
}

// A canvas as many px of the device as it takes on the screen, and its context in px of the page.
function prepared(one) {
  const [width, height] = [Math.round(one.clientWidth * devicePixelRatio), Math.round(one.clientHeight * devicePixelRatio)];
  if (one.width !== width) one.width = width;
  if (one.height !== height) one.height = height;
  const context = one.getContext("2d");
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  return context;
}

function drawScene(shapes) {
  const context = prepared(canvas);
  if (camera.whole) showWhole();
  context.fillStyle = css(colours.surroundings);
  context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const [left, top] = toScreen(0, battle.height);
  context.save();
  context.beginPath();
  context.rect(left - 1, top - 1, battle.width * camera.scale + 2, battle.height * camera.scale + 2);
  context.clip();
  for (const shape of shapes) if (shape.kind !== "Text") drawShape(context, shape);
  context.restore();
  for (const shape of shapes) if (shape.kind === "Text") drawText(context, shape);
}

function drawShape(context, shape) {
  context.beginPath();
  if (shape.kind === "Circle") {
    const radius = Math.max(shape.radius * camera.scale, shape.fill ? SMALLEST_RADIUS : 0);
    context.arc(...toScreen(shape.x, shape.y), radius, 0, 2 * Math.PI);
  } else if (shape.kind === "Arc") {
    const start = shape.start - Math.PI / 2; // the canvas counts from the right
    context.arc(...toScreen(shape.x, shape.y), shape.radius * camera.scale, start, start + shape.extent);
    if (shape.fill) {
      const sector = new Path2D();
      sector.moveTo(...toScreen(shape.x, shape.y));
      sector.arc(...toScreen(shape.x, shape.y), shape.radius * camera.scale, start, start + shape.extent);
      context.fillStyle = css(shape.fill);
      context.fill(sector);
    }
  } else {
    for (const [x, y] of shape.points) context.lineTo(...toScreen(x, y));
    if (shape.kind === "Polygon") context.closePath();
  }
  if (shape.fill && shape.kind !== "Arc") {
    context.fillStyle = css(shape.fill);
    context.fill();
  }
  const colour = shape.kind === "Polygon" || shape.kind === "Circle" ? shape.outline : shape.colour;
  if (!colour) return;
  context.strokeStyle = css(colour);
  context.lineWidth = shape.width;
  context.stroke();
}

const ALIGNMENTS = { centre: ["center", "middle"], left: ["left", "middle"], right: ["right", "middle"], above: ["center", "bottom"], below: ["center", "top"] };

// Where a text's point is seen, all of it is.
function drawText(context, shape) {
  let [x, y] = toScreen(shape.x, shape.y);
  const isSeen = x >= 0 && y >= 0 && x < canvas.clientWidth && y < canvas.clientHeight;
  context.font = `${shape.height}px ${FONT}`;
  [context.textAlign, context.textBaseline] = ALIGNMENTS[shape.anchor];
  context.fillStyle = css(shape.colour);
  if (isSeen) {
    const width = context.measureText(shape.text).width;
    const share = { center: 0.5, left: 0, right: 1 }[context.textAlign];
    const up = { middle: 0.5, bottom: 1, top: 0 }[context.textBaseline] * shape.height;
    x = Math.min(Math.max(x, width * share), canvas.clientWidth - width * (1 - share));
    y = Math.min(Math.max(y, up), canvas.clientHeight - shape.height + up);
  }
  context.fillText(shape.text, x, y);
}
