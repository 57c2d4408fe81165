// Callgate in the browser.
//
//   import { login, me, logout } from "https://callbacks.example.com/static/callgate.js";
//
//   await login("feishu");                   leaves this page and comes back to it; a channel, or a login group
//   await login("feishu", { popup: true });  stays; resolves to me() when the popup has finished, null when it was closed;
//                                            rejects when the login failed: error.word says why ("access_denied", …)
//   await login("feishu", { errorTo });      leaves this page; a failure goes to errorTo, with error and trace_id
//   const person = await me();               null when nobody is logged in
//   await logout();
//   onLogin(() => …);                        a login in a popup has finished, this page's or another's, however late
//
// No token ever reaches this code: the session is an HttpOnly cookie. A page of another origin must be listed in
// RETURN_URLS to be told about a popup, and can only log in with it; me() and logout() are for the gateway's origin.

const gateway = new URL(import.meta.url).origin;
const isHome = location.origin === gateway;
const CHANNEL = "callgate:login";
// Which page has opened a popup: a window keeps it through every page of the platform. It is no secret.
const OPENER = "callgate:opener";
const self = `${Date.now()}-${Math.random()}`;
const WAIT_MILLISECONDS = 10 * 60 * 1000;
const LOOK_MILLISECONDS = 500;
// In looks: seen open at the platform for long enough to believe that it closed; closed, believed; closed, or cut off.
const SEEN = 2;
const CLOSED = 6;
const CLOSED_OR_CUT_OFF = 60;

let newest = null;

/** Logs in through a channel or a login group, whose channel the gateway chooses by the browser; `next` is where to come back to (default: this page). */
export async function login(channel, { popup = false, next = here(), errorTo = undefined } = {}) {
  const query = new URLSearchParams({ next, mode: popup ? "popup" : "redirect" });
  if (errorTo && !popup) query.set("error_to", errorTo);
  const address = `${gateway}/oauth/${encodeURIComponent(channel)}/start?${query}`;
  if (!popup) {
    location.assign(address);
    return new Promise(() => {});
  }
  const before = whoIsThere();
  const opened = openPopup(address);
  if (!opened) throw new Error("The popup was blocked.");
  // The platform gets no hold on this page. A page of another origin needs the link: it hears of the end through it.
  if (isHome) opened.opener = null;
  newest = ended(opened, before);
  // A login that is started while another one waits takes its place: both are over together.
  for (let waiting = null; waiting !== newest; ) await (waiting = newest);
  return isHome ? me() : null;
}

/** Opens the login window; a new window gets a copy of this one's storage. */
function openPopup(address) {
  if (isHome) sessionStorage.setItem(OPENER, self);
  const opened = window.open(address, "callgate_login", "popup,width=520,height=680");
  if (isHome) sessionStorage.removeItem(OPENER);
  return opened;
}

/** Calls back whenever a login in a popup has finished, whichever page of this origin had opened it. */
export function onLogin(listener) {
  new BroadcastChannel(CHANNEL).addEventListener("message", (event) => event.data?.ok && listener(event));
}

/** Returns who is logged in (the answer of GET /api/v1/me), null when nobody is. */
export async function me({ fresh = false } = {}) {
  const query = new URLSearchParams({ optional: 1, ...(fresh && { fresh: 1 }) });
  const answer = await fetch(`${gateway}/api/v1/me?${query}`, { credentials: "same-origin" });
  if (answer.status === 204 || answer.status === 401) return null;
  if (!answer.ok) throw await problem(answer);
  return answer.json();
}

/** Sends a changing request with the CSRF token it needs, and returns the JSON of the answer, if any. */
export async function post(path, fields = undefined) {
  const person = await me();
  const headers = person ? { "X-CSRF-Token": person.csrf_token } : {};
  const body = fields && new URLSearchParams(fields);
  const answer = await fetch(gateway + path, { method: "POST", credentials: "same-origin", headers, body });
  if (!answer.ok) throw await problem(answer);
  return answer.status === 204 ? null : answer.json();
}

/** Ends the session, here and on every server. */
export async function logout() {
  await post("/oauth/logout");
}

/**
 * Waits until the login has finished, its popup is closed, or it takes too long; throws when it has failed.
 *
 * An opener policy, the platform's or this page's own, cuts an open popup off, and then it looks closed. So one that
 * looks closed ends the wait only while this page has the focus, not the popup, and nobody has newly logged in: soon if
 * it was seen open at the platform before (one that is cut off never is), late if not.
 */
async function ended(popup, before) {
  const news = listen(popup);
  const limit = Date.now() + WAIT_MILLISECONDS;
  let seen = 0;
  let missed = 0;
  let told = null;
  while (Date.now() < limit && !(told = await news.within(LOOK_MILLISECONDS))) {
    if (!popup.closed) seen = isElsewhere(popup) ? seen + 1 : 0;
    missed = popup.closed && document.hasFocus() ? missed + 1 : 0;
    if (missed && (await isDone(before))) break;
    if (missed >= (seen >= SEEN ? CLOSED : CLOSED_OR_CUT_OFF)) break;
  }
  news.end();
  if (told?.error) throw failed(told.error);
}

function failed(word) {
  const error = new Error(`The login was not finished: ${word}.`);
  error.word = word;
  return error;
}

/**
 * Hears a popup say how it has ended: on the channel of our own origin, or from the gateway in that very window.
 * Somebody who is logged in is logged in on every page; a failure belongs to the page that opened the popup.
 */
function listen(popup) {
  const channel = new BroadcastChannel(CHANNEL);
  const listening = new AbortController();
  const told = new Promise((resolve) => {
    const hear = ({ origin, source, data }) => {
      if (origin === gateway && source === popup && data?.type === CHANNEL) resolve(data);
    };
    channel.addEventListener("message", ({ data }) => (data.ok || data.to === self) && resolve(data));
    window.addEventListener("message", hear, { signal: listening.signal });
  });
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds, null));
  return {
    within: (milliseconds) => Promise.race([told, pause(milliseconds)]),
    end: () => {
      channel.close();
      listening.abort();
    },
  };
}

/** Says whether an open popup shows a page of another site, through a link that nobody has cut. */
function isElsewhere(popup) {
  try {
    return !popup.location.href;
  } catch {
    return !popup.closed;
  }
}

/** Says whether somebody has logged in since: every session has a CSRF token of its own. */
async function isDone(before) {
  const person = await whoIsThere();
  return person !== null && person.csrf_token !== (await before)?.csrf_token;
}

/** Like me(), where that can be asked and answered; else nobody. */
async function whoIsThere() {
  return isHome ? me().catch(() => null) : null;
}

/** This page, as an address the gateway may return to: a path on its own origin, the whole address elsewhere. */
function here() {
  return isHome ? location.pathname + location.search : location.origin + location.pathname;
}

async function problem(answer) {
  const told = await answer.json().catch(() => ({}));
  const error = new Error(told.message ?? `The gateway answered ${answer.status}.`);
  error.word = told.error;
  error.status = answer.status;
  return error;
}
