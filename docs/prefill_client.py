#!/usr/bin/env python3
"""Prints the filled form of an application: prefill_client.py PRID, with a counter token in PREFILL_TOKEN."""
import json, os, sys, urllib.error, urllib.request

node = os.environ.get("PREFILL_NODE", "http://127.0.0.1:8080")
request = urllib.request.Request(f"{node}/prefill/v1/forms/{sys.argv[1]}",
                                 headers={"Authorization": "Bearer " + os.environ["PREFILL_TOKEN"]})
try:
    form = json.load(urllib.request.urlopen(request, timeout=15))
except urllib.error.HTTPError as refusal:
    sys.exit(json.load(refusal).get("message", f"refused with status {refusal.code}"))
except OSError as failure:
    sys.exit(f"the node does not answer: {failure}")

print(form["prid"], form["status"], "ready" if form["ready"] else "not ready")
for field in form["fields"]:
    value = field.get("value") or " / ".join(v["name"] for v in field["values"])
    if value:
        print(f'{field["labels"].get("eng", field["id"])}: {value}')
for document in form["documents"]:
    print(document["fileName"], node + document["href"] if document["present"] else "still coming")
