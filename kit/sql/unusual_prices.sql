-- Which subscriptions are billed at less than half, or more than twice, what others pay on the same plan?
-- Grain: one row per partner and plan, with its furthest price. The plan's price is the median of its lines in the
-- quarter, for a month, in a currency in which five partners or more pay it and three lines in five are within a fiftieth
-- of it. `excess` is what the quarter's revenue has from such lines beyond the usual, below zero where it lacks some.
with lines as (
    select
        recognised.line_id,
        recognised.partner_id,
        registry.name,
        registry.plan,
        recognised.currency,
        recognised.amount,
        date_diff('month', invoices.service_start, invoices.service_end) as month_count,
        -- From a day of a month to the same of another are whole months, whatever days they have.
        invoices.amount / if(
            month_count > 0 and invoices.service_start + to_months(month_count::integer) = invoices.service_end,
            month_count,
            (invoices.service_end - invoices.service_start) / 30
        )::double as price
    from (
        select line_id, partner_id, currency, sum(amount) as amount
        from recognised_revenue
        where kind = 'subscription' and month between $first_day and $last_day
        group by line_id, partner_id, currency
    ) as recognised
    inner join registry
        on registry.partner_id = recognised.partner_id and registry.plan is not null
    inner join (select distinct * exclude (file_id, source_row) from invoices) as invoices
        on invoices.line_id = recognised.line_id
        and invoices.service_end - invoices.service_start >= 25 and invoices.amount > 0
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
    arg_max(lines.price, abs(ln(lines.price / prices.price)))::decimal(38, 2) as price,
    prices.price::decimal(38, 2) as usual,
    sum(lines.amount * (1 - prices.price / lines.price))::decimal(38, 2) as excess
from lines
inner join prices
    on prices.plan = lines.plan and prices.currency = lines.currency
where lines.price < prices.price / 2 or lines.price > prices.price * 2
group by lines.partner_id, lines.name, lines.plan, lines.currency, prices.price
order by abs(excess) desc, lines.partner_id
