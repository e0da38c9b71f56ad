#!/usr/bin/env bash
# The first order, from catalogue to doorstep. Needs curl, jq and openssl, and two other terminals with
#   cargo run                 the platform
#   cargo run --bin doubles   Stripe, and a platform that prints the order webhooks it gets
set -euo pipefail
# shellcheck source=docs/shop.sh
source "$(dirname "$0")/shop.sh"
CARRIER_SALT=dev-salt-public-not-a-secret

say "1. Search the catalogue"
FOUND=$(agent POST /catalog/search '{"query":"runner"}')
jq -r '.products[] | "\(.title)", (.variants[] | "  \(.id)  \(.title)  \(.price.amount) \(.price.currency)")' <<<"$FOUND"
VARIANT=$(jq -r '.products[0].variants[0].id' <<<"$FOUND")

say "2. Open a checkout session, and complete it: the order is placed and its stock reserved"
order "$VARIANT"
jq -c '{id, status, currency, totals: [.totals[] | {(.type): .amount}] | add}' <<<"$SESSION"
jq -c '{status, order}' <<<"$DONE"

say "3. Start the payment"
pay stripe payment_intent
jq -c . <<<"$PAYMENT"

say "4. The buyer pays; Stripe posts its signed webhook"
send POST "$STRIPE/_double/pay" "{\"object\":\"$(jq -r .provider_payment_id <<<"$PAYMENT")\"}" | jq -c .

say "5. Staff sign in and see the order paid"
sign_in
until_order '.payment.status == "paid"'
jq -c '{id, state: .state.name, payment: .payment.status, captured: .payment.captured}' <<<"$ORDER"

say "6. Staff pick, pack and ship"
NUMBER=SF$(openssl rand -hex 6 | tr a-f 0-5)
ship shunfeng "$NUMBER"

say "7. The carrier posts its signed webhooks"
# scan STATE DATA: what the carrier pushes, signed with MD5 over the parameter and the salt, as it does.
scan() {
  local param sign
  param=$(jq -nc --arg number "$NUMBER" --arg state "$1" --argjson data "$2" '{status: "polling", message: "",
    lastResult: {message: "ok", nu: $number, ischeck: "0", com: "shunfeng", status: "200", state: $state, data: $data}}')
  sign=$(printf '%s%s' "$param" "$CARRIER_SALT" | openssl dgst -md5 | sed 's/^.* //' | tr a-f A-F)
  curl -sS --fail-with-body "$SHOP/webhooks/carriers/kuaidi100" --data-urlencode "sign=$sign" --data-urlencode "param=$param"
  echo
}
PICKED='{"time":"2026-11-22 09:00:00","ftime":"2026-11-22 09:00:00","context":"picked up","status":"揽收","statusCode":"1"}'
SIGNED='{"time":"2026-11-23 10:00:00","ftime":"2026-11-23 10:00:00","context":"signed for","status":"签收","statusCode":"3"}'
scan 1 "[$PICKED]"
scan 3 "[$SIGNED,$PICKED]"

say "8. The order is delivered"
until_order '.state.name == "completed"'
jq -c '{id, state: .state.name, quantity: .lines[0].quantity, shipment: .shipments[0].status}' <<<"$ORDER"
