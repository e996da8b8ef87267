// What is chosen: a bot with its problem bots, and a pairing with its battles.

const chosen = { bot: -1, row: -1, column: -1 };

function chooseBot(bot) {
  chosen.bot = bot;
  document.getElementById("bot").value = bot;
  for (const row of document.getElementById("bots").tBodies[0].rows) {
    row.classList.toggle("chosen", Number(row.dataset.choose) === bot);
  }
  showProblems(bot);
  drawProgress();
}

function choosePairing(row, column) {
  Object.assign(chosen, { row, column });
  document.getElementById("row").value = row;
  document.getElementById("column").value = column;
  showPairing(row, column);
  drawMatrix();
}

function showProblems(bot) {
  const table = document.getElementById("opponents");
  const rows = [];
  for (const opponent of frame.order) {
    if (!between("battles", bot, opponent)) continue;
    const row = document.createElement("tr");
    row.dataset.choose = opponent;
    const share = between("share", bot, opponent);
    const index = between("knnpbi", bot, opponent);
    if (index < -between("reach", bot, opponent)) row.className = "problem";
    row.append(
      element("td", frame.bots[opponent].label, "text name"),
      cell(index, 2),
      cell(share, 2, scoreInterval(bot, opponent, 1)),
      cell(between("npp", bot, opponent), 1),
      cell(between("survival", bot, opponent), 1),
      cell(hitRate(bot, opponent), 1),
      cell(hitRate(opponent, bot), 1),
      cell(between("battles", bot, opponent), 0),
    );
    rows.push(row);
  }
  table.tBodies[0].replaceChildren(...rows);
  sortRows(table, 1, "ascending");
}

function definition(list, name, text) {
  const line = document.createElement("div");
  line.append(element("dt", name), element("dd", text));
  list.append(line);
}

function showPairing(row, column) {
  const panel = document.getElementById("chosen-pairing");
  const [bot, opponent] = [frame.bots[row], frame.bots[column]];
  const number = between("battles", row, column);
  panel.replaceChildren(element("h3", `${bot.label} against ${opponent.label}`));
  if (!number) {
    panel.append(element("p", "They have not met."));
    return;
  }
  const list = element("dl", "", "facts");
  const share = between("share", row, column);
  definition(list, "Score", `${written(share, 2)} % ${scoreInterval(row, column, 2)}`);
  definition(list, "Survival", `${written(between("survival", row, column), 1)} %`);
  definition(list, "NPP", written(between("npp", row, column), 1));
  definition(list, "KNNPBI", written(between("knnpbi", row, column), 2));
  for (const [name, shooter, target] of [["Hit rate", row, column], ["Opponent's hit rate", column, row]]) {
    const shots = between("shots", shooter, target);
    definition(list, name, shots ? `${written(hitRate(shooter, target), 1)} % of ${shots} shots` : "–");
  }
  definition(list, "Battles", String(number));
  panel.append(list);
  if ("duel_pair" in frame.arrays) showBattles(panel, row, column);
  else {
    panel.append(element("p", "So many battles have no room on this page; to list those of this pairing:", "soft"));
    panel.append(element("code", `${frame.show} ${bot.shell} ${opponent.shell}`, "command"));
  }
}

// Where the pairing's battles begin among all, which are sorted by pairing.
function firstBattle(pair) {
  const pairs = packed("duel_pair");
  let [low, high] = [0, pairs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pairs[middle] < pair) low = middle + 1;
    else high = middle;
  }
  return low;
}

function showBattles(panel, row, column) {
  const pair = Math.min(row, column) * count + Math.max(row, column);
  const table = document.createElement("table");
  const headings = ["Battle", "Season", "Score, %", "Turns", "Seed"].map((text) => {
    const heading = element("th", text);
    heading.dataset.sorts = "ascending";
    return heading;
  });
  table.createTHead().insertRow().append(...headings);
  const body = table.createTBody();
  const command = element("code", "", "command");
  const choose = (line, battle) => {
    for (const other of body.rows) other.classList.toggle("chosen", other === line);
    command.textContent = `${frame.replay} ${battle} --record battle_${battle}.battle`;
  };
  for (let at = firstBattle(pair); packed("duel_pair")[at] === pair; at++) {
    const place = packed("duel_battle")[at];
    const battle = figure("battle_number", place);
    const share = figure("duel_share", at);
    const line = body.insertRow();
    line.dataset.choose = battle;
    line.append(
      cell(battle, 0),
      cell(figure("battle_season", place), 0),
      cell(row < column ? share : 100 - share, 2),
      cell(figure("battle_turns", place), 0),
      cell(figure("battle_seed", place), 0),
    );
    line.addEventListener("click", () => choose(line, battle));
  }
  makeSortable(table);
  const box = element("div", "", "scroll");
  box.append(table);
  panel.append(box, element("p", "To fight the chosen battle again and record it:", "soft"), command);
  if (body.rows.length) choose(body.rows[0], Number(body.rows[0].dataset.choose));
}

function listenToChoices() {
  const [row, column] = ["row", "column"].map((id) => document.getElementById(id));
  fillSelect(document.getElementById("bot"), frame.order);
  fillSelect(row, frame.order);
  fillSelect(column, frame.order);
  document.getElementById("bot").addEventListener("change", (event) => chooseBot(Number(event.target.value)));
  for (const select of [row, column]) {
    select.addEventListener("change", () => choosePairing(Number(row.value), Number(column.value)));
  }
  document.getElementById("bots").tBodies[0].addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    if (line) chooseBot(Number(line.dataset.choose));
  });
  document.getElementById("opponents").tBodies[0].addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    if (line) choosePairing(chosen.bot, Number(line.dataset.choose));
  });
}
