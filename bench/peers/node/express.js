// Express with pg: one row for each request, committed before the answer; no signature is checked, nothing is run.
"use strict";

const express = require("express");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.BENCH_DATABASE_URL });
const app = express();

app.post("/webhooks/callback", express.text({ type: "*/*" }), async (request, response) => {
  await pool.query("INSERT INTO events (id, body) VALUES ($1, $2)", [JSON.parse(request.body).event_id, request.body]);
  response.json({ status: "accepted" });
});

app.get("/healthz", (_request, response) => response.send("ok"));

app.listen(Number(process.argv[2]), "127.0.0.1");
