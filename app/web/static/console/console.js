// What every page of the console does: the menu on a phone, times in the reader's zone, copying, asking first, staying fresh.

const body = document.body;
const REFRESH_MS = 5000;
const SHORTEST_MS = 1000;
const SLOW_MS = 10000; // Beside the stream, which may miss what begins and ends between two looks.

/** Puts times into the reader's zone; the title keeps the exact one. */
export function localTimes(root = document) {
  const { lang } = document.documentElement;
  const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium" });
  const short = new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title ||= element.dateTime;
    element.textContent = ("short" in element.dataset ? short : exact).format(moment);
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
    if (fresh.innerHTML !== part.innerHTML && !announced(part, fresh)) exchange(part, fresh);
  }
}

/** Puts the fresh content in; the focus stays on the same link. */
function exchange(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.replaceChildren(...fresh.childNodes);
  if (focused) [...part.querySelectorAll("a[href]")].find((each) => each.getAttribute("href") === focused)?.focus({ preventScroll: true });
  part.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
}

/** Where rows are new, keeps the list where the reader reads it: known rows get their fresh content, a button shows the new ones. */
function announced(part, fresh) {
  const rows = new Map([...part.querySelectorAll("tr[data-row]")].map((row) => [row.dataset.row, row]));
  if (!part.dataset.many || rows.size === 0) return false;
  const freshRows = [...fresh.querySelectorAll("tr[data-row]")];
  const number = freshRows.filter((row) => !rows.has(row.dataset.row)).length;
  if (number === 0) return false;
  for (const row of freshRows) {
    const shown = rows.get(row.dataset.row);
    if (shown && shown.innerHTML !== row.innerHTML && !shown.contains(document.activeElement)) shown.innerHTML = row.innerHTML;
  }
  const all = number === freshRows.length ? "+" : "";
  // It has no height of its own, so nothing moves.
  const place = document.querySelector(".news");
  const button = place.querySelector("button") ?? Object.assign(document.createElement("button"), { type: "button", className: "button small" });
  button.textContent = number === 1 && !all ? part.dataset.one : part.dataset.many.replace("{number}", number + all);
  button.onclick = () => {
    place.replaceChildren();
    exchange(part, fresh);
    part.querySelector("a.row-link")?.focus();
  };
  if (!button.isConnected) place.append(button);
  return true;
}

/** Refreshes when the gateway says that something changed, and every few seconds where it cannot say so; a hidden page holds no stream. */
function stayFresh() {
  const live = [...document.querySelectorAll("[data-live]")];
  const topics = new Set(live.flatMap((part) => part.dataset.live.split(" ")).filter(Boolean));
  if (live.length === 0) return;
  let due = null;
  let timer = null;
  let source = null;
  const soon = () => (due ??= setTimeout(() => ((due = null), refresh()), SHORTEST_MS));
  const poll = (ms = REFRESH_MS) => {
    clearInterval(timer);
    timer = setInterval(refresh, ms);
  };
  const rest = () => {
    source?.close();
    clearInterval(timer);
    source = null;
  };
  const listen = () => {
    rest();
    if (topics.size === 0) return poll();
    source = new EventSource(`/console/live?topics=${[...topics].join(",")}`);
    for (const topic of [...topics, "reset"]) source.addEventListener(topic, soon);
    source.addEventListener("open", () => poll(SLOW_MS));
    source.addEventListener("error", () => poll());
  };
  document.addEventListener("visibilitychange", () => {
    rest();
    if (document.hidden) return;
    listen();
    soon();
  });
  // A page that comes back from the browser's memory has lost its stream.
  addEventListener("pagehide", rest);
  addEventListener("pageshow", ({ persisted }) => persisted && (listen(), soon()));
  if (!document.hidden) listen();
  // What was just done goes on behind the page.
  if (location.search.includes("done=")) soon();
}

localTimes();
openMenu();
copyOnClick();
askFirst();
submitOnChange();
goBack();
keys();
stayFresh();
