"""The devices of the machine of scripts/vm-test: software cameras, and a hand scanner."""

import fcntl
import os
import struct
import subprocess

# Cameras for as long as something feeds them; and one that shows a pattern of its own.
FIRST, SECOND, PATTERN = "/dev/video10", "/dev/video11", "/dev/video0"


class Feeder:
    """Shows a picture to a software camera until it is ended."""

    def __init__(self, picture, device, form):
        self.picture, self.device, self.form = picture, device, form
        self.process = None

    def start(self):
        # Made once, so that showing it takes next to nothing of the slow machine.
        make, feed = self.form
        frame = f"/tmp/frame{self.device.replace('/', '-')}"
        ffmpeg = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y"]
        log = open("/share/logs/ffmpeg.log", "a")
        subprocess.run([*ffmpeg, "-i", self.picture, *make, frame], check=True, stderr=log)
        self.process = subprocess.Popen(
            [*ffmpeg, "-re", "-stream_loop", "-1", *feed, "-i", frame, "-c", "copy", "-f", "v4l2",
             self.device], stdout=log, stderr=log)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()


# How a frame is made, and how it is read again.
YUYV = (("-pix_fmt", "yuyv422", "-f", "rawvideo"),
        ("-f", "rawvideo", "-pixel_format", "yuyv422", "-video_size", "1280x720", "-framerate", "5"))
MJPEG = (("-vf", "format=yuvj420p", "-c:v", "mjpeg", "-q:v", "3", "-f", "mjpeg"),
         ("-f", "mjpeg", "-framerate", "5"))


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
