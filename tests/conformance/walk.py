"""The calls of shapes.py: from the catalogue to the parcel and the webhooks about it."""

import time

from agent import BASE, Platform

WAIT_SECONDS_MAX = 20


def pay(token):
    instrument = {
        "id": "instrument_1",
        "handler_id": "dev.tradepost.instant",
        "type": "token",
        "selected": True,
        "credential": {"type": "token", "token": token},
    }
    return {"payment": {"instruments": [instrument]}}


def basket(*lines):
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
        "line_items": [{"item": {"id": variant}, "quantity": quantity} for variant, quantity in lines],
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
    session = walk.call("checkout", 201, "POST", sessions, basket((shoes, 1)))
    one = f"{sessions}/{session['id']}"
    walk.call("checkout", 200, "GET", one)
    changed = {
        "line_items": [
            {"id": session["line_items"][0]["id"], "item": {"id": shoes}, "quantity": 1},
            {"item": {"id": tea}, "quantity": 1_000_000},
        ]
    }
    walk.call("checkout", 200, "PUT", one, changed)
    walk.call("checkout", 200, "PUT", one, basket((shoes, 2), (tea, 1)))
    for token in ("fail", "escalate"):
        walk.call("checkout", 200, "POST", one + "/complete", pay(token))
    done = walk.call("checkout", 200, "POST", one + "/complete", pay("success_token"))
    walk.call("checkout", 200, "GET", one)
    return done["order"]["id"]


def walk_refusals(walk, seen):
    sessions = BASE + "/checkout-sessions"
    gone = {"line_items": [{"item": {"id": seen["product_gone"]}, "quantity": 1}]}
    walk.call("error", 200, "POST", sessions, gone)
    walk.call("error", 200, "GET", sessions + "/chk_00000000000000000000000000000000")
    walk.call("error", 200, "GET", BASE + "/orders/ord_00000000000000000000000000000000")
    stranger = "https://spck.dev/fixture/platform/no-common-caps.json"
    walk.call("error", 200, "POST", sessions, gone, agent=stranger)


def told_of(order_id):
    return [body for body in Platform.webhooks if body.get("id") == order_id]


def wait(walk, what, ready):
    """What `ready` finds, as soon as it does."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not (found := ready()) and time.monotonic() < deadline:
        time.sleep(0.1)
    walk.expect(f"not within {WAIT_SECONDS_MAX} s: {what}", found)
    return found


def read(walk, order_id):
    return walk.call("order", 200, "GET", f"{BASE}/orders/{order_id}")


def allocated(walk, order_id):
    """The order's shipment, as soon as there is one; then nothing but staff changes the order."""
    path = "/v1/shipments?state=to_pick"
    mine = lambda: [s for s in walk.staff(200, "GET", path)["items"] if s["order_id"] == order_id]
    return wait(walk, "a paid order is allocated", mine)[0]


def walk_shipping(walk, order_id):
    """From the pick list to the parcel on its way."""
    read(walk, order_id)
    shipment = allocated(walk, order_id)
    for step, body in (("pick", {}), ("pack", {}), ("ship", {"carrier": "shunfeng", "number": "SF1234567890"})):
        shipment = walk.staff(200, "POST", f"/v1/shipments/{shipment['id']}/{step}", body, shipment["version"])
    shipped = lambda: (read(walk, order_id)["fulfillment"].get("events") or [])
    wait(walk, "the order tells of its parcel", shipped)


def walk_cancelling(walk, order_id):
    """One unit of three is cancelled: all lines stay, and what is taken back is negative."""
    allocated(walk, order_id)
    order = walk.staff(200, "GET", f"/v1/orders/{order_id}")
    line = next(line for line in order["lines"] if line["quantity"]["ordered"] == 2)
    body = {"reason": "out of stock after all", "lines": [{"line_id": line["id"], "quantity": 1}]}
    walk.staff(200, "POST", f"/v1/orders/{order_id}/cancel", body, order["version"])
    told = read(walk, order_id)
    walk.expect("both lines are still there", len(told["line_items"]) == 2)
    walk.expect("an adjustment tells of the cancelled unit", told.get("adjustments"))
    promised = [a for a in told.get("adjustments") or [] if (a["type"], a["status"]) == ("refund", "pending")]
    walk.expect("what was paid for it is promised back", [a["totals"] and a["line_items"] for a in promised])
    for adjustment in told.get("adjustments") or []:
        parts = [part["quantity"] for part in adjustment.get("line_items", [])]
        sums = [total["amount"] for total in adjustment.get("totals", [])]
        walk.expect(f"what is taken back is negative: {parts} {sums}", all(number < 0 for number in parts + sums))


def walk_webhooks(walk, shipped, cancelled):
    """What the platform was told: each time the whole order."""
    adjusted = lambda: any(body.get("adjustments") for body in told_of(cancelled))
    moved = lambda: any(body["fulfillment"].get("events") for body in told_of(shipped))
    wait(walk, "a webhook tells of the cancelled unit", adjusted)
    wait(walk, "a webhook tells of the parcel", moved)
    for number, body in enumerate(list(Platform.webhooks), 1):
        walk.keep("order", f"webhook {number}", "read", body)


def walk_all(walk, seen):
    """Everything that a platform can ask for."""
    walk.call("profile", 200, "GET", "/.well-known/ucp")
    walk_catalogue(walk, seen)
    walk_refusals(walk, seen)
    shipped, cancelled = walk_checkout(walk, seen), walk_checkout(walk, seen)
    walk_cancelling(walk, cancelled)
    walk_shipping(walk, shipped)
    walk_webhooks(walk, shipped, cancelled)
