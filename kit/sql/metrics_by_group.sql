-- What do the five metrics rest on, group by group of partners?
-- Grain: one row per group that has anything, and one of all (`is_total`); `$by` is segment, plan, region or product,
-- the one that a partner used most by the quarter's end. What leads to no partner in the registry is a group of its own.
with most_used as (
    select partner_id, arg_max(product, (calls, product)) as product
    from (
        select partner_id, product, sum(calls) as calls
        from partner_usage
        where environment = 'production' and is_successful and product is not null and month < $next_day
        group by partner_id, product
    ) as by_product
    group by partner_id
),

groups as (
    select
        registry.partner_id,
        coalesce(
            case $by
                when 'segment' then registry.segment
                when 'plan' then registry.plan
                when 'region' then registry.region
                when 'product' then most_used.product
            end,
            '(none)'
        ) as partner_group
    from registry
    left join most_used
        on most_used.partner_id = registry.partner_id
    where not registry.is_test
),

quarter_months as (
    select month from months where quarter = $quarter
),

facts as (
    select partner_id, 'registered' as fact, 1::decimal(38, 12) as amount from stages where registered_date < $next_day
    union all
    select partner_id, 'production', 1 from stages where production_date < $next_day
    union all
    select partner_id, 'onboarded', 1 from stages where production_date >= $first_day and production_date < $next_day
    union all
    select partner_id, 'active', 1 from production_usage where is_active and month = $last_month
    union all
    select partner_id, 'active_before', 1 from production_usage where is_active and month = $earlier_month
    union all
    select partner_id, 'calls', calls from production_usage where month in (from quarter_months)
    union all
    select partner_id, 'recognised', amount from recognised_revenue where month in (from quarter_months)
    union all
    select partner_id, 'transacted', amount from transaction_value where month in (from quarter_months)
    union all
    select partner_id, 'unrealized', amount from unrealized_revenue where is_base and month in (from quarter_months)
    union all
    select partner_id, 'hours', hours from onboarding_work where month in (from quarter_months)
    union all
    select partner_id, 'onboarding_cost', cost from onboarding_work where month in (from quarter_months)
    union all
    select attributed_revenue.partner_id, 'attributed', times(attributed_revenue.amount, attribution.base)
    from attributed_revenue
    cross join attribution
    where attributed_revenue.month in (from quarter_months)
    union all
    select partner_usage.partner_id, 'avoided', (partner_usage.calls * avoidance.base)::decimal(38, 12)
    from partner_usage
    inner join avoidance
        on avoidance.operation = '*' or avoidance.operation = partner_usage.operation
    where partner_usage.is_successful and partner_usage.environment = 'production'
        and partner_usage.month in (from quarter_months)
),

grouped as (
    select coalesce(groups.partner_group, '(no partner)') as partner_group, facts.fact, facts.amount
    from facts
    left join groups
        on groups.partner_id = facts.partner_id
)

select
    grouping(partner_group) = 1 as is_total,
    coalesce(partner_group, 'All partners') as partner_group,
    count(*) filter (where fact = 'registered') as registered,
    count(*) filter (where fact = 'production') as production,
    count(*) filter (where fact = 'onboarded') as onboarded,
    count(*) filter (where fact = 'active') as active_partners,
    count(*) filter (where fact = 'active_before') as active_before,
    coalesce(sum(amount) filter (where fact = 'calls'), 0)::bigint as calls,
    coalesce(sum(amount) filter (where fact = 'recognised'), 0)::decimal(38, 12) as recognised,
    coalesce(sum(amount) filter (where fact = 'transacted'), 0)::decimal(38, 12) as transacted,
    coalesce(sum(amount) filter (where fact = 'unrealized'), 0)::decimal(38, 12) as unrealized,
    coalesce(sum(amount) filter (where fact = 'hours'), 0)::decimal(38, 12) as hours,
    coalesce(sum(amount) filter (where fact = 'onboarding_cost'), 0)::decimal(38, 12) as onboarding_cost,
    coalesce(sum(amount) filter (where fact = 'attributed'), 0)::decimal(38, 12) as attributed,
    coalesce(sum(amount) filter (where fact = 'avoided'), 0)::decimal(38, 12) as avoided
from grouped
group by grouping sets ((partner_group), ())
order by is_total, registered desc, partner_group
