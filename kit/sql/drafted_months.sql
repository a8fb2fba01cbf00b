-- In which months are most of the amounts invoiced still drafts?
-- Grain: one row per month of the program's calendar; a line belongs to the month in which its service begins, else to that of its invoice.
with lines as (
    select
        coalesce(distinct_lines.service_start, distinct_lines.invoiced_at) as first_day,
        distinct_lines.status,
        abs(
            times(
                distinct_lines.amount,
                rate_of(distinct_lines.currency, calendar_month(distinct_lines.invoiced_at))
            )
        ) as amount
    from (select distinct * exclude (file_id, source_row) from invoices) as distinct_lines
    left join registry
        on registry.partner_id
        = resolve(distinct_lines.partner_id, distinct_lines.system, distinct_lines.invoiced_at)
    where distinct_lines.status in ('paid', 'open', 'draft') and not coalesce(registry.is_test, false)
)

select
    months.month,
    months.next_month,
    months.name,
    months.quarter,
    count(*) filter (where lines.status = 'draft') as line_count,
    sum(lines.amount) filter (where lines.status = 'draft')::decimal(38, 12) as draft,
    sum(lines.amount)::decimal(38, 12) as amount
from lines
inner join months
    on lines.first_day >= months.month and lines.first_day < months.next_month
where months.month between $first_day and $last_day
group by months.month, months.next_month, months.name, months.quarter
having sum(lines.amount) filter (where lines.status = 'draft') * 2 > sum(lines.amount)
order by months.month
