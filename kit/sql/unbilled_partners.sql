-- Which partners went on calling and had no invoice line, though they had one three months in a row shortly before?
-- Grain: one row per partner and month, up to three months after the last line. Lines of any status count, by the days
-- that they bill; months without any line at all are left out. `strangers` is how many customers that lead to no partner
-- have lines in the month.
with spine as (
    select month, next_month, name, row_number() over (order by month) as position from months
),

lines as (
    select
        resolve(partner_id, system, invoiced_at) as partner_id,
        kind = 'subscription' or (kind = 'usage' and service_start is not null) as is_regular,
        coalesce(service_start, invoiced_at) as first_day,
        coalesce(service_end, invoiced_at + 1) as next_day
    from invoices
),

billed as (
    select lines.partner_id, spine.position, bool_or(lines.is_regular) as is_regular
    from lines
    inner join spine
        on lines.first_day < spine.next_month and lines.next_day > spine.month
    group by lines.partner_id, spine.position
),

invoiced as (
    select billed.position, count(*) filter (where registry.partner_id is null) as strangers
    from billed
    left join registry
        on registry.partner_id = billed.partner_id
    group by billed.position
),

in_a_row as (
    select partner_id, position + after as last_position
    from billed
    cross join (select unnest([0, 1, 2]) as after) as steps
    where is_regular
    group by partner_id, position + after
    having count(*) = 3
),

expected as (
    select partner_id, last_position, last_position + after as position
    from in_a_row
    cross join (select unnest([1, 2, 3]) as after) as steps
)

select expected.partner_id, registry.name, spine.name as month, usage.calls, invoiced.strangers
from expected
inner join spine
    on spine.position = expected.position
inner join production_usage as usage
    on usage.partner_id = expected.partner_id and usage.month = spine.month and usage.is_active
inner join registry
    on registry.partner_id = expected.partner_id
inner join invoiced
    on invoiced.position = spine.position
anti join billed
    on billed.partner_id = expected.partner_id
    and billed.position > expected.last_position and billed.position <= expected.position
where spine.month between $first_day and $last_day
order by spine.month, usage.calls desc, expected.partner_id
