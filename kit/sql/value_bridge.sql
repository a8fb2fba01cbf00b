-- How does the value of use at list prices come down to what is expected?
-- Grain: one row per case and month. The list value plus all the steps, which take away, is what is expected, exactly.
-- At list prices nothing is free: units included or in a tier that costs nothing are worth the first price above zero.
with chosen_usage as (
    select usage.*, greatest(usage.units - meters.included, 0) as units_above, meters.included, meters.mode, meters.package
    from metered_usage as usage
    inner join chosen_bills as chosen
        on chosen.case_name = usage.case_name and chosen.position = usage.position
        and chosen.partner_id = usage.partner_id and chosen.month = usage.month
    inner join pricing_meters as meters
        on meters.case_name = usage.case_name and meters.position = usage.position and meters.meter = usage.meter
),

first_prices as (
    select case_name, position, meter, arg_min(price, above) as price
    from pricing_tiers
    where price > 0
    group by case_name, position, meter
),

free_tiers as (
    select
        usage.case_name,
        usage.position,
        usage.meter,
        usage.partner_id,
        usage.month,
        sum(
            case
                when usage.mode <> 'volume'
                    then greatest(least(usage.units_above, coalesce(tiers.up_to, usage.units_above)) - tiers.above, 0)
                when usage.units_above > tiers.above and usage.units_above <= coalesce(tiers.up_to, usage.units_above)
                    then usage.units_above
                else 0
            end
        )::decimal(38, 9) as units
    from chosen_usage as usage
    inner join pricing_tiers as tiers
        on tiers.case_name = usage.case_name and tiers.position = usage.position and tiers.meter = usage.meter
    where tiers.price = 0
    group by all
),

given_away as (
    select
        usage.case_name,
        usage.partner_id,
        usage.month,
        sum(
            times(
                least(usage.units, usage.included) + coalesce(free_tiers.units, 0),
                if(
                    usage.mode = 'package',
                    (first_prices.price::double / usage.package::double)::decimal(38, 12),
                    first_prices.price
                )
            )
        )::decimal(38, 12) as amount
    from chosen_usage as usage
    inner join first_prices
        on first_prices.case_name = usage.case_name and first_prices.position = usage.position
        and first_prices.meter = usage.meter
    left join free_tiers
        on free_tiers.case_name = usage.case_name and free_tiers.position = usage.position
        and free_tiers.meter = usage.meter
        and free_tiers.partner_id = usage.partner_id and free_tiers.month = usage.month
    group by all
),

parts as (
    select
        chosen.case_name,
        chosen.month,
        (plans.fee + chosen.charges + coalesce(given_away.amount, 0))::decimal(38, 12) as list_value,
        chosen.bill,
        if(chosen.is_internal or chosen.is_exempt, chosen.bill, 0)::decimal(38, 12) as left_out,
        chosen.bill - left_out as billed,
        times(billed, cases.base) as converted,
        if(billed = 0, 0, times(coalesce(expected.kept_bill, billed), cases.base))::decimal(38, 12) as kept,
        coalesce(expected.amount, 0)::decimal(38, 12) as amount
    from chosen_bills as chosen
    inner join pricing_cases as cases
        on cases.case_name = chosen.case_name
    inner join pricing_plans as plans
        on plans.case_name = chosen.case_name and plans.position = chosen.position
    left join given_away
        on given_away.case_name = chosen.case_name
        and given_away.partner_id = chosen.partner_id and given_away.month = chosen.month
    left join unrealized_revenue as expected
        on expected.case_name = chosen.case_name
        and expected.partner_id = chosen.partner_id and expected.month = chosen.month
)

select
    case_name,
    month,
    sum(list_value)::decimal(38, 12) as list_value,
    sum(bill - list_value)::decimal(38, 12) as free_and_included,
    sum(-left_out)::decimal(38, 12) as internal_and_exempt,
    sum(converted - billed)::decimal(38, 12) as not_converting,
    sum(kept - converted)::decimal(38, 12) as lower_use,
    sum(amount - kept)::decimal(38, 12) as billed_already,
    sum(amount)::decimal(38, 12) as expected
from parts
group by case_name, month
order by case_name, month
