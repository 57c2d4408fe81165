// Binding a follower: makes a code, leads to the page to scan it on, and shows when it was taken.
import { busy, call, find, say, setBadge, texts } from "./page.js";

const EVERY_MILLISECONDS = 1500;
let watching = 0;

export function startBind() {
  const button = find("bind-start");
  button?.addEventListener("click", () => busy(button, "bind-message", makeCode));
}

async function makeCode() {
  const made = await call("/dev/bindcodes", { method: "POST", body: {} });
  find("bind-code").textContent = made.code;
  lead("bind-page", made.page_url);
  lead("bind-phone", made.phone_url);
  find("bind-start").textContent = texts.another_code;
  find("bind-start").classList.add("grow");
  find("bind-hint").hidden = true;
  find("bind-result").hidden = false;
  if (made.warning) say("bind-message", made.warning, "bad");
  watching += 1;
  watch(made.code, watching);
}

function lead(id, address) {
  find(id).hidden = !address;
  if (address) find(id).href = address;
}

/** Looks until the code is bound or expired, or another one was made. */
async function watch(code, number) {
  while (number === watching) {
    const answer = await call(`/dev/bindcodes/${encodeURIComponent(code)}`).catch(() => null);
    if (answer && number === watching) show(answer);
    if (answer && answer.status !== "pending") return;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MILLISECONDS));
  }
}

function show({ status, open_id: follower }) {
  const details = { pending: texts.waiting, expired: texts.code_expired };
  setBadge(find("bind-state"), status);
  find("bind-detail").textContent = details[status] ?? follower;
  if (status === "pending") return;
  lead("bind-page", null);
  lead("bind-phone", null);
}
