// The live list: what arrived and what was refused, newest first; a row opens to show everything kept about it.
import { addFact, call, explain, fill, find, make, makeBadge, makeTime, reach, setBadge, texts } from "./page.js";

const EVERY_MILLISECONDS = 1500;
const LISTS = { events: new Map(), rejections: new Map() };
let tag = null;
let after = "";
let started = false;

export function startArrivals() {
  connectTabs();
  find("clear").addEventListener("click", clearView);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  keepLooking();
}

async function keepLooking() {
  if (document.hidden) showLive("still", texts.paused);
  else await look();
  setTimeout(keepLooking, EVERY_MILLISECONDS);
}

/** Asks for the list; an unchanged one costs nothing but the question. */
export async function look() {
  try {
    const headers = { Accept: "application/json", ...(tag ? { "If-None-Match": tag } : {}) };
    const answer = await reach(`/dev/arrivals?after=${encodeURIComponent(after)}`, { headers, cache: "no-store" });
    if (answer.status !== 304) await take(answer);
    showLive("", texts.live);
  } catch (error) {
    showLive("bad", explain(error));
  }
}

async function take(answer) {
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.message), { word: content.error });
  tag = answer.headers.get("ETag");
  show("events", content.events, makeEventRow, updateEventRow);
  show("rejections", content.rejections, makeRejectionRow, () => {});
  started = true;
}

function showLive(tone, text) {
  find("live").className = `live ${tone}`.trim();
  if (find("live-text").textContent !== text) find("live-text").textContent = text;
}

function clearView() {
  after = new Date().toISOString();
  tag = null;
  for (const name of Object.keys(LISTS)) show(name, [], null, null);
  look();
}

/** Brings a list up to date: rows that stay are kept as they are, so that an open one stays open. */
function show(name, items, makeRow, updateRow) {
  const rows = LISTS[name];
  const wanted = new Set(items.map((item) => String(item.id)));
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.element.remove();
    rows.delete(id);
  }
  for (const item of [...items].reverse()) {
    const known = rows.get(String(item.id));
    if (known) updateRow(known, item);
    else add(name, item, makeRow(item));
  }
  find(`count-${name}`).textContent = rows.size;
  find(`empty-${name}`).hidden = rows.size > 0;
}

function add(name, item, row) {
  if (started) row.element.classList.add("new");
  find(`rows-${name}`).prepend(row.element);
  LISTS[name].set(String(item.id), row);
}

/** Makes a row that opens; `openRow` fills its body when it is opened. */
function makeRow(id, { time, what, under, badge, copies }, openRow) {
  const element = make("li", "row");
  const head = make("button", "row-head");
  const body = make("div", "row-body");
  const words = make("span", "row-what", what);
  words.append(make("small", "", under));
  head.type = "button";
  body.id = `row-${id}`;
  head.setAttribute("aria-controls", body.id);
  head.append(makeTime(time, "row-time"), words, copies, badge, make("span", "chevron"));
  element.append(head, body);
  setOpen(head, body, false);
  head.addEventListener("click", () => {
    setOpen(head, body, body.hidden);
    if (!body.hidden) openRow(body);
  });
  return { element, head, body, badge, copies };
}

function setOpen(head, body, open) {
  head.setAttribute("aria-expanded", String(open));
  body.hidden = !open;
}

function makeEventRow(item) {
  const parts = {
    time: item.received_at, what: item.type, under: texts.own[item.channel] ?? item.channel,
    badge: makeBadge(item.state), copies: make("span", "copies"),
  };
  const row = makeRow(item.id, parts, (body) => fillEvent(item.id, body));
  updateEventRow(row, item);
  return row;
}

function updateEventRow(row, item) {
  const seen = `${item.state} ${item.duplicates}`;
  if (row.seen === seen) return;
  row.seen = seen;
  setBadge(row.badge, item.state);
  row.copies.textContent = item.duplicates ? `×${item.duplicates + 1}` : "";
  row.copies.title = item.duplicates ? fill(texts.copies, { count: item.duplicates + 1 }) : "";
  if (!row.body.hidden) fillEvent(item.id, row.body);
}

async function fillEvent(id, body) {
  if (!body.hasChildNodes()) body.append(make("p", "muted", texts.loading));
  try {
    const event = await call(`/dev/arrivals/${encodeURIComponent(id)}`);
    body.replaceChildren(eventFacts(event), ...dispatchPart(event), ...dataPart(event), ...headerPart(event));
  } catch (error) {
    body.replaceChildren(make("p", "message bad", explain(error)));
  }
}

function eventFacts(event) {
  const facts = make("dl", "facts");
  addFact(facts, texts.event_id, event.id, "id");
  if (event.key !== event.id) addFact(facts, texts.key, event.key, "id");
  addFact(facts, texts.subject, event.subject, "id");
  addFact(facts, texts.proof, event.scheme);
  addFact(facts, texts.sender, event.remote_addr);
  return facts;
}

function dispatchPart(event) {
  const list = make("ul", "runs");
  for (const dispatch of event.dispatches) list.append(makeRun(dispatch));
  return part(texts.dispatches, event.dispatches.length ? list : make("p", "muted", texts.no_dispatches));
}

function makeRun(dispatch) {
  const item = make("li");
  const head = make("div", "run-head");
  head.append(make("code", "", dispatch.route), makeBadge(dispatch.state));
  item.append(head);
  if (!dispatch.attempts.length) item.append(make("small", "", texts.no_attempts));
  for (const attempt of dispatch.attempts) item.append(...makeAttempt(attempt));
  return item;
}

function makeAttempt(attempt) {
  const line = make("div", "run-head muted");
  line.append(
    make("span", "", fill(texts.attempt, { number: attempt.number })),
    make("span", "", texts.states[attempt.outcome] ?? attempt.outcome ?? ""),
    make("span", "", attempt.duration_ms === null ? "" : `${attempt.duration_ms} ms`),
  );
  return attempt.error ? [line, make("div", "run-error", attempt.error)] : [line];
}

function dataPart(event) {
  return part(texts.data, make("pre", "", JSON.stringify(event.data, null, 2)));
}

function headerPart({ headers }) {
  const list = make("dl", "facts headers");
  for (const [name, value] of headers) addFact(list, name, value);
  return part(texts.headers, list);
}

function part(title, content) {
  const section = make("section");
  section.append(make("h3", "", title), content);
  return [section];
}

function makeRejectionRow(item) {
  const badge = make("span", "badge bad", item.status);
  const parts = { time: item.received_at, what: item.error, under: item.channel, badge, copies: make("span") };
  return makeRow(`refused-${item.id}`, parts, (body) => fillRejection(item, body));
}

function fillRejection(item, body) {
  const facts = make("dl", "facts");
  addFact(facts, texts.reason, item.reason);
  addFact(facts, texts.request, `${item.method} ${item.path}`);
  addFact(facts, texts.sender, item.remote_addr);
  addFact(facts, texts.size, fill(texts.bytes, { count: item.bytes }));
  addFact(facts, texts.trace, item.trace_id, "id");
  body.replaceChildren(facts, ...headerPart(item));
}

function connectTabs() {
  const tabs = [find("tab-events"), find("tab-rejections")];
  for (const tab of tabs) {
    tab.addEventListener("click", () => choose(tabs, tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      choose(tabs, tabs.find((other) => other !== tab)).focus();
    });
  }
}

function choose(tabs, chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    find(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
  return chosen;
}
