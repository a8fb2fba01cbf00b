-- How much use would stay, where prices have an effect on it?
-- Grain: that of metered_usage, on the chosen plan alone, once for each of the bases low, base and high.
-- A unit's price is the list bill over the units; above the price without effect, use is (price / that) ^ elasticity
-- of what it was (constant elasticity of demand), and never more.
with responses as (
    select case_name, at_price, 'low' as basis, low as elasticity from pricing_responses
    union all
    select case_name, at_price, 'base', base from pricing_responses
    union all
    select case_name, at_price, 'high', high from pricing_responses
),

shares as (
    select
        chosen.case_name,
        chosen.position,
        chosen.partner_id,
        chosen.month,
        responses.basis,
        if(
            chosen.units = 0,
            1,
            least(
                1,
                pow(
                    greatest(chosen.bill::double / chosen.units::double, responses.at_price::double)
                    / responses.at_price::double,
                    responses.elasticity::double
                )
            )
        )::decimal(38, 12) as share
    from chosen_bills as chosen
    inner join responses
        on responses.case_name = chosen.case_name
    where not chosen.is_internal
)

select
    usage.case_name,
    usage.position,
    usage.meter,
    shares.basis,
    usage.partner_id,
    usage.month,
    times(usage.units, shares.share)::decimal(38, 9) as units
from metered_usage as usage
inner join shares
    on shares.case_name = usage.case_name and shares.position = usage.position
    and shares.partner_id = usage.partner_id and shares.month = usage.month
where usage.basis = 'seen'
