-- Chargebee's invoices with their lines: one row per line; amounts are in the currency's smallest unit.
-- Export: GET /api/v2/invoices of the API, all pages, as JSON; several pages may be several files or lines.
-- Amounts are net of discounts, and of tax where prices include it. Deleted invoices are left out; credit notes are
-- not among them. An invoice not paid after dunning counts as uncollectible.
-- A service period within a day (25 hours at most) is none: the line falls on the invoice's day.
-- Kind: plans and addons are subscription, metered ones usage; setup fees, charges and the rest are other.
--| keys = ["list.invoice.line_items"]
--| [settings]
--| amounts = "minor"
--| [json]
--| list = "STRUCT(invoice STRUCT(id VARCHAR, customer_id VARCHAR, status VARCHAR, date BIGINT, currency_code VARCHAR, price_type VARCHAR, deleted BOOLEAN, line_items STRUCT(id VARCHAR, amount BIGINT, tax_amount BIGINT, discount_amount BIGINT, date_from BIGINT, date_to BIGINT, entity_type VARCHAR, metered BOOLEAN)[]))[]"
with invoices as (
    select unnest(list).invoice as invoice, source, source_row
    from raw
),

entries as (
    select invoice, unnest(invoice.line_items) as line, source, source_row
    from invoices
    where invoice.deleted is distinct from true
)

select
    line.id as line_id,
    invoice.customer_id as partner_id,
    case
        when regexp_matches(line.entity_type, '^(plan|addon)(_item_price)?$') and line.metered then 'usage'
        when regexp_matches(line.entity_type, '^(plan|addon)(_item_price)?$') then 'subscription'
        else 'other'
    end as kind,
    line.amount
    - coalesce(line.discount_amount, 0)
    - if(invoice.price_type = 'tax_inclusive', coalesce(line.tax_amount, 0), 0) as amount,
    invoice.currency_code as currency,
    to_timestamp(invoice.date) as invoiced_at,
    if(line.date_to - line.date_from >= 90000, to_timestamp(line.date_from), null) as service_start,
    -- A term ends when the next begins, or a second before.
    if(line.date_to - line.date_from >= 90000, to_timestamp(line.date_to + 1), null) as service_end,
    case invoice.status
        when 'paid' then 'paid'
        when 'posted' then 'open'
        when 'payment_due' then 'open'
        when 'not_paid' then 'uncollectible'
        when 'voided' then 'void'
        when 'pending' then 'draft'
    end as status,
    source,
    source_row
from entries
