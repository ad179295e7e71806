#!/usr/bin/env python3
"""Prints filled forms, with a counter token in PREFILL_TOKEN: prefill_client.py PRID prints one;
prefill_client.py --follow COUNTER prints each that is scanned at a counter, until it is stopped."""
import json, os, sys, time, urllib.error, urllib.request

node = os.environ.get("PREFILL_NODE", "http://127.0.0.1:8080")


def get(path, timeout, **headers):
    token = {"Authorization": "Bearer " + os.environ["PREFILL_TOKEN"]}
    return urllib.request.urlopen(urllib.request.Request(node + path, headers=token | headers), timeout=timeout)


def show(form):
    print(form["prid"], form["status"], "ready" if form["ready"] else "not ready")
    for field in form["fields"]:
        value = field.get("value") or " / ".join(v["name"] for v in field["values"])
        if value:
            print(f'{field["labels"].get("eng", field["id"])}: {value}')
    for document in form["documents"]:
        print(document["fileName"], node + document["href"] if document["present"] else "still coming", flush=True)


def follow(counter):
    last = {}
    while True:
        try:
            # A comment comes every 15 seconds: silence for longer is a line that broke.
            event = "message"
            for line in get(f"/prefill/v1/counters/{counter}/events", 40, **last):
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "id":
                    last = {"Last-Event-ID": value}
                elif name == "data" and event == "form":
                    show(json.loads(value))
                elif name == "data" and event == "miss":
                    print(json.loads(value)["message"], flush=True)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:
                raise
        except OSError as failure:
            print(f"the node does not answer: {failure}", file=sys.stderr)
        time.sleep(1)


try:
    if sys.argv[1] == "--follow":
        follow(sys.argv[2])
    else:
        show(json.load(get(f"/prefill/v1/forms/{sys.argv[1]}", 15)))
except urllib.error.HTTPError as refusal:
    sys.exit(json.load(refusal).get("message", f"refused with status {refusal.code}"))
except OSError as failure:
    sys.exit(f"the node does not answer: {failure}")
