"""The devices of the machine of scripts/vm-test: software cameras, and a hand scanner."""

import fcntl
import os
import struct
import subprocess

# Cameras for as long as something feeds them; and one that shows a pattern of its own.
FIRST, SECOND, PATTERN = "/dev/video10", "/dev/video11", "/dev/video0"


class Feeder:
    """Shows a picture to a software camera until it is ended."""

    def __init__(self, picture, device, *form):
        self.command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-loop", "1",
                        "-framerate", "5", "-i", picture, *form, "-f", "v4l2", device]
        self.process = None

    def start(self):
        log = open("/share/logs/ffmpeg.log", "a")
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()


YUYV = ("-pix_fmt", "yuyv422")
MJPEG = ("-vf", "format=yuvj420p", "-c:v", "mjpeg", "-q:v", "3")


def form_of(device):
    """Returns what v4l2-ctl says of the pictures that `device` sends; nothing while it sends none."""
    asked = subprocess.run(["v4l2-ctl", "-d", device, "--get-fmt-video"], capture_output=True,
                           text=True, check=False)
    return asked.stdout if asked.returncode == 0 else ""


def shot(device, kind):
    """Takes a picture without the program that is tested; returns the file's name."""
    raw, count = "/tmp/shot.raw", 3
    subprocess.run(["v4l2-ctl", "-d", device, "--stream-mmap", f"--stream-count={count}",
                    f"--stream-to={raw}"], check=True, capture_output=True, timeout=120)
    with open(raw, "rb") as file:
        pictures = file.read()
    if kind == "MJPG":
        name, picture = "/tmp/shot.jpg", pictures[pictures.rindex(b"\xff\xd8\xff"):]
    else:
        # Every second byte of the last picture is how bright a pixel is.
        name, picture = "/tmp/shot.pgm", b"P5 1280 720 255\n" + pictures[-1280 * 720 * 2::2]
    with open(name, "wb") as file:
        file.write(picture)
    return name


def holders():
    """Returns the processes that have a camera open."""
    return [name for name in os.listdir("/proc") if name.isdigit() and any(
        path.startswith("/dev/video") for path in opened(name))]


def opened(process):
    found = []
    try:
        for name in os.listdir(f"/proc/{process}/fd"):
            found.append(os.readlink(f"/proc/{process}/fd/{name}"))
    except OSError:
        pass  # It has ended meanwhile.
    return found


class HandScanner:
    """A keyboard that types what it reads, as hand scanners do."""

    SET_EVENTS, SET_KEY, CREATE, DESTROY = 0x40045564, 0x40045565, 0x5501, 0x5502
    KEYS = {**{str(digit): 1 + digit for digit in range(1, 10)}, "0": 11, "\n": 28}

    def __init__(self):
        self.device = os.open("/dev/uinput", os.O_WRONLY)
        fcntl.ioctl(self.device, self.SET_EVENTS, 1)
        for key in range(1, 59):
            fcntl.ioctl(self.device, self.SET_KEY, key)
        identity = struct.pack("<80s4HI", b"Hand scanner", 3, 0x0C2E, 0x0901, 1, 0)
        os.write(self.device, identity + bytes(4 * 64 * 4))
        fcntl.ioctl(self.device, self.CREATE)

    def type(self, text):
        for letter in text:
            for pressed in (1, 0):
                self.send(1, self.KEYS[letter], pressed)
                self.send(0, 0, 0)

    def send(self, kind, code, value):
        os.write(self.device, struct.pack("<qqHHi", 0, 0, kind, code, value))
