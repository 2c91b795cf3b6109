"""A name server that forwards, with habits that are arguments. It runs until it is ended."""

import argparse
import asyncio
import struct

NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
CODES = {"servfail": SERVFAIL, "nxdomain": NXDOMAIN, "refused": REFUSED}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="10.9.1.1")
    parser.add_argument("--upstream", default="198.51.100.53")
    parser.add_argument("--deny", choices=[*CODES, "silence"], help="what other names get")
    parser.add_argument("--knows", nargs="*", default=[], help="names that are not denied")
    parser.add_argument("--one-by-one", type=float, help="seconds that each question takes")
    parser.add_argument("--queue", type=int, default=10**6, help="questions that may wait; others are dropped")
    parser.add_argument("--tcp-only", action="store_true", help="over UDP all is truncated")
    parser.add_argument("--tcp-takes", type=float, default=0, help="seconds of a TCP question")
    return parser.parse_args()


def name_in(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode(errors="replace").lower())
        at += packet[at] + 1
    return ".".join(labels), at + 5


def denial(packet, code, truncated=False):
    _, end = name_in(packet)
    flags = 0x8180 | code | (0x0200 if truncated else 0)
    return packet[:2] + struct.pack("!5H", flags, 1, 0, 0, 0) + packet[12:end]


class Forwarded(asyncio.DatagramProtocol):
    def __init__(self):
        self.packet = asyncio.get_running_loop().create_future()

    def datagram_received(self, packet, _):
        if not self.packet.done():
            self.packet.set_result(packet)


class Resolver:
    def __init__(self, options):
        self.options = options
        self.turn = asyncio.Lock()
        self.waiting = 0

    async def answer(self, packet):
        if self.options.one_by_one is None:
            return await self.forward(packet)
        if self.waiting > self.options.queue:
            return None
        self.waiting += 1
        async with self.turn:
            await asyncio.sleep(self.options.one_by_one)
            self.waiting -= 1
            return await self.forward(packet)

    async def forward(self, packet):
        if self.options.deny and name_in(packet)[0] not in self.options.knows:
            return denial(packet, CODES[self.options.deny]) if self.options.deny in CODES else None
        loop = asyncio.get_running_loop()
        place = (self.options.upstream, 53)
        transport, far = await loop.create_datagram_endpoint(Forwarded, remote_addr=place)
        try:
            transport.sendto(packet)
            return await asyncio.wait_for(far.packet, 5)
        except asyncio.TimeoutError:
            return None
        finally:
            transport.close()

    async def serve_tcp(self, reader, writer):
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                packet = await reader.readexactly(length)
                await asyncio.sleep(self.options.tcp_takes)
                if answer := await self.answer(packet):
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Udp(asyncio.DatagramProtocol):
    def __init__(self, resolver):
        self.resolver, self.running = resolver, set()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, packet, client):
        task = asyncio.ensure_future(self.reply(packet, client))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def reply(self, packet, client):
        if self.resolver.options.tcp_only:
            answer = denial(packet, NOERROR, truncated=True)
        else:
            answer = await self.resolver.answer(packet)
        if answer:
            self.transport.sendto(answer, client)


async def main():
    options = arguments()
    resolver, place = Resolver(options), (options.listen, 53)
    server = await asyncio.start_server(resolver.serve_tcp, *place, backlog=256)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Udp(resolver), local_addr=place)
    async with server:
        await server.serve_forever()


asyncio.run(main())
