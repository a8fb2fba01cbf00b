-- Stripe's invoices with their lines: one row per line; amounts are in the currency's smallest unit.
-- Export: GET /v1/invoices?expand[]=data.lines of the API, an invoice a line (or Sigma's JSON of the same objects).
-- Test-mode invoices are left out. Amounts are net of tax; a credit line is negative.
-- Kind: a licensed price is subscription; a metered one usage, or overage if its id ends in _overage; none is other.
-- Newer versions of the API don't say licensed or metered; whatever they say, `kinds` names the kind of a price:
-- `kinds = { price_1Nabc = "subscription", price_1Nxyz = "overage" }`.
--| keys = ["customer", "status", "lines.data.amount"]
--| [settings]
--| amounts = "minor"
--| [json]
--| customer = "VARCHAR"
--| status = "VARCHAR"
--| currency = "VARCHAR"
--| created = "BIGINT"
--| livemode = "BOOLEAN"
--| lines = "STRUCT(data STRUCT(id VARCHAR, amount BIGINT, currency VARCHAR, period STRUCT(\"start\" BIGINT, \"end\" BIGINT), price STRUCT(id VARCHAR, recurring STRUCT(usage_type VARCHAR)), pricing STRUCT(price_details STRUCT(price VARCHAR)))[])"
with entries as (
    select customer, status, currency, created, unnest(lines.data) as line, source, source_row
    from raw
    where livemode is distinct from false
)

select
    line.id as line_id,
    customer as partner_id,
    case
        when line.price.recurring.usage_type = 'licensed' then 'subscription'
        when line.price.recurring.usage_type = 'metered' and line.price.id like '%\_overage' escape '\' then 'overage'
        when line.price.recurring.usage_type = 'metered' then 'usage'
        else 'other'
    end as kind,
    coalesce(line.price.id, line.pricing.price_details.price) as price_id,
    line.amount::varchar as amount,
    coalesce(line.currency, currency) as currency,
    to_timestamp(created) as invoiced_at,
    if(line.period.end > line.period.start, to_timestamp(line.period.start), null) as service_start,
    if(line.period.end > line.period.start, to_timestamp(line.period.end), null) as service_end,
    status,
    source,
    source_row
from entries
