-- What became of every row of every file?
-- Grain: table, file, fate and reason; `row_count` adds up to the rows that the file has.
-- A row that gives several rows of its table is used if one of these is.
-- Most calls are used: what the others' keys and paths were is little to look for.
with unused as (
    select distinct period, api_key, logged_id, system, product, operation, fate
    from traffic
    where fate <> 'used'
),

calls_by_fate as (
    select
        'calls' as table_name,
        file_usage.file_id,
        if(
            file_usage.is_repeat,
            'duplicate',
            if(unused.fate = 'excluded', 'left out', coalesce(unused.fate, 'used'))
        ) as fate,
        case
            when file_usage.is_repeat then 'the same request again'
            when unused.fate = 'excluded' then 'by [exclude]'
            else ''
        end as reason,
        sum(file_usage.row_count) as row_count
    from file_usage
    left join periods
        on periods.day = file_usage.day
    left join unused
        on unused.period = periods.period
        and unused.api_key is not distinct from file_usage.api_key
        and unused.logged_id is not distinct from file_usage.partner_id
        and unused.system is not distinct from file_usage.system
        and unused.product is not distinct from file_usage.product
        and unused.operation is not distinct from file_usage.operation
    group by all
),

others as (
    select 'keys' as table_name, file_id, source_row, resolve(partner_id, null, '9999-12-30'::date) as owner, '' as why
    from keys
    union all
    select 'aliases', file_id, source_row, resolve(partner_id, system, '9999-12-30'::date), '' from aliases
    union all
    select 'partners', file_id, source_row, resolve(partner_id, system, '9999-12-30'::date), '' from partners
    union all
    select
        'invoices',
        file_id,
        source_row,
        resolve(partner_id, system, invoiced_at),
        if(status in ('paid', 'open'), '', status::varchar)
    from invoices
    union all
    select
        'transactions',
        file_id,
        source_row,
        resolve(partner_id, system, (transacted_at at time zone (select timezone from settings))::date),
        ''
    from transactions
    union all
    select 'worklogs', file_id, source_row, resolve(partner_id, system, date), '' from worklogs
    union all
    select 'attributed', file_id, source_row, resolve(partner_id, system, date), '' from attributed
    union all
    select 'costs', file_id, source_row, null, '' from costs
    union all
    select 'headcount', file_id, source_row, null, '' from headcount
    union all
    select 'milestones', file_id, source_row, null, '' from milestones
    union all
    select 'fx', file_id, source_row, null, '' from fx
    union all
    select 'calendar', file_id, source_row, null, '' from calendar
),

others_by_fate as (
    select
        others.table_name,
        others.file_id,
        others.source_row,
        case
            when others.why <> '' then 'left out'
            when others.owner is null then 'used'
            when registry.partner_id is null then 'unmatched'
            when registry.is_test then 'test'
            else 'used'
        end as fate,
        others.why as reason
    from others
    left join registry
        on registry.partner_id = others.owner
    union all
    select table_name, file_id, source_row, fate, reason
    from set_aside
    where table_name <> 'calls'
),

one_fate_each as (
    select *
    from others_by_fate
    qualify source_row is null or row_number() over (
        partition by table_name, file_id, source_row
        order by list_position(['used', 'test', 'unmatched', 'left out', 'duplicate', 'replaced'], fate), reason
    ) = 1
),

told as (
    from calls_by_fate
    union all
    select table_name, file_id, fate, reason, sum(row_count) from set_aside where table_name = 'calls' group by all
    union all
    select table_name, file_id, fate, reason, count(*) from one_fate_each group by all
    union all
    select files.table_name, file_id, 'rejected', '', sum(row_count)
    from rejects
    inner join files using (file_id)
    group by all
    union all
    select again.table_name, again.file_id, 'duplicate', 'the same file as ' || files.path, files.read
    from files as again
    inner join files on files.file_id = again.same_as
),

-- What gave no row of the table was left out by the preset: totals, timers that run, subrequests.
by_preset as (
    select files.table_name, files.file_id, 'left out' as fate, 'by the preset' as reason,
        files.read - coalesce(sum(told.row_count), 0) as row_count
    from files
    left join told using (file_id)
    where files.same_as is null
    group by files.table_name, files.file_id, files.read
)

select table_name, file_id, fate, reason, row_count::bigint as row_count
from told
where row_count <> 0
union all
select table_name, file_id, fate, reason, row_count::bigint
from by_preset
where row_count <> 0
