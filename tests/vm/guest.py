"""Shows what the cameras of a center do, in the machine of scripts/vm-test.

Each `show` has a sentence and what proves it, and prints `ok: ` or `FAILED: ` and the sentence. Nothing is
said of frame rates: the machine is emulated, and far slower than the smallest real one.
"""

import json
import os
import signal
import subprocess
import time

from center import PATIENCE, Events, Wrong, ask, becomes, current, draw, run, until
from devices import FIRST, MJPEG, PATTERN, SECOND, YUYV, Feeder, HandScanner, holders

RESIDENTS = json.load(open("/share/residents.json"))
# As in docs/prefill.md.
FOLDER = "/srv/scans/counter-1"
SLIP, OTHER, THIRD, FOURTH = (resident["prid"] for resident in RESIDENTS[:4])


def show(sentence, proof):
    """Prints whether `proof` ran through."""
    began = time.monotonic()
    try:
        proof()
    except Exception as why:  # Whatever it is: the next thing is shown all the same.
        print(f"FAILED: {sentence}: {type(why).__name__} {why}", flush=True)
    else:
        print(f"ok: {sentence} ({time.monotonic() - began:.0f} s)", flush=True)


def answers():
    """Tells whether the node answers its counters."""
    try:
        return current("1")
    except OSError:
        return False


def pictures(read):
    """Counts the JPEGs in what was read."""
    return read.count(b"\xff\xd8\xff")


