"""An agent for shapes.py: what it serves to the shop, and what it asks of it."""

import http.server
import json
import pathlib
import threading
import urllib.error
import urllib.request
import uuid

HERE = pathlib.Path(__file__).parent
BASE = "/ucp/2026-04-08"
PROFILE = "/profile.json"
HOOK = "/hook?shop=shapes"
CALL_SECONDS_MAX = 30


class Platform(http.server.BaseHTTPRequestHandler):
    """An agent's side: its profile, and where order events go."""

    webhooks = []

    def do_GET(self):
        self.answer(json.dumps(self.server.profile).encode() if self.path == PROFILE else None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == HOOK:
            self.webhooks.append(json.loads(body))
        self.answer(b"{}" if self.path == HOOK else None)

    def answer(self, body):
        self.send_response(404 if body is None else 200)
        self.send_header("content-type", "application/json")
        self.send_header("cache-control", "public, max-age=60")
        self.send_header("content-length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


def serve():
    """Starts the agent's side; its own URL and the server."""
    known = json.loads((HERE / "platforms.json").read_text(encoding="utf-8"))
    profile = json.loads(json.dumps(known["https://spck.dev/agent"]["profile"]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    url = f"http://127.0.0.1:{server.server_port}"
    profile["ucp"]["capabilities"]["dev.ucp.shopping.order"][0]["config"] = {"webhook_url": url + HOOK}
    profile["ucp"].setdefault("services", {})
    profile["ucp"].setdefault("payment_handlers", {})
    server.profile = profile
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return url + PROFILE, server


class Walk:
    """Calls, and what each was answered."""

    def __init__(self, base_url, agent, token):
        self.base_url, self.agent, self.token = base_url, agent, token
        self.answers = []
        self.wrong = []

    def call(self, kind, status, method, path, body=None, agent=None):
        """One call, whose answer must be of a kind and have a status."""
        headers = {"ucp-agent": f'profile="{agent or self.agent}"'}
        answer = self.send(status, method, path, body, headers)
        self.keep(kind, f"{method} {path.removeprefix(BASE)}", operation(method, path), answer)
        return answer

    def staff(self, status, method, path, body=None, version=None):
        """A call of the shop's own people, whose answers are not UCP's."""
        headers = {"authorization": f"Bearer {self.token}"}
        if version is not None:
            headers["if-match"] = f'"{version}"'
        return self.send(status, method, path, body, headers)

    def send(self, status, method, path, body, headers):
        headers = {"idempotency-key": str(uuid.uuid4()), "content-type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, method=method, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS_MAX) as response:
                got, text = response.status, response.read()
        except urllib.error.HTTPError as refused:
            got, text = refused.code, refused.read()
        if got != status:
            self.wrong.append(f"{method} {path}: status {got} instead of {status}: {text[:500]}")
        return json.loads(text)

    def expect(self, what, told):
        """A rule beside the shapes."""
        if not told:
            self.wrong.append(what)

    def keep(self, kind, name, op, answer):
        self.answers.append((kind, name, op, answer))


def operation(method, path):
    """What ucp-schema calls it."""
    tail = path.rsplit("/", 1)[-1]
    if tail in ("complete", "cancel", "search", "lookup"):
        return tail
    return {"GET": "read", "PUT": "update", "POST": "create"}[method]
