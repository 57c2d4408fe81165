#!/bin/sh
# Posts an event to the unified callback with curl and openssl. Run: SECRET=… sh post.sh https://gate.example.com
now=$(date +%s)
body='{"event_id":"order-'$now-$$'","event_type":"order.paid","timestamp":'$now',"data":{"order":"A-17"}}'
signature=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.*= //')
curl -sS -w ' %{http_code}\n' "$1/api/platform/callback" \
  -H 'Content-Type: application/json' -H "X-Signature: sha256=$signature" -d "$body"
