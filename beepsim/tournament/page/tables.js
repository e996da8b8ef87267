// Tables that sort by a click on a heading and show their first rows, and the ranking's filter.

const moreButtons = new Map();

// Rows beyond the first ones are not laid out until they are asked for; printed, all are.
function limitRows(table) {
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const most = moreButtons.get(table)?.dataset.pressed ? rows.length : frame.most_rows;
  rows.forEach((row, place) => row.classList.toggle("beyond", place >= most));
  if (rows.length > frame.most_rows && !moreButtons.has(table)) {
    const button = element("button");
    button.type = "button";
    button.addEventListener("click", () => {
      button.dataset.pressed = "yes";
      limitRows(table);
    });
    moreButtons.set(table, button);
    table.parentElement.after(button);
  }
  const button = moreButtons.get(table);
  if (!button) return;
  button.hidden = rows.length <= most;
  button.textContent = `Show all ${rows.length} rows`;
}

function sortValue(row, index) {
  const text = row.cells[index].dataset.value ?? row.cells[index].textContent.trim();
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

// Rows of equal value keep their order; those without one come last either way.
function sortRows(table, index, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const rows = [...table.tBodies[0].rows].map((row) => [sortValue(row, index), row]);
  rows.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : order(String(a), String(b)));
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
  limitRows(table);
  for (const heading of table.tHead.rows[0].cells) heading.removeAttribute("aria-sort");
  table.tHead.rows[0].cells[index].setAttribute("aria-sort", direction);
}

function makeSortable(table, then = () => {}) {
  limitRows(table);
  for (const heading of table.tHead.rows[0].cells) {
    if (!heading.dataset.sorts) continue;
    const sort = () => {
      const other = { ascending: "descending", descending: "ascending" };
      sortRows(table, heading.cellIndex, other[heading.getAttribute("aria-sort")] ?? heading.dataset.sorts);
      then();
    };
    heading.tabIndex = 0;
    heading.addEventListener("click", sort);
    heading.addEventListener("keydown", (event) => {
      if (event.key === "Enter") sort();
    });
  }
}

function filterRanking() {
  const wanted = document.getElementById("filter").value.trim().toLowerCase();
  const group = document.getElementById("group")?.value ?? "";
  const rows = [...document.getElementById("bots").tBodies[0].rows];
  let shown = 0;
  for (const row of rows) {
    const bot = frame.bots[row.dataset.choose];
    row.hidden = !bot.label.toLowerCase().includes(wanted) || (group !== "" && bot.group !== group);
    shown += !row.hidden;
  }
  limitRows(document.getElementById("bots"));
  document.getElementById("shown").textContent = shown < rows.length ? `${shown} of ${rows.length} bots` : "";
}

// The first bots of the ranking as it stands on the page now.
function firstShown(most) {
  const found = [];
  for (const row of document.getElementById("bots").tBodies[0].rows) {
    if (found.length === most) break;
    if (!row.hidden) found.push(Number(row.dataset.choose));
  }
  return found;
}
