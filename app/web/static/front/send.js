// Sending a test callback: what the simulator offers, one press, and what this gateway answered.
import { look } from "./arrivals.js";
import { busy, call, explain, find, make, say, texts } from "./page.js";

let channels = [];

export async function startSend() {
  find("send-channel").addEventListener("change", fillTypes);
  find("send-form").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(find("send-button"), "send-message", send);
  });
  await offer();
}

async function offer() {
  try {
    channels = (await call("/dev/samples")).channels;
    if (!channels.length) throw new Error(texts.nothing_to_send);
  } catch (error) {
    say("send-message", explain(error), "bad");
    return;
  }
  setOptions("send-channel", channels.map(({ channel, title }) => [channel, title]));
  fillTypes();
  find("send-button").disabled = false;
}

function fillTypes() {
  const chosen = channels.find(({ channel }) => channel === find("send-channel").value);
  setOptions("send-type", chosen.samples.map(({ type, title }) => [type, `${title} (${type})`]));
}

function setOptions(id, pairs) {
  const options = pairs.map(([value, text]) => {
    const option = make("option", "", text);
    option.value = value;
    return option;
  });
  find(id).replaceChildren(...options);
  find(id).disabled = false;
}

async function send() {
  const body = {
    channel: find("send-channel").value, type: find("send-type").value, twice: find("send-twice").checked,
  };
  find("send-answers").replaceChildren();
  const { answers } = await call("/dev/fire", { method: "POST", body });
  find("send-answers").replaceChildren(...answers.map(makeAnswer));
  await look();
}

function makeAnswer({ status, body, milliseconds }) {
  const answer = make("div", "answer");
  const head = make("div", "answer-head");
  const tone = status >= 200 && status < 300 ? "good" : "bad";
  head.append(make("span", `badge ${tone}`, status || texts.no_answer), make("span", "muted", `${milliseconds} ms`));
  answer.append(head, make("pre", "", readable(body)));
  return answer;
}

function readable(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
