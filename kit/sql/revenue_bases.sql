-- What was recognised in each month, what invoiced, and how much of that is paid?
-- Grain: one row per month; invoices paid or open by their own month, paid as the export has them now.
with lines as (
    select
        months.month,
        invoices.status,
        times(invoices.amount, rate_of(invoices.currency, calendar_month(invoices.invoiced_at))) as amount
    from (select distinct * exclude (file_id, source_row) from invoices) as invoices
    inner join months
        on invoices.invoiced_at >= months.month and invoices.invoiced_at < months.next_month
    left join registry
        on registry.partner_id = resolve(invoices.partner_id, invoices.system, invoices.invoiced_at)
    where invoices.status in ('paid', 'open') and not coalesce(registry.is_test, false)
),

invoiced as (
    select month, sum(amount) as amount, sum(amount) filter (where status = 'paid') as paid
    from lines
    group by month
),

recognised as (
    select month, sum(amount) as amount from recognised_revenue group by month
)

select
    months.month,
    months.name,
    coalesce(recognised.amount, 0)::decimal(38, 12) as recognised,
    coalesce(invoiced.amount, 0)::decimal(38, 12) as invoiced,
    coalesce(invoiced.paid, 0)::decimal(38, 12) as paid
from months
left join recognised
    on recognised.month = months.month
left join invoiced
    on invoiced.month = months.month
where months.month between $first_month and $last_month
order by months.month
