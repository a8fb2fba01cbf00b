-- How much of the revenue recognised stands open long after its invoice?
-- Grain: one row per partner with such lines; $days are counted to the last invoice of the export.
with open_lines as (
    select distinct line_id, invoiced_at
    from invoices
    where status = 'open' and invoiced_at < (select max(invoices.invoiced_at) from invoices) - $days::integer
)

select
    recognised_revenue.partner_id,
    coalesce(registry.name, masked_key(recognised_revenue.partner_id)) as name,
    count(distinct recognised_revenue.line_id) as lines,
    min(open_lines.invoiced_at) as since,
    sum(recognised_revenue.amount)::decimal(38, 12) as amount
from recognised_revenue
inner join open_lines
    on open_lines.line_id = recognised_revenue.line_id
left join registry
    on registry.partner_id = recognised_revenue.partner_id
where recognised_revenue.month between $first_day and $last_day
group by all
having amount > 0
order by amount desc, recognised_revenue.partner_id
