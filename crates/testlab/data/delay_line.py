"""A line between two network namespaces: one TUN device in each, and every packet that goes into
one comes out of the other a little later, or never.

usage: delay_line.py NAMESPACE_FILE NAMESPACE_FILE DEVICE ONE_WAY_MILLISECONDS LOSS_PERCENT SEED

It says "ready" when both devices exist, and ends with its standard input.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LONGEST_PACKET = 1 << 16


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(namespace, "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def device_in(namespace, name):
    enter(namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(device, TUNSETIFF, request)
    return device


def waiting_packets(device):
    while True:
        try:
            yield os.read(device, LONGEST_PACKET)
        except OSError:  # nothing more, or the device is down
            return


def deliver(device, packet):
    try:
        os.write(device, packet)
    except OSError:
        pass  # a full or closed device loses the packet, as a line does


def carry(one, other, delay, loss, chance):
    underway, order = [], 0
    opposite = {one: other, other: one}
    while True:
        wait = max(0, underway[0][0] - time.monotonic()) if underway else None
        ready, _, _ = select.select([one, other, sys.stdin], [], [], wait)
        if sys.stdin in ready:
            return
        for device in ready:
            for packet in waiting_packets(device):
                if chance.random() >= loss:
                    order += 1
                    entry = (time.monotonic() + delay, order, opposite[device], packet)
                    heapq.heappush(underway, entry)
        while underway and underway[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(underway)
            deliver(device, packet)


def main():
    one, other, name, milliseconds, percent, seed = sys.argv[1:]
    devices = [device_in(namespace, name) for namespace in (one, other)]
    print("ready", flush=True)
    carry(*devices, float(milliseconds) / 1000, float(percent) / 100, random.Random(seed))


main()
