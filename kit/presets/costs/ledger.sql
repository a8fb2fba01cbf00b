-- A profit and loss statement, or any table of accounts and amounts: one row per account that costs.
-- Export: QuickBooks' or Xero's Profit and Loss of one month and of the API program's class, or finance's sheet, as CSV.
-- Titles above the header, sections of income, Total rows and results are left out; what is kept must add up to each
-- Total row. Say the month's last day and the currency, `set = { date = "2026-07-31", currency = "USD" }`, and
-- `thousands = ","`; or the sheet has columns Date, Currency, Category and Allocation of its own.
-- Category: the account, in lower case, where there is no such column. Parentheses mean less.
--| hint = "Say the month of the statement: set = { date = \"2026-07-31\" }."
--| header_within = 15
--| required = ["Account", "Amount"]
--| optional = ["Date", "Currency", "Category", "Allocation"]
--| [aliases]
--| Account = ["", "Account name", "Team", "team_or_account"]
--| Amount = ["Total"]
--| Date = ["Month"]
--| Allocation = ["API program share", "api_program_share"]
with cleaned as (
    select
        *,
        trim("Account") as label,
        nullif(regexp_replace(regexp_replace(trim("Amount"), '[$€£\s]', '', 'g'), '^\((.*)\)$', '-\1'), '') as figure
    from raw
),

sectioned as (
    select
        *,
        last_value(
            if(
                figure is null
                and regexp_full_match(
                    lower(label),
                    '(plus |less )?(other |operating |trading )?(income|revenue|expenses?|cost of goods sold|cost of sales)'
                ),
                lower(label),
                null
            ) ignore nulls
        ) over (partition by source order by source_row) as section,
        if(
            regexp_full_match(figure, '-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?'),
            try_cast(replace(figure, ',', '') as decimal(38, 12)),
            null
        ) as number,
        regexp_matches(lower(label), '^(total\b|net |gross profit|operating (profit|loss)|ebitda)') as is_result
    from cleaned
),

totals as (
    select
        totals.source,
        totals.label,
        totals.figure,
        totals.number,
        totals.source_row as last_row,
        max(sections.source_row) as first_row
    from sectioned as totals
    inner join sectioned as sections
        on sections.source = totals.source
        and sections.source_row < totals.source_row
        and lower(sections.label) = regexp_extract(lower(totals.label), '^total (?:for )?(.*)$', 1)
    where totals.figure is not null
    group by totals.source, totals.label, totals.figure, totals.number, totals.source_row
),

wrong_totals as (
    select totals.source, any_value(totals.label || ', ' || totals.figure) as what
    from totals
    inner join sectioned
        on sectioned.source = totals.source
        and sectioned.source_row >= totals.first_row
        and sectioned.source_row < totals.last_row
        and sectioned.figure is not null
        and not sectioned.is_result
    group by totals.source, totals.last_row, totals.number
    having sum(sectioned.number) <> totals.number
)

select
    sectioned."Date" as date,
    coalesce(nullif(trim(sectioned."Category"), ''), lower(sectioned.label)) as category,
    if(
        wrong_totals.what is null,
        sectioned.figure,
        error('the accounts above it do not add up to ' || wrong_totals.what || '.')
    ) as amount,
    sectioned."Currency" as currency,
    sectioned."Allocation" as allocation,
    sectioned.source,
    sectioned.source_row
from sectioned
left join (select source, any_value(what) as what from wrong_totals group by source) as wrong_totals
    on wrong_totals.source = sectioned.source
where sectioned.figure is not null
    and not sectioned.is_result
    and coalesce(not regexp_matches(sectioned.section, '(income|revenue)$'), true)
order by sectioned.source_row
