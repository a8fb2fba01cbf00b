-- Which subscriptions are billed at less than half, or more than twice, what others pay on the same plan?
-- Grain: one row per partner and plan. The plan's price is the median of its lines in the quarter, for thirty days, in a
-- currency in which five partners or more pay it and three lines in five are within a fiftieth of it.
with lines as (
    select distinct
        lines.line_id,
        lines.partner_id,
        registry.name,
        registry.plan,
        lines.currency,
        (invoices.amount / (invoices.service_end - invoices.service_start) * 30)::double as price
    from recognised_revenue as lines
    inner join registry
        on registry.partner_id = lines.partner_id and registry.plan is not null
    inner join (select distinct * exclude (file_id, source_row) from invoices) as invoices
        on invoices.line_id = lines.line_id
        and invoices.service_end - invoices.service_start >= 25 and invoices.amount > 0
    where lines.kind = 'subscription' and lines.month between $first_day and $last_day
),

medians as (
    select plan, currency, median(price) as price, count(distinct partner_id) as partners
    from lines
    group by plan, currency
),

prices as (
    select medians.plan, medians.currency, medians.price
    from medians
    inner join lines
        on lines.plan = medians.plan and lines.currency = medians.currency
    where medians.partners >= 5
    group by medians.plan, medians.currency, medians.price
    having avg(if(abs(lines.price - medians.price) <= medians.price / 50, 1, 0)) >= 0.6
)

select
    lines.partner_id,
    lines.name,
    lines.plan,
    lines.currency,
    avg(lines.price)::decimal(38, 2) as price,
    prices.price::decimal(38, 2) as usual
from lines
inner join prices
    on prices.plan = lines.plan and prices.currency = lines.currency
group by lines.partner_id, lines.name, lines.plan, lines.currency, prices.price
having avg(lines.price) < prices.price / 2 or avg(lines.price) > prices.price * 2
order by abs(avg(lines.price) - prices.price) desc, lines.partner_id
