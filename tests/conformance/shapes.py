"""Walks from the catalogue to the order's webhooks and checks the shape of every answer: `shapes.py OUT_DIR`.

Always by the models of the official SDK; by the protocol's own schemas too where `UCP_SCHEMAS` names the folder `source` of
its repository at the tag v2026-04-08 and `ucp-schema` is on the PATH.
"""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

import pydantic
from ucp_sdk.models.schemas import ucp
from ucp_sdk.models.schemas.shopping import catalog_lookup, catalog_search, order
from ucp_sdk.models.schemas.shopping.buyer_consent.dev.ucp import shopping as consent
from ucp_sdk.models.schemas.shopping.fulfillment.dev.ucp import shopping as fulfillment
from ucp_sdk.models.schemas.shopping.types import error_response

HERE = pathlib.Path(__file__).parent
BASE = "/ucp/2026-04-08"
PROFILE = "/profile.json"
HOOK = "/hook?shop=shapes"
CALL_SECONDS_MAX = 30
WEBHOOK_SECONDS_MAX = 20

# What an answer is: the models that it must fit, and the schema (with the definition in it) where it does not describe
# itself. A checkout is composed of the capabilities that it names.
KINDS = {
    "profile": ([ucp.BusinessSchema], ("schemas/ucp.json", "business_schema")),
    "search": ([catalog_search.SearchResponse], ("schemas/shopping/catalog_search.json", "search_response")),
    "lookup": ([catalog_lookup.LookupResponse], ("schemas/shopping/catalog_lookup.json", "lookup_response")),
    "product": ([catalog_lookup.GetProductResponse], ("schemas/shopping/catalog_lookup.json", "get_product_response")),
    "checkout": ([fulfillment.Checkout, consent.Checkout], None),
    "order": ([order.Order], ("schemas/shopping/order.json", None)),
    "error": ([error_response.ErrorResponse], ("schemas/shopping/types/error_response.json", None)),
}


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

    def __init__(self, base_url, agent):
        self.base_url, self.agent = base_url, agent
        self.answers = []
        self.wrong = []

    def call(self, kind, status, method, path, body=None, agent=None):
        """One call, whose answer must be of a kind and have a status."""
        headers = {
            "ucp-agent": f'profile="{agent or self.agent}"',
            "idempotency-key": str(uuid.uuid4()),
            "content-type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, method=method, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS_MAX) as response:
                got, text = response.status, response.read()
        except urllib.error.HTTPError as refused:
            got, text = refused.code, refused.read()
        answer = json.loads(text)
        name = f"{method} {path.split('?')[0].removeprefix(BASE)}"
        if got != status:
            self.wrong.append(f"{name}: status {got} instead of {status}: {text[:500]}")
        self.keep(kind, name, operation(method, path), answer)
        return answer

    def keep(self, kind, name, op, answer):
        self.answers.append({"kind": kind, "name": name, "op": op, "body": answer})


def operation(method, path):
    """What ucp-schema calls it."""
    tail = path.rsplit("/", 1)[-1]
    if tail in ("complete", "cancel", "search", "lookup"):
        return tail
    return {"GET": "read", "PUT": "update", "POST": "create"}[method]


def pay(token):
    instrument = {
        "id": "instrument_1",
        "handler_id": "dev.tradepost.instant",
        "type": "token",
        "selected": True,
        "credential": {"type": "token", "token": token},
    }
    return {"payment": {"instruments": [instrument]}}


def basket(variant, quantity=1):
    home = {
        "id": "home",
        "street_address": "1 Main St",
        "address_locality": "Springfield",
        "address_region": "IL",
        "postal_code": "62701",
        "address_country": "US",
    }
    method = {"type": "shipping", "destinations": [home], "groups": [{"selected_option_id": "standard"}]}
    return {
        "line_items": [{"item": {"id": variant}, "quantity": quantity}],
        "buyer": {"first_name": "Ada", "email": "ada@example.com", "consent": {"marketing": False}},
        "context": {"address_country": "US"},
        "fulfillment": {"methods": [method]},
    }


def walk_catalogue(walk, seen):
    search = BASE + "/catalog/search"
    walk.call("search", 200, "POST", search, {"query": "postcard"})
    walk.call("search", 200, "POST", search, {"query": "postcard", "pagination": {"limit": 3}})
    walk.call("search", 200, "POST", search, {"query": "no such thing at all"})
    walk.call("search", 200, "POST", search, {"filters": {"categories": ["shoes"]}, "context": {"currency": "USD"}})
    wanted = [seen["product_card"], seen["runner_id"], "prd_00000000000000000000000000000000"]
    walk.call("lookup", 200, "POST", BASE + "/catalog/lookup", {"ids": wanted})
    product = BASE + "/catalog/product"
    walk.call("product", 200, "POST", product, {"id": seen["runner_id"]})
    chosen = {"id": seen["runner_id"], "selected": [{"name": "Size", "label": "42"}]}
    walk.call("product", 200, "POST", product, chosen)
    walk.call("error", 200, "POST", product, {"id": "prd_00000000000000000000000000000000"})


def walk_checkout(walk, seen):
    """Up to the order, whose id it returns."""
    sessions = BASE + "/checkout-sessions"
    shoes, tea = seen["product_Trail_Runner_42"], seen["product_Longjing_Tea_100g"]
    bare = walk.call("checkout", 201, "POST", sessions, {"line_items": [{"item": {"id": shoes}, "quantity": 1}]})
    walk.call("checkout", 200, "POST", f"{sessions}/{bare['id']}/cancel", {})
    session = walk.call("checkout", 201, "POST", sessions, basket(shoes))
    one = f"{sessions}/{session['id']}"
    walk.call("checkout", 200, "GET", one)
    changed = {
        "line_items": [
            {"id": session["line_items"][0]["id"], "item": {"id": shoes}, "quantity": 1},
            {"item": {"id": tea}, "quantity": 1_000_000},
        ]
    }
    walk.call("checkout", 200, "PUT", one, changed)
    walk.call("checkout", 200, "PUT", one, basket(shoes, 2))
    for token in ("fail", "escalate"):
        walk.call("checkout", 200, "POST", one + "/complete", pay(token))
    done = walk.call("checkout", 200, "POST", one + "/complete", pay("success_token"))
    walk.call("checkout", 200, "GET", one)
    return (done.get("order") or {}).get("id")


def walk_refusals(walk, seen):
    sessions = BASE + "/checkout-sessions"
    gone = {"line_items": [{"item": {"id": seen["product_gone"]}, "quantity": 1}]}
    walk.call("error", 200, "POST", sessions, gone)
    walk.call("error", 200, "GET", sessions + "/chk_00000000000000000000000000000000")
    walk.call("error", 200, "GET", BASE + "/orders/ord_00000000000000000000000000000000")
    stranger = "https://spck.dev/fixture/platform/no-common-caps.json"
    walk.call("error", 200, "POST", sessions, gone, agent=stranger)


def walk_order(walk, order_id):
    walk.call("order", 200, "GET", f"{BASE}/orders/{order_id}")
    deadline = time.monotonic() + WEBHOOK_SECONDS_MAX
    # An instant payment tells of the order placed, and of the order paid.
    while len(Platform.webhooks) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    told = list(Platform.webhooks)
    if len(told) < 2 or any(body.get("id") != order_id for body in told):
        walk.wrong.append(f"{len(told)} webhooks instead of 2, of {[body.get('id') for body in told]}")
    for number, body in enumerate(told, 1):
        walk.keep("order", f"webhook {number}", "read", body)


def by_models(answer):
    """What the SDK's models refuse."""
    body = answer["body"]["ucp"] if answer["kind"] == "profile" else answer["body"]
    models, _ = KINDS[answer["kind"]]
    for model in models:
        try:
            model.model_validate(body)
        except pydantic.ValidationError as error:
            for fault in error.errors():
                yield f"{model.__name__}: {'/'.join(map(str, fault['loc']))}: {fault['msg']}"


def by_schemas(answer, path, schemas):
    """What the protocol's schemas refuse, unknown members of closed objects included."""
    body = answer["body"]["ucp"] if answer["kind"] == "profile" else answer["body"]
    path.write_text(json.dumps(body, indent=1), encoding="utf-8")
    command = ["ucp-schema", "validate", path, "--op", answer["op"], "--response"]
    command += ["--schema-local-base", schemas, "--schema-remote-base", "https://ucp.dev"]
    _, schema = KINDS[answer["kind"]]
    if schema is not None:
        command += ["--schema", pathlib.Path(schemas) / schema[0]]
        command += ["--def", schema[1]] if schema[1] else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS_MAX, check=False)
    if done.returncode != 0:
        yield f"ucp-schema: {(done.stdout + done.stderr).strip()}"


