"""The node in the machine of scripts/vm-test, as a program at its counters sees it."""

import base64
import http.client
import json
import subprocess
import threading
import time

NODE = ("127.0.0.1", 8080)
# How long anything may take here, in seconds.
PATIENCE = 90


class Wrong(Exception):
    """What was to be shown was not."""


def until(what, test, seconds=PATIENCE):
    """Returns the first truth that `test` gives; `what` says, or returns, what was waited for."""
    ends = time.monotonic() + seconds
    while True:
        found = test()
        if found:
            return found
        if time.monotonic() > ends:
            raise Wrong(f"not within {seconds} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.3)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def token(counter):
    with open(f"/share/token-{counter}") as file:
        return file.read().strip()


def ask(counter, path, method="GET", body=None, headers=None):
    """Opens `path` below the counter; returns the connection's answer, still to be read."""
    connection = http.client.HTTPConnection(*NODE, timeout=60)
    headers = {"Cookie": f"Authorization={token(counter)}", **(headers or {})}
    connection.request(method, f"/prefill/v1/{path}", body, headers)
    return connection.getresponse()


def current(counter):
    answer = ask(counter, f"counters/{counter}/current")
    body = answer.read()
    if answer.status != 200:
        raise Wrong(f"current of counter {counter}: {answer.status} {body[:300]!r}")
    return json.loads(body)


def state(counter):
    """Returns the state of the counter's only camera; None if it is not told of."""
    cameras = current(counter)["cameras"]
    return cameras[0]["state"] if cameras else None


def becomes(counter, *states):
    until(lambda: f"{states} at counter {counter}, but {state(counter)}",
          lambda: state(counter) in states)


class Events:
    """The events of a counter, as they come in; cut off, it comes again, as a browser does."""

    def __init__(self, counter):
        self.counter = counter
        self.seen = []
        self.last = None
        self.refused = None
        self.times = 0
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while not self.refused:
            self.times += 1
            try:
                self.read()
            except OSError:
                pass
            except http.client.HTTPException:
                pass
            time.sleep(1)

    def read(self):
        headers = {"Last-Event-ID": self.last} if self.last else {}
        answer = ask(self.counter, f"counters/{self.counter}/events", headers=headers)
        if answer.status != 200:
            if answer.status < 500:
                self.refused = f"{answer.status} {answer.read(300)!r}"
            return
        kind, data = "message", []
        for line in answer:
            line = line.decode().rstrip("\r\n")
            field, _, value = line.partition(": ")
            if field == "event":
                kind = value
            elif field == "id":
                self.last = value
            elif field == "data":
                data.append(value)
            elif not line:
                if data:
                    self.seen.append((kind, json.loads("\n".join(data))))
                kind, data = "message", []

    def after(self, mark, kind, fits=lambda data: True, seconds=PATIENCE):
        """Returns the first event of `kind` that came after the first `mark` ones and fits."""

        def found():
            if self.refused:
                raise Wrong(f"counter {self.counter}: {self.refused}")
            events = self.seen[mark:]
            return next((data for name, data in events if name == kind and fits(data)), None)

        return until(lambda: f"event {kind} at counter {self.counter}, but "
                     f"{[name for name, _ in self.seen[mark:]]}; connected {self.times} times",
                     found, seconds)

    def form(self, prid, mark=0):
        return self.after(mark, "form", lambda form: form["prid"] == prid)

    def mark(self):
        return len(self.seen)


def draw(prid, file):
    """Has the node draw the code of `prid`, and lays it on a sheet of 1280 by 720."""
    request = {"id": "mosip.pre-registration.qrcode.generate", "version": "1.0",
               "requesttime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
               "request": prid}
    connection = http.client.HTTPConnection(*NODE, timeout=60)
    with open("/share/token-resident") as cookie:
        connection.request("POST", "/preregistration/v1/qrCode/generate", json.dumps(request), {
            "Content-Type": "application/json", "Cookie": f"Authorization={cookie.read().strip()}"})
    answer = json.loads(connection.getresponse().read())
    with open("/tmp/code.png", "wb") as png:
        png.write(base64.b64decode(answer["response"]["qrcode"]))
    run("ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", "/tmp/code.png", "-vf",
        "scale=348:348:flags=neighbor,pad=1280:720:(ow-iw)/2:(oh-ih)/2:white", "-update", "1", file)
