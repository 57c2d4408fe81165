// Who is logged in: the person, the platform's newest word about them, topping up, logging out.
import { login, logout, me, onLogin, post } from "../callgate.js";
import { addFact, busy, explain, fill, find, make, say, texts } from "./page.js";

export async function startAccount() {
  for (const button of document.querySelectorAll("[data-popup]")) {
    button.addEventListener("click", () => busy(button, "account-message", () => logInWithPopup(button)));
  }
  connect("refresh", refresh);
  connect("top-up", topUp);
  connect("log-out", leave);
  // Also a login that this page had given up on, or one in another tab.
  onLogin(showWhoIsThere);
  // Only a page that was made for somebody asks who it is.
  if (find("account").dataset.signedIn === "true") await showWhoIsThere();
}

function connect(id, action) {
  find(id).addEventListener("click", () => busy(find(id), "account-message", action));
}

async function showWhoIsThere() {
  try {
    show(await me());
    say("account-message", null);
  } catch (error) {
    show(null);
    say("account-message", explain(error), "bad");
  }
}

async function logInWithPopup(button) {
  const person = await login(button.dataset.popup, { popup: true });
  show(person);
  if (!person) say("account-message", texts.not_finished, "bad");
}

async function refresh() {
  show(await me({ fresh: true }));
  say("account-message", texts.refreshed, "good");
}

async function topUp() {
  const page = window.open("", "_blank");
  try {
    const { topup_url: address } = await post("/api/v1/me/topup");
    (page ?? window).location = address;
  } catch (error) {
    page?.close();
    throw error;
  }
}

async function leave() {
  await logout();
  show(null);
  say("account-message", texts.logged_out, "good");
}

function show(person) {
  find("signed-in").hidden = !person;
  find("signed-out").hidden = Boolean(person);
  if (!person) return;
  const { name, channel, avatar_url: picture } = person.identity;
  find("person-name").textContent = name || texts.somebody;
  find("person-channel").textContent = fill(texts.via, { platform: texts.channels[channel] ?? channel });
  find("top-up").hidden = !("balance_formatted" in person.identity.profile);
  showAvatar(name || texts.somebody, picture);
  showFacts(person.identity);
}

/** Shows the picture where this page may load it, else the first letter of the name. */
function showAvatar(name, address) {
  const letter = [...name][0];
  const picture = allowedPicture(address);
  find("avatar").replaceChildren(picture ?? letter);
  picture?.addEventListener("error", () => find("avatar").replaceChildren(letter));
}

/** Pages here load pictures over https, and from the simulator. */
function allowedPicture(address) {
  if (!address || !URL.canParse(address)) return null;
  const { origin, protocol } = new URL(address);
  if (protocol !== "https:" && !texts.avatar_origins.includes(origin)) return null;
  const picture = make("img");
  picture.alt = "";
  picture.src = address;
  return picture;
}

function showFacts({ subject, subject_kind: kind, union_id: unionId, profile }) {
  const facts = find("person-facts");
  facts.replaceChildren();
  addFact(facts, kind, subject, "id");
  addFact(facts, "union_id", unionId, "id");
  addFact(facts, texts.balance, profile.balance_formatted);
}
