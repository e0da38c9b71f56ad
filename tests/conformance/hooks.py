"""What spck-conformance wants of a shop beside its API, from outside the shop: `hooks.py OUT_DIR`.

A proxy that stands before the platform. It hands everything on as it came, the Host header too, which signatures cover. Its
own are three paths that the shop does not have: cancelling units as staff does, making kept answers older, and taking the
table of kept answers away. OUT_DIR/hooks.json tells its port and the one that the platform is to take; what READY tells of
the platform is read from OUT_DIR/ready.json once it is there.
"""

import hashlib
import http.client
import http.server
import json
import pathlib
import re
import socket
import sys
import threading
import time
import uuid

CALL_SECONDS_MAX = 60
# Until an order is paid and allocated: both come after its checkout.
WAIT_SECONDS_MAX = 20
PAGES_MAX = 100
KEPT = "tradepost-IdempotencyTable"
ORDERS = "tradepost-SalesTable"
WEBHOOKS = "tradepost-MessagingTable"
HOOK = re.compile(r"/ucp/2026-04-08/testing/(orders/(?P<order>[^/]+)/adjust|idempotency/(?P<table>age|outage))")
# Of one connection, so that each side has its own.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
# What CreateTable takes of what DescribeTable tells.
SHAPE = ("AttributeDefinitions", "KeySchema")


class Refused(Exception):
    """A hook that did not do what it was asked."""


def call(authority, method, path, headers, body):
    """One call; status, headers and body of the answer."""
    connection = http.client.HTTPConnection(authority, timeout=CALL_SECONDS_MAX)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


