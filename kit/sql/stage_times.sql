-- How many days does a partner take from one stage to the next?
-- Grain: one row per pair of stages; of partners who reached the later one by $next_day. Quartiles are by nearest rank.
with steps as (
    select 1 as position, 'Registered to sandbox' as step, sandbox_date - registered_date as days, sandbox_date as reached
    from stages
    union all
    select 2, 'Sandbox to first call', first_call_date - sandbox_date, first_call_date
    from stages
    union all
    select 3, 'First call to production', production_date - first_call_date, production_date
    from stages
    union all
    select 4, 'Registered to production', production_date - registered_date, production_date
    from stages
)

select
    step,
    count(*) as partners,
    quantile_disc(days, 0.25)::integer as quartile_1,
    quantile_disc(days, 0.5)::integer as median_days,
    quantile_disc(days, 0.75)::integer as quartile_3,
    quantile_disc(days, 0.9)::integer as percentile_90,
    max(days)::integer as longest
from steps
where reached < $next_day
group by position, step
order by position
