// The HTML report as a reader uses it.
//
//     node report.mjs CHROMIUM FOLDER     (leak, many, none and hostile.html are in the folder)

import {chromium} from "playwright-core";
import {pathToFileURL} from "node:url";
import path from "node:path";

const [executablePath, folder] = process.argv.slice(2);
let checks = 0;
const failures = [];

const check = (good, sentence) => {
  checks++;
  if (!good) failures.push(sentence);
};

const same = (found, expected, sentence) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  check(a === b, `${sentence}: ${a}, not ${b}`);
};

// As root there is no other way than without a sandbox.
const browser = await chromium.launch({
  executablePath,
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});

/* A page of which every word on the console, every error and every request counts. */
const open = async (name, options = {}, hash = "") => {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
  const page = await context.newPage();
  const url = pathToFileURL(path.join(folder, `${name}.html`)).href;
  page.told = [];
  page.asked = [];
  page.on("console", (message) => page.told.push(message.text()));
  page.on("pageerror", (error) => page.told.push(String(error)));
  page.on("dialog", (dialog) => {
    page.told.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== url && request.url() !== "data:,") page.asked.push(request.url());
  });
  await page.goto(url + hash);
  return page;
};

const finish = async (page, name) => {
  same(page.told, [], `${name}: the console says`);
  same(page.asked, [], `${name}: requests leave`);
  await page.context().close();
};

/* Browsers follow a link within the page when they find the time. */
const appears = async (locator, sentence) => {
  check(await locator.waitFor({state: "visible", timeout: 10000}).then(() => true, () => false), sentence);
};

const shown = (page) => page.locator("tr.row:visible");
const column = (page, index) =>
  page.$$eval("tr.row", (rows, at) => rows.map((row) => {
    const cell = row.cells[at];
    return "key" in cell.dataset ? cell.dataset.key : cell.textContent;
  }), index);
const ordered = (keys, sign) => keys.every((key, i) => !i || (key < keys[i - 1] ? -sign : sign) >= 0 || key === keys[i - 1]);

// ---- renders ------------------------------------------------------------------------------------

const renders = async () => {
  for (const name of ["leak", "many", "none", "hostile"]) {
    const page = await open(name);
    same(await page.locator("section h2").first().isVisible(), true, `${name}: a heading is visible`);
    for (const width of [1280, 420]) {
      await page.setViewportSize({width, height: 900});
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(wide <= 0, `${name} at ${width}: ${wide} pixels too wide`);
      const boxes = await page.locator(".timeline .scroll svg, .hosts svg, .ends > svg").evaluateAll((all) =>
        all.map((drawing) => drawing.getBoundingClientRect()).map(({width, height}) => [width, height]));
      check(boxes.length && boxes.every(([across, down]) => across > 100 && down > 10), `${name}: drawings of ${boxes}`);
    }
    await finish(page, name);
  }
};