def main():
    first = Feeder("/share/slip.jpg", FIRST, YUYV)
    second = Feeder("/tmp/other.png", SECOND, MJPEG)
    holder = subprocess.Popen(["v4l2-ctl", "-d", PATTERN, "--stream-mmap"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def installed():
        # Not waited for: what fails at its first start, as it may on so slow a machine, is started again.
        run("systemctl", "start", "--no-block", "prereg-node.service")
        until("the node answers", answers, 300)

    show("the package's units run, and the node answers", installed)
    events = {counter: Events(counter) for counter in ("1", "2", "3")}

    show("a camera that another program has is busy", lambda: becomes("3", "busy"))

    def freed():
        holder.kill()
        holder.wait()
        becomes("3", "live")

    show("and is live once that program lets it go", freed)

    def slip():
        first.start()
        form = events["1"].form(SLIP)
        if not form["ready"] or not form["fields"]:
            raise Wrong(f"the form is empty: {json.dumps(form)[:300]}")
        if current("1")["form"]["prid"] != SLIP:
            raise Wrong("the counter's current form is another")

    show("a slip shown to a camera (YUYV) is a filled form at its counter, line down", slip)

    def two():
        draw(OTHER, "/tmp/other.png")
        second.start()
        events["2"].form(OTHER)
        for counter, prid in (("1", SLIP), ("2", OTHER)):
            forms = {data["prid"] for kind, data in events[counter].seen if kind == "form"}
            if forms != {prid}:
                raise Wrong(f"counter {counter} was told of {forms}")

    show("another slip at a second camera (MJPEG) is the other counter's form, and only its", two)

    def preview():
        becomes("1", "live")
        read, ends = b"", time.monotonic() + PATIENCE
        # One that had nothing to show has an end, and whoever looks comes again.
        while pictures(read) < 3:
            if time.monotonic() > ends:
                raise Wrong(f"{pictures(read)} pictures")
            answer = ask("1", "counters/1/preview")
            kind = answer.getheader("Content-Type")
            if answer.status != 200 or not kind.startswith("multipart/x-mixed-replace"):
                raise Wrong(f"{answer.status} {kind}")
            while pictures(read) < 3 and (part := answer.read1(65536)):
                read += part
            answer.close()
        picture = read[read.index(b"\xff\xd8\xff"):]
        with open("/share/logs/preview.jpg", "wb") as jpeg:
            jpeg.write(picture[:picture.index(b"\xff\xd9") + 2])
        run("ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", "/share/logs/preview.jpg",
            "-update", "1", "/tmp/preview.png")

    show("whoever looks gets a preview of JPEGs", preview)

    def stalled():
        first.signal(signal.SIGSTOP)
        becomes("1", "stalled")

    show("a camera that stops sending is stalled", stalled)

    def revived():
        mark = events["1"].mark()
        first.signal(signal.SIGCONT)
        becomes("1", "live")
        events["1"].form(SLIP, mark)

    show("and reads again when it goes on", revived)
    show("the other counter's camera was live all the while", lambda: becomes("2", "live"))

    def unplugged():
        # The driver lets go of the device under whoever has it open, as a pulled cable does.
        with open("/sys/bus/platform/drivers/vivid/unbind", "w") as unbind:
            unbind.write("vivid.0")
        becomes("3", "lost")

    def plugged():
        with open("/sys/bus/platform/drivers/vivid/bind", "w") as bind:
            bind.write("vivid.0")
        becomes("3", "live")

    show("a camera pulled while it sends is lost", unplugged)
    show("and live when it is put back", plugged)

    def hub():
        first.end()
        second.end()
        until("the devices are let go", lambda: subprocess.run(
            ["rmmod", "v4l2loopback"], capture_output=True, check=False).returncode == 0)
        # One that was no camera any more when it went is not told of at all.
        becomes("1", "lost", None)
        becomes("2", "lost", None)

    def hub_back():
        marks = {counter: events[counter].mark() for counter in ("1", "2")}
        run("modprobe", *open("/run/loop").read().splitlines())
        first.start()
        second.start()
        events["1"].form(SLIP, marks["1"])
        events["2"].form(OTHER, marks["2"])

    show("both slips' cameras pulled at once are lost", hub)
    show("and put back, each reads for its own counter again", hub_back)

    def killed():
        mark = events["1"].mark()
        camera = [line.split()[0] for line in run("pgrep", "-af", "scan --camera").splitlines()
                  if FIRST in line]
        os.kill(int(camera[0]), signal.SIGKILL)
        events["1"].form(SLIP, mark)

    show("the process of a camera that dies is another one's start", killed)

    def typed():
        mark = events["2"].mark()
        scanner = HandScanner()
        time.sleep(10)
        scanner.type(THIRD + "\n")
        events["2"].form(THIRD, mark)

    show("what a hand scanner types is its counter's form", typed)

    def dropped(picture, prid):
        mark = events["2"].mark()
        file = f"{FOLDER}/{os.path.basename(picture)}"
        # As the page asks of the program that writes there.
        run("sh", "-c", f"umask 0027; cat {picture} >{file}")
        events["2"].form(prid, mark)
        until("the file is removed", lambda: not os.path.exists(file))

    show("a slip that turns up in the watched folder is its counter's form, and removed",
         lambda: dropped("/share/slip.jpg", SLIP))

    def next_one():
        draw(FOURTH, "/tmp/fourth.png")
        dropped("/tmp/fourth.png", FOURTH)

    show("and so is the next one", next_one)

    def scan_gone():
        mark = events["1"].mark()
        run("systemctl", "kill", "--signal=KILL", "prereg-scan.service")
        if ask("1", f"forms/{OTHER}").status != 200:
            raise Wrong("no form meanwhile")
        events["1"].form(SLIP, mark)

    show("the scan process that dies keeps no form back, and is there again", scan_gone)

    def quiet():
        run("systemctl", "stop", "prereg-node.service")
        until("nobody holds a camera", lambda: not holders())

    first.end()
    second.end()
    show("with nobody to read for, no camera is open", quiet)

    def secret():
        journal = run("journalctl", "--no-pager", "-u", "prereg-node", "-u", "prereg-scan")
        told = [prid for prid in (SLIP, OTHER, THIRD, FOURTH) if prid in journal]
        if told:
            raise Wrong(f"{len(told)} PRIDs in the journal")

    show("no PRID is in the journal", secret)
    print("done", flush=True)


main()
