-- Of which rows can only one be true?
-- Grain: one row per contradiction, twenty at most.
with found as (
    select
        'fx' as table_name,
        format('{} in {} has {} rates', currency, month, count(distinct rate)) as what,
        list(distinct file_id) as file_ids
    from fx
    group by currency, month
    having count(distinct rate) > 1

    union all
    select 'calls', what, file_ids from contradictory_requests where what is not null

    union all
    select
        'partners',
        format('partner {} has {} rows; merge others into it with aliases', partner_id, count(*)),
        list(distinct file_id)
    from partners
    group by partner_id
    having count(*) > 1

    union all
    select
        'invoices',
        format('line {} has {} rows that differ', line_id, count(*)),
        flatten(list(distinct file_ids))
    from (
        select * exclude (file_id, source_row), list(distinct file_id) as file_ids
        from invoices
        group by all
    ) as distinct_lines
    group by line_id
    having count(*) > 1

    union all
    select
        'invoices',
        format('line {}: the service ends on {}, before {}', line_id, service_end, service_start),
        [file_id]
    from invoices
    where service_end < service_start

    union all
    select
        'keys',
        format('key {} belongs to {} and {} at once', one.api_key, one.partner_id, other.partner_id),
        [one.file_id, other.file_id]
    from keys as one
    inner join keys as other
        on one.api_key = other.api_key and one.partner_id < other.partner_id
        and coalesce(one.valid_from, date '0001-01-01') < coalesce(other.valid_to, date '9999-12-31')
        and coalesce(other.valid_from, date '0001-01-01') < coalesce(one.valid_to, date '9999-12-31')

    union all
    select 'aliases', format('{} leads back to itself', id), null
    from alias_paths
    where id = partner_id and steps > 1
    group by id

    union all
    select
        'aliases',
        format('{} leads to {} and {} at once', one.id, one.partner_id, other.partner_id),
        [one.file_id, other.file_id]
    from aliases as one
    inner join aliases as other
        on one.id = other.id and one.partner_id < other.partner_id
        and one.system is not distinct from other.system
        and coalesce(one.valid_from, date '0001-01-01') < coalesce(other.valid_to, date '9999-12-31')
        and coalesce(other.valid_from, date '0001-01-01') < coalesce(one.valid_to, date '9999-12-31')
)

select
    found.table_name,
    found.what || coalesce(
        ' (' || (
            select string_agg(files.path, ', ' order by files.path)
            from files
            where list_contains(found.file_ids, files.file_id)
        ) || ')',
        ''
    ) as what
from found
order by all
limit 20
