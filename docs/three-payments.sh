#!/usr/bin/env bash
# The same order three times: paid by WeChat Pay, by Alipay, and in cash at the door; then a line is refunded, and the
# ledger is shown. Needs curl, jq and openssl, and two other terminals with
#   cargo run                 the platform
#   cargo run --bin doubles   WeChat Pay, Alipay, and the platform that shops
set -euo pipefail
# shellcheck source=docs/shop.sh
source "$(dirname "$0")/shop.sh"
WECHAT_PAY=${WECHAT_PAY:-http://127.0.0.1:8092}
ALIPAY=${ALIPAY:-http://127.0.0.1:8093}

number() { jq -r .provider_payment_id <<<"$PAYMENT"; }
paid() {
  until_order '.payment.status == "paid"'
  jq -c '{id, state: .state.name, payment: .payment.status, captured: .payment.captured}' <<<"$ORDER"
}
# money: what staff see of the order's money. Sets MONEY and its ETag, VERSION.
money() {
  MONEY=$(staff GET "/v1/orders/$ORDER_ID/payments" '')
  VERSION=$(jq -r .version <<<"$MONEY")
}

sign_in
mapfile -t VARIANTS < <(agent POST /catalog/search '{"query":"runner"}' | jq -r '.products[0].variants[:2][].id')

say "1. WeChat Pay: the buyer scans a code and pays; the signed notice comes"
order "${VARIANTS[@]}"
pay wechat_pay native
jq -c '{provider, mode, amount, currency, qr_code}' <<<"$PAYMENT"
send POST "$WECHAT_PAY/_double/pay" "{\"out_trade_no\":\"$(number)\"}" >/dev/null
paid
WECHAT_ORDER=$ORDER_ID

say "2. Alipay: the same"
order "${VARIANTS[@]}"
pay alipay qr
jq -c '{provider, mode, amount, currency, qr_code}' <<<"$PAYMENT"
send POST "$ALIPAY/_double/pay" "{\"out_trade_no\":\"$(number)\"}" >/dev/null
paid

say "3. Cash on delivery: the order ships unpaid, and the courier takes the money at the door"
order "${VARIANTS[@]}"
pay cash_on_delivery cash
jq -c '{provider, mode, amount, currency}' <<<"$PAYMENT"
ship shunfeng "SF$(openssl rand -hex 6 | tr a-f 0-5)"
staff POST /v1/courier/collections "$(jq -c --arg order "$ORDER_ID" '{order_id: $order,
  amount: {amount, currency}, evidence: {code: .client_secret}}' <<<"$PAYMENT")" | jq -c '{state, due, collected, short_by}'
paid
say "   The courier hands the cash in"
staff POST /v1/courier/remittances "$(jq -c '{amount: {amount, currency}}' <<<"$PAYMENT")" \
  | jq -c '{remittance: .remittance.id, in_hand: .cash.in_hand, uncounted: .cash.uncounted}'

say "4. A line of the first order is refunded"
ORDER_ID=$WECHAT_ORDER
money
LINE=$(staff GET "/v1/orders/$ORDER_ID" '' | jq -r '.lines[0].id')
staff POST "/v1/orders/$ORDER_ID/refunds" "{\"lines\":[{\"line_id\":\"$LINE\",\"quantity\":1}],\"reason\":\"damaged\"}" \
  "If-Match: \"$VERSION\"" | jq -c '{refunds: [.refunds[] | {id, amount, reason, progress}], refundable}'
until_order '.payment.refunded.amount > 0'
money
jq -c '{status, refunds: [.refunds[] | {id, amount, reason, progress}]}' <<<"$MONEY"
jq -r '.facts[] | "  \(.told_at)  \(.says) (\(.source))"' <<<"$MONEY"

say "5. The ledger of that order: every posting sums to nothing"
staff GET "/v1/orders/$ORDER_ID/ledger" '' \
  | jq -r '.items[] | "  \(.cause)", (.entries[] | "    \(.amount.amount)\t\(.amount.currency)  \(.account)")'

say "6. Today on the accounts of the three providers, and the cash on its way to the bank"
TODAY=$(date -u +%F)
for account in provider_clearing:wechat_pay provider_clearing:alipay provider_clearing:cash_on_delivery cash_in_transit; do
  printf '  %-36s' "$account"
  staff GET "/v1/ledger/accounts/$account/balance?currency=$(jq -r .currency <<<"$PAYMENT")&day=$TODAY" '' \
    | jq -r '"\(.balance.amount)\t\(.balance.currency)"'
done
