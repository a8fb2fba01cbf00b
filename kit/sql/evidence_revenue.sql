-- What did each partner bring in, before it is converted, and at which month's exchange rate?
-- Grain: month, partner, kind, invoice line, status, currency and month of the rate; of transactions, which have no
-- line, their sum. `$basis` is recognised or transacted.
with lines as (
    select
        month, partner_id, kind::varchar as kind, line_id, status::varchar as status, currency, fx_month,
        original_amount, amount
    from recognised_revenue
    where $basis = 'recognised'
    union all
    select month, partner_id, 'transactions', null, null, currency, calendar_month(day), original_amount, amount
    from transaction_value
    where $basis = 'transacted'
)

select
    lines.month,
    lines.partner_id,
    any_value(registry.name) as name,
    lines.kind,
    lines.line_id,
    lines.status,
    lines.currency,
    lines.fx_month,
    sum(lines.original_amount)::decimal(38, 12) as original_amount,
    sum(lines.amount)::decimal(38, 12) as amount
from lines
left join registry
    on registry.partner_id = lines.partner_id
where lines.month between $first_month and $last_month
group by lines.month, lines.partner_id, lines.kind, lines.line_id, lines.status, lines.currency, lines.fx_month
order by lines.month, lines.partner_id, lines.kind, lines.line_id, lines.status, lines.currency, lines.fx_month
