#!/usr/bin/env bash
# The first order, from catalogue to doorstep. Needs curl, jq and openssl, and two other terminals with
#   cargo run                 the platform
#   cargo run --bin doubles   a Stripe, and a platform that prints the order webhooks it gets
set -euo pipefail

SHOP=${SHOP:-http://127.0.0.1:8080}
STRIPE=${STRIPE:-http://127.0.0.1:8090}
AGENT=${AGENT:-http://127.0.0.1:8091}
UCP=$SHOP/ucp/2026-04-08
# Public development values of infra/local/secrets.dev.json and of the demo seed.
STAFF_EMAIL=ada@demo.example
STAFF_PASSWORD="a demo pass phrase, never for real"
CARRIER_SALT=dev-salt-public-not-a-secret

key() { openssl rand -hex 16 | sed 's/\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)/\1-\2-\3-\4-/'; }
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# send METHOD URL BODY HEADER…: JSON with a fresh idempotency key; fails on an error status and shows its body.
send() {
  local method=$1 url=$2 body=$3
  shift 3
  local headers=()
  for header in "$@"; do headers+=(-H "$header"); done
  curl -sS --fail-with-body -X "$method" "$url" -H 'Content-Type: application/json' -H "Idempotency-Key: $(key)" \
    ${headers[@]+"${headers[@]}"} ${body:+-d "$body"}
}
agent() { send "$1" "$UCP$2" "$3" "UCP-Agent: profile=\"$AGENT/profile.json\"" "Request-Id: $(key)"; }
staff() { local method=$1 path=$2 body=$3; shift 3; send "$method" "$SHOP$path" "$body" "Authorization: Bearer $TOKEN" "$@"; }
# until_order JQ: asks for the order until the filter says true, for at most ten seconds.
until_order() {
  for _ in $(seq 100); do
    ORDER=$(staff GET "/v1/orders/$ORDER_ID" '')
    if [ "$(jq "$1" <<<"$ORDER")" = true ]; then return; fi
    sleep 0.1
  done
  jq . <<<"$ORDER"
  echo "the order did not get there: $1" >&2
  exit 1
}

say "1. Search the catalogue"
FOUND=$(agent POST /catalog/search '{"query":"runner"}')
jq -r '.products[] | "\(.title)", (.variants[] | "  \(.id)  \(.title)  \(.price.amount) \(.price.currency)")' <<<"$FOUND"
VARIANT=$(jq -r '.products[0].variants[0].id' <<<"$FOUND")

say "2. Open a checkout session"
SESSION=$(agent POST /checkout-sessions "$(jq -n --arg variant "$VARIANT" '{
  line_items: [{item: {id: $variant}, quantity: 1}],
  buyer: {first_name: "Fang", last_name: "Wang", email: "fang.wang@example.com", phone_number: "+8613800000000"},
  fulfillment: {methods: [{type: "shipping",
    destinations: [{id: "home", street_address: "1 Lake Road", address_locality: "Hangzhou", address_country: "CN"}],
    groups: [{selected_option_id: "standard"}]}]}}')")
SESSION_ID=$(jq -r .id <<<"$SESSION")
jq -c '{id, status, currency, totals: [.totals[] | {(.type): .amount}] | add}' <<<"$SESSION"

say "3. Complete it: the order is placed and its stock reserved"
DONE=$(agent POST "/checkout-sessions/$SESSION_ID/complete" '{"payment":{"instruments":[
  {"id":"i1","handler_id":"stripe","type":"card","selected":true,"credential":{"type":"token","token":"by-stripe"}}]}}')
ORDER_ID=$(jq -r .order.id <<<"$DONE")
jq -c '{status, order}' <<<"$DONE"

say "4. Start the payment"
PAYMENT=$(send POST "$SHOP/v1/orders/$ORDER_ID/payments" \
  "{\"checkout_id\":\"$SESSION_ID\",\"provider\":\"stripe\",\"mode\":\"payment_intent\"}")
jq -c . <<<"$PAYMENT"

say "5. The buyer pays; Stripe posts its signed webhook"
send POST "$STRIPE/_double/pay" "{\"object\":\"$(jq -r .provider_payment_id <<<"$PAYMENT")\"}" | jq -c .

say "6. Staff sign in and see the order paid"
TOKEN=$(send POST "$SHOP/v1/staff/sign-in" "{\"email\":\"$STAFF_EMAIL\",\"password\":\"$STAFF_PASSWORD\"}" | jq -r .access_token)
until_order '.payment.status == "paid"'
jq -c '{id, state: .state.name, payment: .payment.status, captured: .payment.captured}' <<<"$ORDER"

say "7. Staff pick, pack and ship"
SHIPMENT=
for _ in $(seq 100); do
  SHIPMENT=$(staff GET '/v1/shipments?state=to_pick' '' | jq -c --arg order "$ORDER_ID" '[.items[] | select(.order_id == $order)][0] // empty')
  if [ -n "$SHIPMENT" ]; then break; fi
  sleep 0.1
done
NUMBER=SF$(openssl rand -hex 6 | tr a-f 0-5)
for step in pick pack ship; do
  body='{}'
  if [ "$step" = ship ]; then body="{\"carrier\":\"shunfeng\",\"number\":\"$NUMBER\"}"; fi
  SHIPMENT=$(staff POST "/v1/shipments/$(jq -r .id <<<"$SHIPMENT")/$step" "$body" "If-Match: \"$(jq -r .version <<<"$SHIPMENT")\"")
  jq -c '{id, state, tracking: .tracking.number}' <<<"$SHIPMENT"
done

say "8. The carrier posts its signed webhooks"
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

say "9. The order is delivered"
until_order '.state.name == "completed"'
jq -c '{id, state: .state.name, quantity: .lines[0].quantity, shipment: .shipments[0].status}' <<<"$ORDER"