class Hooks:
    """The shop's side of the hooks."""

    def __init__(self, out, upstream):
        self.out, self.upstream = out, upstream
        self.lock = threading.Lock()
        self.taken = None

    def ready(self, name):
        return json.loads((self.out / "ready.json").read_text(encoding="utf-8"))[name]

    def staff(self, method, path, body=None, version=None):
        headers = [("host", self.upstream), ("authorization", f"Bearer {self.ready('staff_token')}")]
        data = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            headers += [("content-type", "application/json"), ("content-length", str(len(data)))]
            headers += [("idempotency-key", str(uuid.uuid4())), ("if-match", f'"{version}"')]
        status, _, answer = call(self.upstream, method, path, headers, data)
        return status, json.loads(answer)

    def dynamo(self, operation, table=KEPT, **request):
        authority = self.ready("aws_url").removeprefix("http://")
        data = json.dumps({"TableName": table, **request}).encode()
        headers = [("host", authority), ("content-type", "application/x-amz-json-1.0")]
        headers += [("x-amz-target", f"DynamoDB_20120810.{operation}"), ("content-length", str(len(data)))]
        signed = "Credential=conformance/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
        headers += [("authorization", f"AWS4-HMAC-SHA256 {signed}"), ("x-amz-date", "20260101T000000Z")]
        status, _, answer = call(authority, "POST", "/", headers, data)
        if status != 200:
            raise Refused(f"{operation}: {status}: {answer[:500]}")
        return json.loads(answer)

    def items(self):
        found, start = [], {}
        for _ in range(PAGES_MAX):
            page = self.dynamo("Scan", ConsistentRead=True, **start)
            found += page["Items"]
            if not page.get("LastEvaluatedKey"):
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        raise Refused(f"{KEPT} has more than {PAGES_MAX} pages")

    def adjust(self, order_id, asked):
        """Cancels units of a paid order, as staff: a refund of them is promised with it. Ends when the platform was told."""
        body = {"reason": "conformance", "lines": [{"line_id": asked["line_item_id"], "quantity": asked["quantity"]}]}
        path, last = f"/v1/orders/{order_id}", None
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            status, order = last = self.staff("GET", path)
            # Then nobody but staff changes the order; one that changed all the same is read again.
            if status == 200 and all(line["quantity"]["allocated"] for line in order["lines"]):
                last = self.staff("POST", path + "/cancel", body, order["version"])
                if last[0] == 200:
                    return self.told(order_id, last[1]["version"], deadline)
            time.sleep(0.1)
        raise Refused(f"{path} was not cancelled: {last}")

    def told(self, order_id, version, deadline):
        """Waits for the webhook of a version. Those of versions before may come late, and are not what is waited for."""
        key = {"pk": {"S": order_id}, "sk": {"S": "order"}}
        order = self.dynamo("GetItem", ORDERS, Key=key)["Item"]["order"]["M"]
        if "webhook_url" not in order["platform"].get("M", {}):
            return
        values = {":order": {"S": order_id}, ":delivery": {"S": "delivery#"}}
        asked = {"KeyConditionExpression": "pk = :order AND begins_with(sk, :delivery)", "ExpressionAttributeValues": values}
        while time.monotonic() < deadline:
            sent = self.dynamo("Query", WEBHOOKS, ConsistentRead=True, **asked)["Items"]
            if any(int(item["delivery"]["M"]["order_version"]["N"]) >= version for item in sent):
                return
            time.sleep(0.1)
        raise Refused(f"nobody was told of version {version} of {order_id}")

    def age(self, asked):
        """The answers that are kept for a key expire so many hours earlier, as if they had been given then."""
        suffix = "#" + hashlib.sha256(asked["key"].encode()).hexdigest()
        older = [item for item in self.items() if item["pk"]["S"].endswith(suffix)]
        if not older:
            raise Refused("no answer is kept for this key")
        for item in older:
            self.dynamo(
                "UpdateItem",
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET expires_at = expires_at - :age",
                ExpressionAttributeValues={":age": {"N": str(asked["hours"] * 3600)}},
            )

    def outage(self, asked):
        """Takes the table away, or puts it back with its answers."""
        if asked["enabled"] and self.taken is None:
            told = self.dynamo("DescribeTable")["Table"]
            taken = {name: told[name] for name in SHAPE}, self.items()
            self.dynamo("UpdateTable", DeletionProtectionEnabled=False)
            self.dynamo("DeleteTable")
            self.taken = taken
        elif not asked["enabled"] and self.taken is not None:
            shape, items = self.taken
            self.dynamo("CreateTable", BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=True, **shape)
            for item in items:
                self.dynamo("PutItem", Item=item)
            ttl = {"AttributeName": "expires_at", "Enabled": True}
            self.dynamo("UpdateTimeToLive", TimeToLiveSpecification=ttl)
            self.taken = None

    def run(self, hook, asked):
        """Status and body of a hook's answer."""
        try:
            with self.lock:
                if hook["order"]:
                    self.adjust(hook["order"], asked)
                elif hook["table"] == "age":
                    self.age(asked)
                else:
                    self.outage(asked)
        except (Refused, OSError, KeyError, ValueError) as refused:
            print(f"hook {hook[0]}: {refused!r}", file=sys.stderr, flush=True)
            return 500, json.dumps({"refused": repr(refused)}).encode()
        return 200, b"{}"


class Proxy(http.server.BaseHTTPRequestHandler):
    """Hands on, or runs a hook."""

    def any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        hook = HOOK.fullmatch(self.path) if self.command == "POST" else None
        if hook:
            status, body = self.server.hooks.run(hook, json.loads(body))
            return self.answer(status, [("content-type", "application/json")], body)
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP]
        if body or "content-length" in self.headers:
            headers.append(("content-length", str(len(body))))
        try:
            return self.answer(*call(self.server.hooks.upstream, self.command, self.path, headers, body))
        except OSError as refused:
            return self.answer(502, [], repr(refused).encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = any

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    out = pathlib.Path(sys.argv[1])
    server = Server(("127.0.0.1", 0), Proxy)
    # The platform asks its own address, which is this one, before it tells that it is ready: its port is chosen here.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server.hooks = Hooks(out, f"127.0.0.1:{port}")
    ports = {"proxy": server.server_port, "platform": port}
    written = out / "hooks.json.new"
    written.write_text(json.dumps(ports), encoding="utf-8")
    written.rename(out / "hooks.json")
    server.serve_forever()


main()
