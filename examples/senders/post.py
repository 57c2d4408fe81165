"""Posts an event to the unified callback (pip install requests). Run: SECRET=… python post.py https://gate.example.com"""

import hashlib
import hmac
import json
import os
import sys
import time

import requests

event = {
    "event_id": f"order-{time.time_ns()}",
    "event_type": "order.paid",
    "timestamp": int(time.time()),
    "data": {"order": "A-17"},
}
body = json.dumps(event).encode()
signature = hmac.new(os.environ["SECRET"].encode(), body, hashlib.sha256).hexdigest()
headers = {"Content-Type": "application/json", "X-Signature": f"sha256={signature}"}
answer = requests.post(f"{sys.argv[1]}/api/platform/callback", data=body, headers=headers, timeout=10)
print(answer.status_code, answer.text)
