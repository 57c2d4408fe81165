// Posts an event to the unified callback. Run: SECRET=… node post.mjs https://gate.example.com
import { createHmac } from "node:crypto";

const event = { event_id: `order-${Date.now()}`, event_type: "order.paid", timestamp: Math.floor(Date.now() / 1000), data: { order: "A-17" } };
const body = JSON.stringify(event);
const signature = createHmac("sha256", process.env.SECRET).update(body).digest("hex");
const headers = { "Content-Type": "application/json", "X-Signature": `sha256=${signature}` };
const answer = await fetch(`${process.argv[2]}/api/platform/callback`, { method: "POST", body, headers });
console.log(answer.status, await answer.text());
