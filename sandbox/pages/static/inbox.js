// Looks for new messages and puts them into the page; what is open stays open, what is read stays in view.
(() => {
  const every = 1000;
  const nearTheEnd = 80;
  let asking = false;

  const list = () => document.getElementById("messages");
  const conversations = () => document.querySelector(".conversations");
  const toTheEnd = (box) => {
    if (box) box.scrollTop = box.scrollHeight;
  };

  async function look() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const answer = await fetch("/inbox/version", { cache: "no-store" });
      const { version } = await answer.json();
      if (version !== document.getElementById("inbox").dataset.version) await renew();
    } catch {
      // The simulator is away for a moment; the next look will tell.
    } finally {
      asking = false;
    }
  }

  async function renew() {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) {
      location.assign("/inbox");
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const old = list();
    const wasAtTheEnd = !old || old.scrollHeight - old.scrollTop - old.clientHeight < nearTheEnd;
    const top = old ? old.scrollTop : 0;
    const listTop = conversations() ? conversations().scrollTop : 0;
    const known = new Set([...document.querySelectorAll(".message")].map((each) => each.id));
    const open = new Set([...document.querySelectorAll(".message details[open]")].map((each) => each.parentElement.id));
    for (const message of fresh.querySelectorAll(".message")) {
      if (!known.has(message.id)) message.classList.add("fresh");
      if (open.has(message.id)) message.querySelector("details").open = true;
    }
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    if (wasAtTheEnd) toTheEnd(list());
    else if (list()) list().scrollTop = top;
    if (conversations()) conversations().scrollTop = listTop;
  }

  toTheEnd(list());
  const current = document.querySelector(".conversations .current");
  if (current) conversations().scrollTop = current.offsetTop - conversations().offsetTop - current.offsetHeight;
  setInterval(look, every);
  document.addEventListener("visibilitychange", look);
})();
