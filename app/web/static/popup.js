// The end of a login window: takes the one-time values out of the address, tells the waiting page, closes.
// The message says only how a login has ended. Who it is, the waiting page asks the gateway.

history.replaceState(null, "", location.pathname);

const ended = document.getElementById("callgate-login");
if (ended) {
  const { origin, error } = ended.dataset;
  const message = { type: "callgate:login", ok: !error, ...(error && { error }) };
  // A waiting page of another origin: the exact one that was configured, never "*".
  window.opener?.postMessage(message, origin);
  // A waiting page of this origin, also when the platform's own opener policy has cut the window off from it.
  if (new URL(origin).origin === location.origin) {
    new BroadcastChannel("callgate:login").postMessage({ ...message, to: sessionStorage.getItem("callgate:opener") });
  }
  // A moment later, so that the message is on its way before this window is gone. A failure stays to be read.
  if (!error) setTimeout(() => window.close(), 50);
}
document.querySelector("[data-close]")?.addEventListener("click", () => window.close());
