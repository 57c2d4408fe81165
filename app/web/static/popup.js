// The end of a login window: takes the one-time values out of the address, tells the waiting page, closes.
// The message says only that a login has ended. Who it is, the waiting page asks the gateway.

history.replaceState(null, "", location.pathname);

const done = document.getElementById("callgate-login");
if (done) {
  const message = { type: "callgate:login", ok: true };
  // A waiting page of another origin: the exact one that was configured, never "*".
  window.opener?.postMessage(message, done.dataset.origin);
  // A waiting page of this origin, also when the platform's own opener policy has cut the window off from it.
  if (new URL(done.dataset.origin).origin === location.origin) new BroadcastChannel("callgate:login").postMessage(message);
  // A moment later, so that the message is on its way before this window is gone.
  setTimeout(() => window.close(), 50);
}
