-- Which invoice lines are like another in all but their id?
-- Grain: one row per partner and kind of copy, the largest amount first: `source` for a line of another block of exports,
-- `same` for one of the same block, beyond as many as the partner had of these before the quarter.
with lines as (
    select
        invoices.line_id,
        resolve(invoices.partner_id, invoices.system, invoices.invoiced_at) as partner_id,
        invoices.kind,
        invoices.amount,
        invoices.currency,
        invoices.invoiced_at,
        invoices.service_start,
        invoices.service_end,
        min(coalesce(files.block, 0)) as block
    from invoices
    left join files
        on files.file_id = invoices.file_id
    where invoices.status in ('paid', 'open') and invoices.amount > 0
    group by all
),

numbered as (
    select
        *,
        row_number() over (
            partition by block, partner_id, kind, amount, currency, invoiced_at, service_start, service_end
            order by line_id
        ) as place
    from lines
),

compared as (
    select
        *,
        row_number() over (
            partition by place, partner_id, kind, amount, currency, invoiced_at, service_start, service_end
            order by block
        ) > 1 as is_elsewhere,
        max(if(invoiced_at < $first_day, place, null)) over (
            partition by block, partner_id, kind, amount, currency
        ) as most_before
    from numbered
),

copies as (
    select line_id, if(is_elsewhere, 'source', 'same') as kind
    from compared
    where is_elsewhere or place > greatest(coalesce(most_before, 1), 1)
)

select
    copies.kind,
    recognised.partner_id,
    coalesce(registry.name, recognised.partner_id) as name,
    count(distinct copies.line_id) as line_count,
    sum(recognised.amount)::decimal(38, 12) as amount
from copies
inner join recognised_revenue as recognised
    on recognised.line_id = copies.line_id
left join registry
    on registry.partner_id = recognised.partner_id
where recognised.month between $first_day and $last_day
group by copies.kind, recognised.partner_id, registry.name
order by copies.kind, amount desc, recognised.partner_id
