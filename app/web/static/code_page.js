// The login page inside a platform's app: asks that platform's script for a code and posts it with the state of this page.
// Which functions those are is written on the page; a script that is missing, silent or refuses shows the way on.

const PATIENCE_MILLISECONDS = 15000;
const page = document.getElementById("callgate-code");
const form = page.querySelector("form");
const { ready, ask, parameters } = page.dataset;

function named(path) {
  const names = path.split(".");
  const last = names.pop();
  const owner = names.reduce((found, name) => found?.[name], window);
  return owner?.[last]?.bind(owner);
}

function show(view) {
  for (const each of page.querySelectorAll("[data-view]")) each.hidden = each.dataset.view !== view;
}

let over = false;

function send(result) {
  if (over || typeof result?.code !== "string" || !result.code) return fail();
  over = true;
  form.querySelector("input[value='']").value = result.code;
  form.submit();
}

function fail() {
  if (!over) show("failed");
}

page.querySelector("[data-again]").addEventListener("click", () => location.reload());
setTimeout(fail, PATIENCE_MILLISECONDS);
try {
  named(ready)(() => {
    // Some versions of a script answer by a promise as well; the two functions are enough.
    named(ask)({ ...JSON.parse(parameters), onSuccess: send, onFail: fail })?.catch?.(fail);
  });
} catch {
  fail();
}
