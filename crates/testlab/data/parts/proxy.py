"""An HTTP proxy whose habits are arguments; all of them are allowed, most are seen in offices.

It serves CONNECT and requests with an absolute URL, resolves names at a name server of its own or
hands everything to another proxy, and runs until it is ended. Hosts in a file `denied` of its
directory get 403.
"""

import argparse
import asyncio
import base64
import ipaddress
import pathlib
import secrets
import struct

LONGEST_HEAD = 1 << 16
PAGE = b"<html><head><title>Access denied</title></head><body>Policy: %s</body></html>"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="10.9.1.1:3128")
    parser.add_argument("--dns", default="198.51.100.53")
    parser.add_argument("--upstream", help="HOST:PORT of the proxy that is asked")
    parser.add_argument("--slow", type=float, default=0, help="seconds before a tunnel opens")
    parser.add_argument("--at-once", type=int, default=1 << 16, help="tunnels opened at a time")
    parser.add_argument("--tunnels", type=int, default=1 << 16, help="tunnels there at a time")
    parser.add_argument("--user", help="USER:PASSWORD; others get 407")
    parser.add_argument("--interim", help="status line before the final response to CONNECT")
    parser.add_argument("--opened", default="200 Connection established")
    parser.add_argument("--header", default="", help="further header of that response")
    return parser.parse_args()


def question(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    number = secrets.randbits(16)
    head = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0)
    return number, head + labels + b"\0" + struct.pack("!2H", 1, 1)


class Answer(asyncio.DatagramProtocol):
    def __init__(self):
        self.packet = asyncio.get_running_loop().create_future()

    def datagram_received(self, packet, _):
        if not self.packet.done():
            self.packet.set_result(packet)


def end_of_name(packet, at):
    while packet[at]:
        if packet[at] >= 0xC0:
            return at + 2
        at += packet[at] + 1
    return at + 1


def first_address(packet):
    questions, answers = struct.unpack("!2H", packet[4:8])
    at = 12
    for _ in range(questions):
        at = end_of_name(packet, at) + 4
    for _ in range(answers):
        at = end_of_name(packet, at)
        kind, _, _, length = struct.unpack("!2HIH", packet[at : at + 10])
        at += 10 + length
        if kind == 1:
            return str(ipaddress.ip_address(packet[at - 4 : at]))
    raise Unknown("the name does not resolve")


async def resolve(server, name):
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    for _ in range(3):
        transport, answer = await loop.create_datagram_endpoint(Answer, remote_addr=(server, 53))
        try:
            transport.sendto(question(name)[1])
            return first_address(await asyncio.wait_for(answer.packet, 1))
        except asyncio.TimeoutError:
            continue
        finally:
            transport.close()
    raise Unknown("the name server does not answer")


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


class Unknown(OSError):
    """A name that does not resolve."""


def reason(error):
    return "ERR_DNS_FAIL" if isinstance(error, Unknown) else "ERR_CONNECT_FAIL"


def denied():
    file = pathlib.Path("denied")
    return file.read_text().split() if file.exists() else []


def response(status, headers, body=b""):
    lines = [f"HTTP/1.1 {status}", *headers]
    return ("\r\n".join(lines) + "\r\n").encode() + (
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )


class Proxy:
    def __init__(self, options):
        self.options = options
        self.opening = asyncio.Semaphore(options.at_once)
        self.tunnels = asyncio.Semaphore(options.tunnels)

    async def serve(self, reader, writer):
        try:
            while await self.request(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    async def request(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        if not self.is_known(head):
            fields = ['Proxy-Authenticate: Basic realm="Contoso branch"']
            writer.write(response("407 Proxy Authentication Required", fields, b"sign in"))
            return True
        host, port = self.place(method, target)
        if host in denied():
            fields = ["Content-Type: text/html", "Via: 1.1 proxy"]
            writer.write(response("403 Forbidden", fields, PAGE % host.encode()))
            return True
        async with self.tunnels:
            try:
                far = await self.open(method, host, port)
            except (OSError, asyncio.TimeoutError) as error:
                fields = ["Via: 1.1 proxy (squid/5.7)", f"X-Squid-Error: {reason(error)} 0"]
                writer.write(response("503 Service Unavailable", fields, str(error).encode()))
                return True
            await self.carry(method, target, head, (reader, writer), far)
        return False

    def is_known(self, head):
        if not self.options.user:
            return True
        word = base64.b64encode(self.options.user.encode()).decode()
        return f"Proxy-Authorization: Basic {word}".lower().encode() in head.lower()

    @staticmethod
    def place(method, target):
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            return host, int(port)
        host, _, port = target.split("/")[2].partition(":")
        return host, int(port or 80)

    async def open(self, method, host, port):
        async with self.opening:
            if method == "CONNECT":
                await asyncio.sleep(self.options.slow)
            if self.options.upstream:
                host, port = self.options.upstream.rsplit(":", 1)
            address = await resolve(self.options.dns, host)
            return await asyncio.wait_for(asyncio.open_connection(address, int(port)), 5)

    async def carry(self, method, target, head, near, far):
        (reader, writer), (far_reader, far_writer) = near, far
        if self.options.upstream:
            far_writer.write(head)
        elif method == "CONNECT":
            if self.options.interim:
                writer.write(f"HTTP/1.1 {self.options.interim}\r\n\r\n".encode())
                await writer.drain()
                await asyncio.sleep(0.05)
            header = f"{self.options.header}\r\n" if self.options.header else ""
            writer.write(f"HTTP/1.1 {self.options.opened}\r\n{header}\r\n".encode())
        else:
            path = "/" + "/".join(target.split("/")[3:])
            lines = head.replace(target.encode(), path.encode(), 1).split(b"\r\n")
            kept = [line for line in lines if not line.lower().startswith(b"proxy-")]
            far_writer.write(b"\r\n".join(kept))
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        far_writer.close()


async def main():
    options = arguments()
    host, port = options.listen.rsplit(":", 1)
    server = await asyncio.start_server(
        Proxy(options).serve, host.strip("[]"), int(port), limit=LONGEST_HEAD, backlog=256
    )
    async with server:
        await server.serve_forever()


asyncio.run(main())
