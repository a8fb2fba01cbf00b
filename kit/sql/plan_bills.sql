-- What would each active partner's month cost on each plan?
-- Grain: one row per case, plan, partner and month; a bill is rounded once, half to even.
with priced_usage as (
    select
        plans.*,
        usage.partner_id,
        usage.month,
        usage.units,
        greatest(usage.units - plans.included, 0)::decimal(38, 9) as units_above
    from production_usage as usage
    cross join pricing_plans as plans
    where usage.is_active
),

-- With nothing included the first tier is entered even at no usage, as billing systems do.
entered_tiers as (
    select
        priced_usage.case_name,
        priced_usage.plan,
        priced_usage.partner_id,
        priced_usage.month,
        tiers.price,
        tiers.flat,
        case
            when priced_usage.mode = 'volume' then priced_usage.units_above
            else least(priced_usage.units_above, coalesce(tiers.up_to, priced_usage.units_above)) - tiers.above
        end as tier_units,
        -- A started package is charged whole.
        if(
            priced_usage.mode = 'package',
            ((tier_units + priced_usage.package) * 1000000000 - 1)::hugeint
            // (priced_usage.package * 1000000000)::hugeint,
            null
        )::decimal(38, 9) as packages
    from priced_usage
    inner join pricing_tiers as tiers
        on tiers.case_name = priced_usage.case_name and tiers.plan = priced_usage.plan
        and (
            priced_usage.units_above > tiers.above
            or (tiers.above = 0 and priced_usage.units_above = 0 and priced_usage.included = 0)
        )
        and (
            priced_usage.mode <> 'volume'
            or tiers.up_to is null
            or priced_usage.units_above <= tiers.up_to
        )
),

charges as (
    select
        case_name,
        plan,
        partner_id,
        month,
        sum(
            coalesce(packages, tier_units)::decimal(38, 9) * price::decimal(38, 12) + flat
        )::decimal(38, 12) as charge
    from entered_tiers
    group by case_name, plan, partner_id, month
),

totals as (
    select
        priced_usage.*,
        greatest(priced_usage.minimum, priced_usage.fee + coalesce(charges.charge, 0))::decimal(38, 12) as unrounded
    from priced_usage
    left join charges
        on charges.case_name = priced_usage.case_name and charges.plan = priced_usage.plan
        and charges.partner_id = priced_usage.partner_id and charges.month = priced_usage.month
)

select
    totals.case_name,
    totals.plan,
    totals.position,
    totals.partner_id,
    totals.month,
    totals.units,
    (
        round_even(totals.unrounded * (1 / settings.minor_unit)::integer, 0)::decimal(38, 12) * settings.minor_unit
    )::decimal(38, 12) as bill,
    least(totals.fee, bill)::decimal(38, 12) as plan_fee
from totals
cross join settings
