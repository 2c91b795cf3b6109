"""A proxy on loopback: CONNECT to the hosts that it knows, and PAC files by plain GET."""

import http.server
import select
import socket
import threading

DENIED = b"<html><head><title>Branch Policy</title></head><body>Category: forbidden</body></html>"


class LoopbackProxy:
    """Serves from its construction on; `connects` has the targets of all tunnels asked for."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.denied = set()
        self.scripts = {}
        self.connects = []
        self.fetches = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forget(self):
        """Starts the records anew, and denies nobody."""
        self.denied.clear()
        self.connects.clear()
        self.fetches.clear()


class _Handler(http.server.BaseHTTPRequestHandler):
    proxy = None

    def do_CONNECT(self):
        self.proxy.connects.append(self.path)
        host = self.path.rsplit(":", 1)[0]
        if host in self.proxy.denied:
            return self._answer(403, "text/html", DENIED)
        address = self.proxy.hosts.get(self.path)
        if address is None:
            return self._answer(502, "text/html", b"")
        with socket.create_connection(address, 5) as upstream:
            self.send_response(200, "Connection established")
            self.end_headers()
            _carry(self.connection, upstream)
        self.close_connection = True

    def do_GET(self):
        self.proxy.fetches.append(self.path)
        script = self.proxy.scripts.get(self.path)
        if script is None:
            return self._answer(404, "text/html", b"")
        self._answer(200, "application/x-ns-proxy-autoconfig", script.encode())

    def _answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


def _carry(one, other):
    """Copies both ways until either side is done."""
    while True:
        for source in select.select([one, other], [], [], 30)[0]:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)
