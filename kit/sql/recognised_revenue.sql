-- How much revenue belongs to each month?
-- Grain: one row per invoice line, month and currency month; paid and open lines, credits negative.
-- A line that was exported twice, alike in all, counts once.
-- A line is spread over its service days by running totals, so that its parts add up to it exactly.
with lines as (
    select
        line_id,
        resolve(partner_id, system, invoiced_at) as partner_id,
        kind,
        status,
        currency,
        amount,
        service_start is not null and service_start < service_end as is_spread,
        if(is_spread, service_start, invoiced_at) as first_day,
        if(is_spread, service_end, invoiced_at + 1) as next_day
    from (select distinct * exclude (file_id, source_row) from invoices) as distinct_lines
    where status in ('paid', 'open')
),

parts as (
    select
        lines.*,
        segments.month,
        segments.fx_month,
        (lines.amount * 1000000000000)::hugeint as trillionths,
        lines.next_day - lines.first_day as service_days,
        greatest(segments.first_day, lines.first_day) - lines.first_day as days_before,
        least(segments.next_day, lines.next_day) - lines.first_day as days_through
    from lines
    inner join segments
        on segments.first_day < lines.next_day and segments.next_day > lines.first_day
)

select
    parts.line_id,
    parts.partner_id,
    parts.kind,
    parts.status,
    parts.currency,
    parts.month,
    parts.fx_month,
    ((parts.trillionths * parts.days_through) // parts.service_days
        - (parts.trillionths * parts.days_before) // parts.service_days)::decimal(38, 0)
    * 0.000000000001::decimal(12, 12) as original_amount,
    times(original_amount, rate_of(parts.currency, parts.fx_month)) as amount
from parts
left join registry
    on registry.partner_id = parts.partner_id
where not coalesce(registry.is_test, false)
