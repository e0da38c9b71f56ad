"""Walks from the catalogue to the order's webhooks and checks the shape of every answer: `shapes.py OUT_DIR`.

Always by the models of the official SDK; by the protocol's own schemas too where `UCP_SCHEMAS` names the folder `source` of
its repository at the tag v2026-04-08 and `ucp-schema` is on the PATH.
"""

import copy
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pydantic
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


def by_schemas(kind, op, path, schemas):
    """What the protocol's schemas refuse."""
    command = ["ucp-schema", "validate", path, "--op", op, "--response"]
    command += ["--schema-local-base", schemas, "--schema-remote-base", "https://ucp.dev"]
    if schema := KINDS[kind][1]:
        command += ["--schema", pathlib.Path(schemas) / schema[0]]
        command += ["--def", schema[1]] if schema[1] else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=CALL_SECONDS_MAX, check=False)
    if done.returncode != 0:
        yield f"ucp-schema: {(done.stdout + done.stderr).strip()}"


def check(walk, folder, schemas):
    """Keeps every answer in a file of its own, and notes what is wrong with it."""
    for number, (kind, name, op, answer) in enumerate(walk.answers):
        body = answer["ucp"] if kind == "profile" else answer
        path = folder / f"{number:02}-{kind}.json"
        path.write_text(json.dumps(body, indent=1), encoding="utf-8")
        found = list(by_models(kind, body))
        if schemas:
            found += by_schemas(kind, op, path, schemas)
        walk.wrong += [f"{path.name}, {name}: {fault}" for fault in found]
        control(walk, folder / "control.json", (kind, op, body), schemas)


def control(walk, path, answer, schemas):
    """The checks must be able to fail: the same answer without a member that it needs is refused."""
    kind, op, body = answer
    broken = copy.deepcopy(body)
    broken.pop(KINDS[kind][2], None)
    path.write_text(json.dumps(broken), encoding="utf-8")
    walk.expect(f"the models let a broken {kind} pass", list(by_models(kind, broken)))
    walk.expect(f"ucp-schema lets a broken {kind} pass", not schemas or list(by_schemas(kind, op, path, schemas)))


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

    schemas = os.environ.get("UCP_SCHEMAS") if shutil.which("ucp-schema") else None
    folder = out / "answers"
    folder.mkdir(exist_ok=True)
    check(walk, folder, schemas)
    by = "the SDK's models and ucp-schema" if schemas else "the SDK's models; not by ucp-schema, which is optional"
    print(f"shapes: {len(walk.answers)} answers checked by {by}: {len(walk.wrong)} wrong")
    for fault in walk.wrong:
        print(f"  WRONG: {fault}")
    sys.exit(1 if walk.wrong else 0)


main()