def main():
    out = pathlib.Path(sys.argv[1])
    ready = json.loads((out / "ready.json").read_text(encoding="utf-8"))
    agent, server = serve()
    walk, seen = Walk(ready["base_url"], agent), ready["variables"]
    walk.call("profile", 200, "GET", "/.well-known/ucp")
    walk_catalogue(walk, seen)
    walk_refusals(walk, seen)
    order_id = walk_checkout(walk, seen)
    walk_order(walk, order_id)
    server.shutdown()

    schemas = os.environ.get("UCP_SCHEMAS")
    official = bool(schemas and shutil.which("ucp-schema"))
    folder = out / "answers"
    folder.mkdir(exist_ok=True)
    for number, answer in enumerate(walk.answers):
        found = list(by_models(answer))
        path = folder / f"{number:02}-{answer['kind']}.json"
        path.write_text(json.dumps(answer["body"], indent=1), encoding="utf-8")
        if official:
            found += by_schemas(answer, path, schemas)
        walk.wrong += [f"{path.name}, {answer['name']}: {fault}" for fault in found]
    by = "the SDK's models and ucp-schema" if official else "the SDK's models (ucp-schema is not there)"
    print(f"shapes: {len(walk.answers)} answers against {by}: {len(walk.wrong)} wrong")
    for fault in walk.wrong:
        print(f"  WRONG: {fault}")
    sys.exit(1 if walk.wrong else 0)


main()
