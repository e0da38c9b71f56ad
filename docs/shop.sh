# What the scripts beside this one do with curl. Needs curl, jq and openssl.
# shellcheck shell=bash disable=SC2034
set -euo pipefail

SHOP=${SHOP:-http://127.0.0.1:8080}
STRIPE=${STRIPE:-http://127.0.0.1:8090}
AGENT=${AGENT:-http://127.0.0.1:8091}
UCP=$SHOP/ucp/2026-04-08
# Public development values of infra/local/secrets.dev.json and of the demo seed.
STAFF_EMAIL=ada@demo.example
STAFF_PASSWORD="a demo pass phrase, never for real"

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

# order VARIANT…: a session for one unit of each, completed: the order is placed. Sets SESSION, SESSION_ID, DONE and ORDER_ID.
order() {
  SESSION=$(agent POST /checkout-sessions "$(jq -n '{
    line_items: [$ARGS.positional[] | {item: {id: .}, quantity: 1}],
    buyer: {first_name: "Fang", last_name: "Wang", email: "fang.wang@example.com", phone_number: "+8613800000000"},
    fulfillment: {methods: [{type: "shipping",
      destinations: [{id: "home", street_address: "1 Lake Road", address_locality: "Hangzhou", address_country: "CN"}],
      groups: [{selected_option_id: "standard"}]}]}}' --args "$@")")
  SESSION_ID=$(jq -r .id <<<"$SESSION")
  DONE=$(agent POST "/checkout-sessions/$SESSION_ID/complete" '{"payment":{"instruments":[
    {"id":"i1","handler_id":"stripe","type":"card","selected":true,"credential":{"type":"token","token":"later"}}]}}')
  ORDER_ID=$(jq -r .order.id <<<"$DONE")
}
# pay PROVIDER MODE: starts the payment of the order. Sets PAYMENT.
pay() {
  PAYMENT=$(send POST "$SHOP/v1/orders/$ORDER_ID/payments" \
    "{\"checkout_id\":\"$SESSION_ID\",\"provider\":\"$1\",\"mode\":\"$2\"}")
}
# sign_in: as the demo shop's staff. Sets TOKEN.
sign_in() {
  TOKEN=$(send POST "$SHOP/v1/staff/sign-in" "{\"email\":\"$STAFF_EMAIL\",\"password\":\"$STAFF_PASSWORD\"}" | jq -r .access_token)
}
# ship CARRIER NUMBER: picks, packs and ships the order, printing each step.
ship() {
  local shipment= step body
  for _ in $(seq 100); do
    shipment=$(staff GET '/v1/shipments?state=to_pick' '' | jq -c --arg order "$ORDER_ID" '[.items[] | select(.order_id == $order)][0] // empty')
    if [ -n "$shipment" ]; then break; fi
    sleep 0.1
  done
  for step in pick pack ship; do
    body='{}'
    if [ "$step" = ship ]; then body="{\"carrier\":\"$1\",\"number\":\"$2\"}"; fi
    shipment=$(staff POST "/v1/shipments/$(jq -r .id <<<"$shipment")/$step" "$body" "If-Match: \"$(jq -r .version <<<"$shipment")\"")
    jq -c '{id, state, tracking: .tracking.number}' <<<"$shipment"
  done
}
