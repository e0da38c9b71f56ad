"""Walks from the catalogue to the order's webhooks and checks the shape of every answer: `shapes.py OUT_DIR`.

By the models of the official SDK, and by the official `ucp-schema` with schemas made of those models; with the protocol's
own schemas too where `UCP_SCHEMAS` names the folder `source` of its repository at the tag v2026-04-08.
"""

import concurrent.futures
import copy
import json
import os
import pathlib
import subprocess
import sys
import time

import pydantic
import schemas
from agent import CALL_SECONDS_MAX, Walk, serve
from ucp_sdk.models.schemas import ucp
from ucp_sdk.models.schemas.shopping import catalog_lookup, catalog_search, order
from ucp_sdk.models.schemas.shopping.buyer_consent.dev.ucp import shopping as consent
from ucp_sdk.models.schemas.shopping.fulfillment.dev.ucp import shopping as fulfillment
from ucp_sdk.models.schemas.shopping.types import error_response
from walk import walk_all

# What an answer is: the models that it must fit; the schema (with the definition in it) where it does not describe itself; and
# a member that it must not lack. A checkout is composed of the capabilities that it names.
CATALOG = "schemas/shopping/catalog_lookup.json"
KINDS = {
    "profile": ([ucp.BusinessSchema], ("schemas/ucp.json", "business_schema"), "services"),
    "search": ([catalog_search.SearchResponse], ("schemas/shopping/catalog_search.json", "search_response"), "products"),
    "lookup": ([catalog_lookup.LookupResponse], (CATALOG, "lookup_response"), "products"),
    "product": ([catalog_lookup.GetProductResponse], (CATALOG, "get_product_response"), "product"),
    "checkout": ([fulfillment.Checkout, consent.Checkout], None, "line_items"),
    "order": ([order.Order], ("schemas/shopping/order.json", None), "line_items"),
    "error": ([error_response.ErrorResponse], ("schemas/shopping/types/error_response.json", None), "messages"),
}


def by_models(kind, body):
    """What the SDK's models refuse."""
    for model in KINDS[kind][0]:
        try:
            model.model_validate(body)
        except pydantic.ValidationError as error:
            for fault in error.errors():
                yield f"{model.__name__}: {'/'.join(map(str, fault['loc']))}: {fault['msg']}"


class Validator:
    """The official `ucp-schema`, and the schemas that it validates by."""

    def __init__(self, out, protocol):
        folder = out / "schemas"
        folder.mkdir(exist_ok=True)
        self.schemas = {kind: [schemas.write(model, folder) for model in KINDS[kind][0]] for kind in KINDS}
        self.protocol = protocol
        self.runs = 0

    def ways(self, kind):
        """What it may be told of the schema of an answer."""
        for path in self.schemas[kind]:
            yield ["--schema", path]
        if self.protocol:
            way = ["--schema-local-base", self.protocol, "--schema-remote-base", "https://ucp.dev"]
            if schema := KINDS[kind][1]:
                way += ["--schema", pathlib.Path(self.protocol) / schema[0]]
                way += ["--def", schema[1]] if schema[1] else []
            yield way

    def refusals(self, kind, op, path):
        """What it says of an answer in a file, for each schema: nothing when it is valid."""
        return [self.run(["--op", op, *way], path) for way in self.ways(kind)]

    def run(self, way, path):
        command = ["ucp-schema", "validate", path, "--response", *way]
        done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS_MAX, check=False)
        self.runs += 1
        return "" if done.returncode == 0 else f"ucp-schema: {(done.stdout + done.stderr).strip()}"


def check(walk, folder, validator):
    """Keeps every answer in a file of its own, and notes what is wrong with it."""
    seen = set()
    jobs = []
    for number, (kind, name, op, answer) in enumerate(walk.answers):
        body = answer["ucp"] if kind == "profile" else answer
        path = folder / f"{number:02}-{kind}.json"
        path.write_text(json.dumps(body, indent=1), encoding="utf-8")
        walk.wrong += [f"{path.name}, {name}: {fault}" for fault in by_models(kind, body)]
        lacking = {name: value for name, value in body.items() if name != KINDS[kind][2]}
        walk.expect(f"the models let a {kind} pass that lacks a member", list(by_models(kind, lacking)))
        jobs.append((False, f"{path.name}, {name}", kind, op, path))
        if kind not in seen:
            seen.add(kind)
            jobs += controls(folder, kind, op, body)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = pool.map(lambda job: validator.refusals(*job[2:]), jobs)
    for (broken, name, *_), refusals in zip(jobs, said, strict=True):
        if broken:
            walk.expect(f"ucp-schema lets it pass: {name}", all(refusals))
        else:
            walk.wrong += [f"{name}: {refusal}" for refusal in refusals if refusal]


def controls(folder, kind, op, body):
    """The check must be able to fail: answers that are broken, each in a file of its own."""
    for number, (how, broken) in enumerate(broken_ways(kind, body)):
        path = folder / f"control-{kind}-{number}.json"
        path.write_text(json.dumps(broken), encoding="utf-8")
        yield True, f"a {kind} that {how}", kind, op, path


def broken_ways(kind, body):
    """An answer in which something is wrong, and what."""
    member = KINDS[kind][2]
    yield "lacks a member", {name: value for name, value in body.items() if name != member}
    yield "has a member of a wrong type", {**body, member: "text"}
    text = copy.deepcopy(body)
    if amount_as_text(text):
        yield "has money as text", text
    if kind in ("checkout", "order"):
        yield "has null for what may be left out", {**body, "messages": None}


def amount_as_text(part):
    """Makes a text of the first amount: the models take it for the number."""
    if isinstance(part, dict) and isinstance(part.get("amount"), int):
        part["amount"] = str(part["amount"])
        return True
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return any(amount_as_text(one) for one in inside)


def main():
    out = pathlib.Path(sys.argv[1])
    ready = json.loads((out / "ready.json").read_text(encoding="utf-8"))
    agent, server = serve()
    walk = Walk(ready["base_url"], agent, ready["staff_token"])
    try:
        walk_all(walk, ready["variables"])
    except (KeyError, IndexError, TypeError) as error:
        walk.wrong.append(f"the walk ended early: {error!r}")
    server.shutdown()

    folder = out / "answers"
    folder.mkdir(exist_ok=True)
    validator = Validator(out, os.environ.get("UCP_SCHEMAS"))
    began = time.monotonic()
    check(walk, folder, validator)
    took = time.monotonic() - began
    by = "the models' schemas and the protocol's own" if validator.protocol else "the models' schemas"
    print(f"shapes: {len(walk.answers)} answers checked by the SDK's models, and by ucp-schema with {by}", end=" ")
    print(f"({validator.runs} runs, {took:.1f} s): {len(walk.wrong)} wrong")
    for fault in walk.wrong:
        print(f"  WRONG: {fault}")
    sys.exit(1 if walk.wrong else 0)


if __name__ == "__main__":
    main()
