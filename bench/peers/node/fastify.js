// Fastify with pg: one row for each request, committed before the answer; no signature is checked, nothing is run.
"use strict";

const fastify = require("fastify");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.BENCH_DATABASE_URL });
const app = fastify();

app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));

app.post("/webhooks/callback", async (request) => {
  await pool.query("INSERT INTO events (id, body) VALUES ($1, $2)", [JSON.parse(request.body).event_id, request.body]);
  return { status: "accepted" };
});

app.get("/healthz", async () => "ok");

app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
