// The page that shows a bind code: counts down, asks for the result, shows it. Works without this file, too.
"use strict";

(() => {
  const page = document.getElementById("bind");
  const left = document.getElementById("bind-left");
  const copy = document.getElementById("bind-copy");
  const POLL_MILLISECONDS = 1500;
  const LONGEST_PAUSE = 30000;
  let endsAt = performance.now() + Number(page.dataset.secondsLeft) * 1000;
  let pause = POLL_MILLISECONDS;
  let ticking = 0;

  function show(status) {
    if (page.dataset.status === status) return;
    page.dataset.status = status;
    for (const view of page.querySelectorAll("[data-view]")) view.hidden = view.dataset.view !== status;
  }

  function tick() {
    const seconds = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    const hours = Math.floor(seconds / 3600);
    const minutes = String(Math.floor(seconds / 60) % 60);
    const rest = String(seconds % 60).padStart(2, "0");
    left.textContent = hours ? `${hours}:${minutes.padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  }

  // The server decides: its clock, not this one, says when a code is over.
  async function ask() {
    try {
      const answer = await fetch(page.dataset.statusAddress, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      endsAt = performance.now() + said.seconds_left * 1000;
      pause = POLL_MILLISECONDS;
      show(said.status);
    } catch {
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
    if (page.dataset.status === "pending") setTimeout(ask, pause);
    else clearInterval(ticking);
  }

  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("bind-text").textContent);
      copy.textContent = page.dataset.copied;
    });
  }

  if (page.dataset.status === "pending") {
    ticking = setInterval(tick, 1000);
    tick();
    setTimeout(ask, pause);
  }
})();
