-- How many units does each meter of each plan count?
-- Grain: one row per case, plan, meter, active partner and month, meters that count nothing included.
-- `basis` is the use that was seen, or that of test partners, which is internal.
with of_partners as (
    select partner_id, month, units, all_units, 'seen' as basis
    from production_usage
    where is_active
    union all
    select
        partner_id,
        month,
        sum(units) filter (where is_successful),
        sum(units),
        'internal'
    from internal_usage
    group by partner_id, month
    having sum(calls) filter (where is_successful) >= (select min_calls from settings)
),

priced_usage as (
    select
        cases.case_name,
        plans.position,
        cases.billable,
        usage.partner_id,
        usage.month,
        usage.basis,
        if(cases.billable = 'all', usage.all_units, usage.units)::decimal(38, 9) as units
    from of_partners as usage
    inner join pricing_plans as plans
        on usage.month >= coalesce(plans.valid_from, usage.month)
        and usage.month < coalesce(plans.valid_to, date '9999-12-31')
    inner join pricing_cases as cases
        on cases.case_name = plans.case_name
),

one_meter as (
    select case_name, position
    from pricing_meters
    group by case_name, position
    having count(*) = 1 and any_value(product) is null and any_value(operation) is null
),

routes as (
    select
        partner_id,
        month,
        product,
        operation,
        sum(units) filter (where is_successful) as units,
        sum(units) as all_units
    from (
        select partner_id, month, product, operation, is_successful, units
        from partner_usage
        where environment = 'production'
        union all
        select partner_id, month, product, operation, is_successful, units
        from internal_usage
    ) as all_usage
    group by all
),

-- Calls go to the meter that names them most closely, of two alike to the first.
routes_by_meter as (
    select
        meters.case_name,
        meters.position,
        any_meter.product,
        any_meter.operation,
        arg_min(
            meters.meter, (meters.operation is null, meters.product is null, meters.meter)
        ) as meter
    from (select distinct product, operation from routes) as any_meter
    inner join pricing_meters as meters
        on coalesce(meters.product = any_meter.product, meters.product is null)
        and coalesce(meters.operation = any_meter.operation, meters.operation is null)
    where (meters.case_name, meters.position) not in (from one_meter)
    group by all
),

by_meter as (
    select
        found.case_name,
        found.position,
        found.meter,
        routes.partner_id,
        routes.month,
        sum(routes.units) as units,
        sum(routes.all_units) as all_units
    from routes
    inner join routes_by_meter as found
        on found.product is not distinct from routes.product
        and found.operation is not distinct from routes.operation
    group by all
)

select usage.case_name, usage.position, meters.meter, usage.basis, usage.partner_id, usage.month, usage.units
from priced_usage as usage
inner join pricing_meters as meters
    on meters.case_name = usage.case_name and meters.position = usage.position
where (meters.case_name, meters.position) in (from one_meter)
union all
select
    usage.case_name,
    usage.position,
    meters.meter,
    usage.basis,
    usage.partner_id,
    usage.month,
    coalesce(if(usage.billable = 'all', by_meter.all_units, by_meter.units), 0)::decimal(38, 9)
from priced_usage as usage
inner join pricing_meters as meters
    on meters.case_name = usage.case_name and meters.position = usage.position
left join by_meter
    on by_meter.case_name = usage.case_name and by_meter.position = usage.position
    and by_meter.meter = meters.meter
    and by_meter.partner_id = usage.partner_id and by_meter.month = usage.month
where (meters.case_name, meters.position) not in (from one_meter)
