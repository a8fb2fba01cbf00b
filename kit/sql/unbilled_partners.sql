-- Which partners went on calling and had no invoice line, after three months in a row with one?
-- Grain: one row per partner and month. Lines of any status count, by the days that they bill; months that are not
-- invoiced yet, with hardly four fifths of the partners of the month before, are left out.
with spine as (
    select month, next_month, name, row_number() over (order by month) as position from months
),

lines as (
    select
        resolve(partner_id, system, invoiced_at) as partner_id,
        kind in ('subscription', 'usage') and service_start is not null as is_regular,
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
    select position, count(*) as partners from billed group by position
),

in_a_row as (
    select partner_id, position + after as position
    from billed
    cross join (select unnest([1, 2, 3]) as after) as steps
    where is_regular
    group by partner_id, position + after
    having count(*) = 3
)

select in_a_row.partner_id, registry.name, spine.name as month, usage.calls
from in_a_row
inner join spine
    on spine.position = in_a_row.position
inner join production_usage as usage
    on usage.partner_id = in_a_row.partner_id and usage.month = spine.month and usage.is_active
inner join registry
    on registry.partner_id = in_a_row.partner_id
inner join invoiced as this_month
    on this_month.position = spine.position
inner join invoiced as month_before
    on month_before.position = spine.position - 1 and this_month.partners >= 0.8 * month_before.partners
anti join billed
    on billed.partner_id = in_a_row.partner_id and billed.position = in_a_row.position
where spine.month between $first_day and $last_day
order by spine.month, usage.calls desc, in_a_row.partner_id
