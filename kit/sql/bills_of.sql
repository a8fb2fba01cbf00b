-- What does usage cost?
-- Grain: one row per case, plan, basis, partner and month of a table like metered_usage; a bill is rounded once, half
-- to even. `charges` are those of the plan before discounts, minimum and maximum.
create or replace macro bills_of(which_usage) as table (
    with above_included as (
        select usage.*, bands.* exclude (case_name, position, meter), greatest(usage.units - bands.included, 0) as units_above
        from query_table(which_usage) as usage
        inner join price_bands as bands
            on bands.case_name = usage.case_name and bands.position = usage.position and bands.meter = usage.meter
            and greatest(usage.units - bands.included, 0) > bands.above
            and (bands.up_to is null or greatest(usage.units - bands.included, 0) <= bands.up_to)
    ),

    meter_charges as (
        select
            case_name,
            position,
            basis,
            partner_id,
            month,
            units,
            (
                base + price::decimal(38, 12) * if(
                    package is null,
                    units_above - origin,
                    -- A started package is charged whole.
                    (
                        ((units_above - origin + package) * 1000000000 - 1)::hugeint // (package * 1000000000)::hugeint
                    )::decimal(38, 9)
                )::decimal(38, 9)
            )::decimal(38, 12) as charge
        from above_included
    ),

    several_meters as (
        select case_name, position from pricing_meters group by case_name, position having count(*) > 1
    ),

    charges as (
        from meter_charges
        where (case_name, position) not in (from several_meters)
        union all
        select case_name, position, basis, partner_id, month, sum(units), sum(charge)
        from meter_charges
        where (case_name, position) in (from several_meters)
        group by all
    ),

    transacted as (
        select partner_id, month, sum(amount)::decimal(38, 12) as amount, count(*) as transactions
        from transaction_value
        group by partner_id, month
    ),

    -- Months of which a partner was in production for only some of the days.
    part_months as (
        select
            stages.partner_id,
            months.month,
            greatest(
                least(months.next_month, coalesce(registry.offboarded_at, months.next_month))
                - greatest(months.month, stages.production_date),
                0
            ) as billed_days,
            months.next_month - months.month as month_days
        from stages
        inner join registry
            on registry.partner_id = stages.partner_id
        inner join months
            on (stages.production_date > months.month and stages.production_date < months.next_month)
            or (registry.offboarded_at > months.month and registry.offboarded_at < months.next_month)
    ),

    totals as (
        select
            charges.case_name,
            plans.plan,
            charges.position,
            charges.basis,
            charges.partner_id,
            charges.month,
            charges.units,
            if(
                exceptions.discount is null,
                (1 - plans.discount)::decimal(38, 12),
                times(1 - plans.discount, 1 - exceptions.discount)
            ) as kept,
            if(kept = 1, plans.fee, times(plans.fee, kept)) as net_fee,
            charges.charge + if(
                transacted.amount is null or (plans.value_share = 0 and plans.per_transaction = 0),
                0,
                times(transacted.amount, plans.value_share) + transacted.transactions * plans.per_transaction
            ) as all_charges,
            if(
                plans.is_prorated and part_months.billed_days is not null,
                (
                    (plans.minimum::decimal(25, 12) * 1000000000000::decimal(13, 0))::hugeint
                    * part_months.billed_days // part_months.month_days
                )::decimal(38, 0) * 0.000000000001::decimal(12, 12),
                plans.minimum
            )::decimal(38, 12) as least_bill,
            least(
                coalesce(plans.maximum, 1e15::decimal(38, 12)),
                greatest(
                    least_bill,
                    net_fee + if(kept = 1, all_charges, times(all_charges, kept))
                )
            )::decimal(38, 12) as unrounded
        from charges
        inner join pricing_plans as plans
            on plans.case_name = charges.case_name and plans.position = charges.position
        left join pricing_exceptions as exceptions
            on exceptions.case_name = charges.case_name and exceptions.partner_id = charges.partner_id
        left join transacted
            on transacted.partner_id = charges.partner_id and transacted.month = charges.month
        left join part_months
            on part_months.partner_id = charges.partner_id and part_months.month = charges.month
    )

    select
        totals.case_name,
        totals.plan,
        totals.position,
        totals.basis,
        totals.partner_id,
        totals.month,
        totals.units,
        totals.all_charges::decimal(38, 12) as charges,
        (
            round_even(totals.unrounded * (1 / settings.minor_unit)::integer, 0) * settings.minor_unit
        )::decimal(38, 12) as bill,
        least(totals.net_fee, bill)::decimal(38, 12) as plan_fee
    from totals
    cross join settings
);
