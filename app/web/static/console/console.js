// What every page of the console does: the menu on a phone, times in the reader's zone, copying, asking first, staying fresh.

const body = document.body;
const REFRESH_MS = 5000;
const SHORTEST_MS = 1000;

/** Puts times into the reader's zone; the title keeps the exact one. */
export function localTimes(root = document) {
  const form = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "medium" });
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title ||= element.dateTime;
    element.textContent = form.format(moment);
  }
}

/** Sends a form or a JSON order of this page; the answer is the caller's to read. */
export async function send(path, values) {
  return fetch(path, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRF-Token": body.dataset.csrf },
    body: new URLSearchParams(values),
  });
}

function openMenu() {
  const button = document.querySelector(".menu-button");
  button?.addEventListener("click", () => {
    const open = body.classList.toggle("menu-open");
    button.setAttribute("aria-expanded", String(open));
  });
}

function copyOnClick() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
      body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    const label = button.querySelector("span") ?? button;
    const before = label.textContent;
    label.textContent = body.dataset.copied;
    setTimeout(() => (label.textContent = before), 1500);
  });
}

function askFirst() {
  const dialog = document.getElementById("confirm");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    document.getElementById("confirm-text").textContent = form.dataset.confirm;
    dialog.returnValue = "no";
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue !== "yes") return;
        form.dataset.confirmed = "1";
        form.requestSubmit();
      },
      { once: true },
    );
    dialog.showModal();
  });
}

function submitOnChange() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });
}

function goBack() {
  document.querySelector("[data-back]")?.addEventListener("click", (event) => {
    if (history.length < 2) return;
    event.preventDefault();
    history.back();
  });
}

function keys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (event.key === "/") {
      const field = document.querySelector(".filters input");
      if (field) {
        event.preventDefault();
        field.focus();
      }
    }
    if (event.key === "Escape") body.classList.remove("menu-open");
    for (const [key, rel] of [["j", "next"], ["k", "prev"]]) {
      if (event.key === key) document.querySelector(`main a[rel="${rel}"]`)?.click();
    }
  });
}

/** Reads this page again and exchanges its parts that are live, unless the reader is just using one; focus and what is open stay. */
async function refresh() {
  const parts = [...document.querySelectorAll("[data-live][id]")];
  const isBusy = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  if (parts.length === 0 || document.hidden || parts.some(isBusy) || document.querySelector("dialog[open], details.drop[open]")) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    localTimes(fresh);
    for (const { id } of part.querySelectorAll("details[id][open]")) {
      const same = [...fresh.querySelectorAll("details[id]")].find((each) => each.id === id);
      if (same) same.open = true;
    }
    if (fresh.innerHTML !== part.innerHTML) {
      const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      part.replaceChildren(...fresh.childNodes);
      if (focused) [...part.querySelectorAll("a[href]")].find((each) => each.getAttribute("href") === focused)?.focus({ preventScroll: true });
      part.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
    }
  }
}

/** Refreshes when the gateway says that something changed, and every few seconds where it cannot say so. */
function stayFresh() {
  const topics = new Set([...document.querySelectorAll("[data-live]")].flatMap((part) => part.dataset.live.split(" ")));
  if (topics.size === 0) return;
  let due = null;
  const soon = () => (due ??= setTimeout(() => ((due = null), refresh()), SHORTEST_MS));
  let timer = null;
  const poll = () => (timer ??= setInterval(refresh, REFRESH_MS));
  const source = new EventSource(`/console/live?topics=${[...topics].join(",")}`);
  source.addEventListener("change", soon);
  source.addEventListener("open", () => {
    clearInterval(timer);
    timer = null;
  });
  source.addEventListener("error", poll);
  document.addEventListener("visibilitychange", () => document.hidden || soon());
}

localTimes();
openMenu();
copyOnClick();
askFirst();
submitOnChange();
goBack();
keys();
stayFresh();
