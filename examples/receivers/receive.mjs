// Receives events that Callgate forwards. Run: SECRET=whsec_… node receive.mjs 8080
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.SECRET.replace(/^whsec_/, ""), "base64");
const seen = new Set(); // in real life: a table with a unique column

function isGenuine(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": given } = headers;
  if (!id || !given || !(Math.abs(Date.now() / 1000 - Number(at)) <= 300)) return false;
  const own = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest();
  return given.split(" ").some((each) => {
    const other = Buffer.from(each.replace(/^v1,/, ""), "base64");
    return each.startsWith("v1,") && other.length === own.length && timingSafeEqual(other, own);
  });
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    // the same event comes again when your answer got lost
    const event = JSON.parse(body);
    console.log(event.type, event.subject ?? "", JSON.stringify(event.data));
    seen.add(id);
  }
  response.writeHead(204).end();
}).listen(Number(process.argv[2]));
