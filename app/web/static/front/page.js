// What every part of the development page uses: elements, words, calls to this gateway.

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const find = (id) => document.getElementById(id);

/** Makes an element; text and attributes are set as text, never read as markup. */
export function make(tag, className = "", text = null) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== null) element.textContent = text;
  return element;
}

/** Puts values into a sentence: fill("delivered {count} times", {count: 2}). */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Adds a term and its value to a list of facts; nothing when there is no value. */
export function addFact(list, term, value, className = "") {
  if (value === null || value === undefined || value === "") return;
  list.append(make("dt", "", term), make("dd", className, value));
}

/** Shows a message under a card, or hides it. */
export function say(id, text, tone = "") {
  const element = find(id);
  element.className = tone ? `message ${tone}` : "message";
  element.textContent = text ?? "";
  element.hidden = !text;
}

/** Calls a route of the development page and returns its JSON; an error carries the sentence the gateway answered. */
export async function call(path, { method = "GET", body = null } = {}) {
  const headers = { Accept: "application/json", "X-Requested-With": "callgate" };
  if (body !== null) headers["Content-Type"] = "application/json";
  const answer = await reach(path, { method, headers, body: body === null ? null : JSON.stringify(body) });
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  throw Object.assign(new Error(content.message ?? texts.went_wrong), { word: content.error });
}

/** Words an error for the reader. */
export function explain(error) {
  return texts.errors[error.word] ?? error.message;
}

/** Like fetch, but a gateway that cannot be reached says so in the reader's language. */
export async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Error(texts.offline);
  }
}

/** Runs an action with its button out of reach, and shows what went wrong. */
export async function busy(button, messageId, action) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  say(messageId, null);
  try {
    await action();
  } catch (error) {
    say(messageId, explain(error), "bad");
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

const TONES = {
  succeeded: "good", bound: "good", processing: "busy", received: "busy", running: "busy", pending: "busy",
  retrying: "warn", expired: "warn", timed_out: "warn", dead: "bad", failed: "bad",
};

/** Writes a state into a badge. */
export function setBadge(badge, state) {
  badge.className = `badge ${TONES[state] ?? ""}`.trim();
  badge.dataset.state = state;
  badge.textContent = texts.states[state] ?? state;
}

/** Makes a badge for a state. */
export function makeBadge(state) {
  const badge = make("span");
  setBadge(badge, state);
  return badge;
}

const clock = new Intl.DateTimeFormat(document.documentElement.lang, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});
const calendar = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric" });

/** Makes a time element: the hour today, with the day in front before that. */
export function makeTime(text, className) {
  const moment = new Date(text);
  const isToday = moment.toDateString() === new Date().toDateString();
  const element = make("time", className, (isToday ? "" : `${calendar.format(moment)} `) + clock.format(moment));
  element.dateTime = text;
  element.title = moment.toLocaleString(document.documentElement.lang);
  return element;
}
