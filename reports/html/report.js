"use strict";
(() => {
  const root = document.documentElement;
  const table = document.querySelector("table.anomalies");
  root.classList.add("scripted");

  /* A target inside closed details opens them; a case opens below its row. */
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const button = document.querySelector(`button[aria-controls="${CSS.escape(target.id)}"]`);
    if (button) {
      if (button.getAttribute("aria-expanded") === "false") button.click();
      button.closest("tr").hidden = false;
      button.closest("tr").scrollIntoView({block: "start"});
      return;
    }
    const details = target.closest("details");
    if (details) {
      details.open = true;
      target.scrollIntoView({block: "nearest"});
    }
  };
  addEventListener("hashchange", reveal);

  /* Whoever follows the same link twice wants to go there twice. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });

  if (!table) {
    reveal();
    return;
  }
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const detail = new Map();

  const put = (row) => {
    body.append(row);
    if (detail.has(row)) body.append(detail.get(row));
  };

  /* ---- opening ---- */
  const toggle = (row, button, content) => {
    let below = detail.get(row);
    if (!below) {
      below = document.createElement("tr");
      below.className = "detail";
      below.hidden = true;
      const cell = below.insertCell();
      cell.colSpan = row.cells.length;
      cell.append(content);
      detail.set(row, below);
      row.after(below);
    }
    const open = below.hidden;
    below.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Hide" : button.dataset.name;
  };
  for (const row of rows) {
    const link = row.querySelector("a.open");
    const content = link && document.getElementById(link.hash.slice(1));
    if (!content) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "open";
    button.dataset.name = button.textContent = link.textContent;
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", content.id);
    button.setAttribute("aria-label", link.getAttribute("aria-label"));
    button.addEventListener("click", () => toggle(row, button, content));
    link.replaceWith(button);
  }

  /* ---- filtering ---- */
  const tools = document.querySelector(".tools");
  const wanted = {
    text: tools.querySelector("input"),
    severity: tools.querySelector("[name=severity]"),
    rule: tools.querySelector("[name=rule]"),
    confidence: tools.querySelector("[name=confidence]"),
  };
  const told = tools.querySelector("output");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const filter = () => {
    const words = wanted.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = Number(row.dataset.severity) >= Number(wanted.severity.value) &&
        Number(row.dataset.confidence) >= Number(wanted.confidence.value) &&
        (!wanted.rule.value || row.dataset.rule === wanted.rule.value) &&
        words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      shown += fits;
      const below = detail.get(row);
      const button = row.querySelector("button.open");
      if (below) below.hidden = !fits || button.getAttribute("aria-expanded") === "false";
    }
    told.textContent = `${shown} of ${rows.length} shown`;
  };
  for (const control of Object.values(wanted)) control.addEventListener("input", filter);
  tools.querySelector("button").addEventListener("click", () => {
    wanted.text.value = wanted.rule.value = "";
    wanted.severity.selectedIndex = wanted.confidence.selectedIndex = 0;
    filter();
  });
  for (const link of document.querySelectorAll("a[data-rule]")) {
    link.addEventListener("click", () => {
      wanted.text.value = "";
      wanted.severity.selectedIndex = wanted.confidence.selectedIndex = 0;
      wanted.rule.value = link.dataset.rule;
      filter();
    });
  }

  /* ---- sorting ---- */
  const heads = Array.from(table.tHead.rows[0].cells);
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return "key" in cell.dataset ? cell.dataset.key : cell.textContent;
  };
  const sort = (column) => {
    const head = heads[column];
    const first = head.dataset.first || "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const way = head.getAttribute("aria-sort") === first ? other : first;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", way);
    const sign = way === "ascending" ? 1 : -1;
    rows.map((row) => [keyOf(row, column), row])
      .sort(([a], [b]) => (a < b ? -sign : a > b ? sign : 0))
      .forEach(([, row]) => put(row));
  };
  heads.forEach((head, column) => {
    if (!head.hasAttribute("data-sort")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(column));
    head.replaceChildren(button);
  });

  tools.hidden = false;
  filter();
  reveal();
})();
