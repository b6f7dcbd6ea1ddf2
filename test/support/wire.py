"""A guest of few words: it opens a tap as a guest's NIC does, sends Ethernet frames, and tells which it heard.

wire.py TAP FILE [every MS HEX | flood MBIT HEX]...   A frame's last four bytes are replaced by a running number.
It goes on until the file is there, and for ten minutes at most.
Prints one JSON object: sent (frames by order of the arguments), heard (time, number of bytes, first 96 bytes), bytes
(heard in each whole second).
"""

import fcntl
import json
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
KEPT = 60_000


def opened(tap):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", tap.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def streams_of(words):
    for kind, amount, frame in zip(words[::3], words[1::3], words[2::3]):
        frame = bytes.fromhex(frame)
        gap = float(amount) / 1000 if kind == "every" else len(frame) * 8 / (float(amount) * 1e6)
        yield {"gap": gap, "frame": frame[:-4], "next": 0.0, "sent": 0}


def main(tap, ending, *words):
    fd = opened(tap)
    streams = list(streams_of(words))
    heard, by_second, start = [], {}, time.monotonic()
    for stream in streams:
        stream["next"] = start
    while (now := time.monotonic()) < start + 600 and not os.path.exists(ending):
        for stream in streams:
            if stream["next"] > now:
                continue
            try:
                os.write(fd, stream["frame"] + struct.pack("!I", stream["sent"]))
            except BlockingIOError:
                pass
            stream["sent"] += 1
            stream["next"] = max(stream["next"] + stream["gap"], now - 0.05)
        due = min([stream["next"] for stream in streams] + [now + 0.05])
        if not select.select([fd], [], [], max(0.0, due - time.monotonic()))[0]:
            continue
        for _ in range(64):
            try:
                frame = os.read(fd, 65536)
            except BlockingIOError:
                break
            now = time.monotonic()
            by_second[int(now)] = by_second.get(int(now), 0) + len(frame)
            if len(heard) < KEPT:
                heard.append([now, len(frame), frame[:96].hex(), frame[-4:].hex()])
    print(json.dumps({"sent": [stream["sent"] for stream in streams], "heard": heard, "bytes": by_second}))


main(*sys.argv[1:])