/* Text against what is behind it, by the formula of WCAG 2.1. */
const contrasts = (page) => page.evaluate(() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
    .getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((part) => part / 255).map((part) =>
      part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  let seen = 0;
  for (const element of document.querySelectorAll("h1, h2, p, a:not(svg a), dt, dd, th, td, small, .sev, summary, svg text, .legend li, label, button")) {
    if (!element.textContent.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const text = luminance(rgb(element.closest("svg") ? style.fill : style.color));
    const ground = luminance(behind(element));
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    seen++;
    if (ratio < 4.5) bad.push(`${element.tagName}.${element.getAttribute("class")} ${ratio.toFixed(2)}`);
  }
  return {seen, bad: [...new Set(bad)]};
});

const themes = async () => {
  const grounds = new Set();
  for (const colorScheme of ["light", "dark"]) {
    const page = await open("leak", {colorScheme});
    await page.locator("tr.row button.open").nth(1).click();
    grounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    const {seen, bad} = await contrasts(page);
    check(seen > 100, `${colorScheme}: only ${seen} texts`);
    same(bad, [], `${colorScheme}: too little contrast`);
    await finish(page, colorScheme);
  }
  same(grounds.size, 2, "the themes differ");
};

// ---- filters ------------------------------------------------------------------------------------

const filters = async () => {
  const page = await open("many");
  const all = await shown(page).count();
  same(all, 60, "rows at first");
  const told = page.locator(".tools output");
  same(await told.textContent(), "60 of 60 shown", "told at first");

  await page.selectOption("[name=severity]", "3");
  const grave = await shown(page).count();
  check(grave > 0 && grave < all, `${grave} of severity warning`);
  same(await page.$$eval("tr.row:not([hidden]) .sev", (marks) => [...new Set(marks.map((mark) => mark.textContent))]
    .filter((name) => name !== "warning" && name !== "critical")), [], "less grave ones are shown");
  same(await told.textContent(), `${grave} of 60 shown`, "told of severity");

  await page.click(".tools button");
  same(await shown(page).count(), all, "rows after Show all");

  const link = page.locator(".findings a[data-rule]").first();
  const rule = await link.getAttribute("data-rule");
  await link.click();
  const named = parseInt(await link.textContent(), 10);
  same(await shown(page).count(), named, `rows of ${rule}`);
  same(await page.inputValue("[name=rule]"), rule, "the rule that is chosen");

  await page.click(".tools button");
  await page.fill(".tools input", "10.0.0.1 SYN_UNANSWERED");
  const found = await shown(page).count();
  const texts = await shown(page).allTextContents();
  check(found > 0 && found < all, `${found} with both words`);
  check(texts.every((text) => text.includes("10.0.0.1") && text.includes("syn_unanswered")), "a row without the words");
  await page.fill(".tools input", "no such words anywhere");
  same(await shown(page).count(), 0, "rows without a match");
  await finish(page, "filters");
};

// ---- sorts --------------------------------------------------------------------------------------

const sorts = async () => {
  const page = await open("many");
  const heads = page.locator("table.anomalies th[data-sort]");
  same(await heads.allTextContents(), ["Severity", "Time (UTC)", "What", "Client", "Server", "Confidence"], "heads");
  for (let index = 0; index < 6; index++) {
    const head = heads.nth(index);
    const first = await head.getAttribute("data-first") ?? "ascending";
    for (const way of [first, first === "ascending" ? "descending" : "ascending"]) {
      await head.locator("button").click();
      same(await head.getAttribute("aria-sort"), way, `column ${index} says how it is sorted`);
      const keys = await column(page, index);
      same(keys.length, 60, `rows of column ${index}`);
      check(ordered(keys, way === "ascending" ? 1 : -1), `column ${index} is not ${way}`);
    }
  }
  same(await page.locator("th[aria-sort]").count(), 1, "one column is sorted");
  await heads.nth(1).locator("button").focus();
  await page.keyboard.press("Enter");
  same(await heads.nth(1).getAttribute("aria-sort"), "ascending", "sorted by the keyboard");
  await finish(page, "sorts");
};

// ---- opens --------------------------------------------------------------------------------------

const opens = async () => {
  const page = await open("leak");
  same(await page.locator("#ladder-legend").isVisible(), true, "what the bars mean is visible");
  const row = page.locator("tr.row").nth(1);
  const button = row.locator("button.open");
  same(await button.textContent(), "Ladder", "the button");
  same(await page.locator("figure.ladder:visible").count(), 0, "ladders at first");
  await button.focus();
  await page.keyboard.press("Enter");
  same(await button.getAttribute("aria-expanded"), "true", "opened by the keyboard");
  const below = row.locator("xpath=following-sibling::tr[1]");
  const ladder = below.locator("figure.ladder svg");
  same(await ladder.isVisible(), true, "the ladder is visible");
  check(await ladder.locator(".arrow").count() >= 8, "the ladder has arrows");
  const bars = await ladder.locator("rect[class^=s-]").evaluateAll((all) =>
    all.map((bar) => [bar.getAttribute("class"), Math.round(bar.getBoundingClientRect().height)]));
  check(bars.some(([name]) => name === "s-CLOSE_WAIT") && bars.every(([, height]) => height > 5), `bars ${JSON.stringify(bars)}`);
  check(await ladder.locator("text.state", {hasText: "CLOSE_WAIT"}).count() === 1, "the state is a word, too");
  check(await ladder.locator("rect.proof").count() === 2, "the evidence is marked");
  check(await below.locator("table.evidence tbody tr").count() === 2, "the evidence is a table");

  // The detail stays below its row, and goes with it.
  const id = await button.getAttribute("aria-controls");
  await page.locator("th[data-sort] button").nth(1).click();
  await page.locator("th[data-sort] button").nth(1).click();
  const moved = page.locator(`tr.row:has(button[aria-controls="${id}"])`);
  same(await moved.locator("xpath=following-sibling::tr[1]").getAttribute("class"), "detail", "below its row when sorted");
  await page.selectOption("[name=rule]", "close_wait_leak");
  same(await page.locator("figure.ladder:visible").count(), 0, "hidden with its row");
  await page.click(".tools button");
  same(await page.locator("figure.ladder:visible").count(), 1, "shown with its row");
  await moved.locator("button.open").click();
  same(await page.locator("figure.ladder:visible").count(), 0, "closed");
  await finish(page, "opens");
};

const links = async () => {
  const page = await open("leak");
  await page.locator(".timeline a").first().focus();
  await page.keyboard.press("Enter");
  await appears(page.locator(".case-body:visible"), "a mark of the timeline does not open its case");
  await page.locator(".findings a.rule").first().click();
  await appears(page.locator("#rule-close_wait_leak"), "a rule's text does not open");
  await finish(page, "links");
  const direct = await open("leak", {}, "#case-3");
  await appears(direct.locator("#case-3"), "an address with a case does not open it");
  await finish(direct, "links");
};

// ---- without script, printed, attacked ----------------------------------------------------------

const withoutScript = async () => {
  const page = await open("leak", {javaScriptEnabled: false});
  same(await page.locator(".tools").isVisible(), false, "tools that would do nothing");
  same(await page.locator("details.case").count(), 13, "cases");
  await page.locator("tr.row a.open").nth(1).click();
  await appears(page.locator("details.case").nth(1).locator("figure.ladder svg"), "a link does not open its case");
  await finish(page, "without script");
};

const printed = async () => {
  const page = await open("leak", {colorScheme: "dark"});
  await page.locator("tr.row button.open").nth(1).click();
  await page.emulateMedia({media: "print", colorScheme: "dark"});
  same(await page.locator(".tools, nav, button.open").evaluateAll((all) =>
    all.filter((element) => element.getClientRects().length).length), 0, "printed: what cannot be clicked");
  same(await page.locator("figure.ladder:visible").count(), 1, "printed: the ladder that is open");
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  same(ground, "rgb(255, 255, 255)", "printed: the ground");
  const pdf = await page.pdf({preferCSSPageSize: true});
  check(pdf.length > 10000, "printed: nothing");
  await finish(page, "printed");
};

const attacked = async () => {
  const page = await open("hostile");
  same(await page.locator("img, script").count(), 1, "images and scripts beside the own one");
  check((await page.locator("h1").textContent()).startsWith("<img src=x onerror=alert(2)>"), "the name is not text");
  same(page.told, [], "hostile: the console says");
  // What got in all the same could not do anything.
  const got = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.gotIn = true";
    document.body.append(script);
    const image = new Image();
    image.src = "http://127.0.0.1:9/leak.png";
    document.body.append(image);
    const sent = await fetch("http://127.0.0.1:9/leak").then(() => true, () => false);
    document.body.setAttribute("style", "color: rgb(1, 2, 3)");
    return [Boolean(window.gotIn), sent, getComputedStyle(document.body).color === "rgb(1, 2, 3)"];
  });
  same(got, [false, false, false], "the policy lets through");
  check(page.told.length >= 4, "the policy says nothing on the console");
  await page.context().close();
};

for (const part of [renders, themes, filters, sorts, opens, links, withoutScript, printed, attacked]) {
  try {
    await part();
  } catch (error) {
    check(false, `${part.name}: ${error}`);
  }
}
await browser.close();
for (const sentence of failures) console.log(`FAILED: ${sentence}`);
console.log(`${checks} checks, ${failures.length} failed`);
process.exit(failures.length || !checks ? 1 : 0);
