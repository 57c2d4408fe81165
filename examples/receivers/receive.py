"""Receives events that Callgate forwards (pip install flask). Run: SECRET=whsec_… python receive.py 8080"""

import base64
import hashlib
import hmac
import os
import sys
import time

from flask import Flask, request

KEY = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))
app = Flask(__name__)
seen = set()  # in real life: a table with a unique column


def is_genuine(headers, body):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    own = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    given = [
        each.removeprefix("v1,") for each in headers["webhook-signature"].split() if each.startswith("v1,")
    ]
    is_fresh = abs(time.time() - int(headers["webhook-timestamp"])) <= 300
    return is_fresh and any(hmac.compare_digest(own, each) for each in given)


@app.post("/hooks")
def hooks():
    body = request.get_data()
    try:
        if not is_genuine(request.headers, body):
            return "", 401
    except (KeyError, ValueError):
        return "", 400
    if request.headers["webhook-id"] not in seen:  # the same event comes again when your answer got lost
        event = request.get_json()
        print(event["type"], event.get("subject", ""), event["data"], flush=True)
        seen.add(request.headers["webhook-id"])
    return "", 204


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
