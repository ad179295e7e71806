"""Shows what the cameras of a center do, in the machine of scripts/vm-test.

Each `show` has a sentence and what proves it, and prints `ok: ` or `FAILED: ` and the sentence. Nothing is
said of frame rates: the machine is emulated, and far slower than the smallest real one.
"""

import json
import time

from center import Wrong, ask, run, until
from devices import FIRST, MJPEG, SECOND, YUYV, Feeder, form_of, shot

RESIDENTS = json.load(open("/share/residents.json"))
SLIP = RESIDENTS[0]["prid"]


def show(sentence, proof):
    """Prints whether `proof` ran through."""
    began = time.monotonic()
    try:
        proof()
    except Exception as why:  # Whatever it is: the next thing is shown all the same.
        print(f"FAILED: {sentence}: {type(why).__name__} {why}", flush=True)
    else:
        print(f"ok: {sentence} ({time.monotonic() - began:.0f} s)", flush=True)


def main():
    first = Feeder("/share/slip.jpg", FIRST, *YUYV)
    second = Feeder("/share/slip.jpg", SECOND, *MJPEG)

    def installed():
        run("systemctl", "start", "prereg-node.service")
        until("a form", lambda: ask("1", f"forms/{SLIP}").status == 200)

    def read(feeder, device, kind):
        feeder.start()
        until(f"{device} sends {kind}", lambda: kind in form_of(device))
        # The first pictures are from before anything was shown.
        picture = shot(device, kind)
        told = run("prereg-node", "scan", picture)
        if told != f"{picture}: {SLIP}\n":
            raise Wrong(f"it says {told!r}")
        feeder.end()

    show("the package is installed, its unit runs, and the node answers with its line down", installed)
    show("a slip shown to a camera (YUYV) is read", lambda: read(first, FIRST, "YUYV"))
    show("a slip shown to a camera (MJPEG) is read", lambda: read(second, SECOND, "MJPG"))
    print("done", flush=True)


main()
