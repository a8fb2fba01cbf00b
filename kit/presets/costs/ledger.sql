-- A profit and loss statement, or any table of accounts and amounts: one row per account that costs.
-- Export: QuickBooks' or Xero's Profit and Loss of one month and of the API program's class, or finance's sheet, as CSV.
-- Titles above the header, sections of income, Total rows and results are left out. The accounts must add up to each
-- Total row, and income less costs to the last result: else a heading was not known for what it is, and it stops.
-- Say the month's last day and the currency, `set = { date = "2026-07-31", currency = "USD" }`, and `thousands = ","`;
-- or the sheet has columns Date, Currency, Category and Allocation of its own.
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
        lower(trim("Account")) as name,
        nullif(regexp_replace(regexp_replace(trim("Amount"), '[$€£\s]', '', 'g'), '^\((.*)\)$', '-\1'), '') as figure
    from raw
),

named as (
    select
        *,
        if(notation_is_stated(), read_stated(figure), read_number(figure, '.', ',')) as number,
        figure is not null and regexp_matches(name, '^((sub|grand)[- ]?)?total\b|\btotal$') as is_total,
        figure is not null and regexp_matches(
            name,
            '^(gross (profit|loss|margin)|operating (profit|loss|income|result)|ebitda?\b|(profit|loss|result) (for|before|after)\b'
            || '|net (operating |ordinary |other )?(income|revenue|profit|loss|earnings|result|surplus|deficit)\b)'
        ) as is_result,
        case
            when regexp_full_match(
                name, '(plus |less )?((other|operating|trading|total) )*(income|revenues?|turnover|sales)'
            ) then 'income'
            when regexp_full_match(
                name,
                '(plus |less )?((other|operating|trading|total|administrative|administration|general) )*'
                || '(expenses?|expenditure|costs?|overheads?|cost of (goods sold|sales|revenue))'
            ) then 'costs'
        end as kind
    from cleaned
),

headed as (
    select
        *,
        figure is not null and not is_total and not is_result as is_account,
        last_value(if(figure is null, kind, null) ignore nulls) over (partition by source order by source_row) as heading,
        bool_or(figure is null and label <> '') over (partition by source) as has_headings,
        bool_or(is_result) over (partition by source) as has_results
    from named
),

-- Where there are no headings, a line such as Turnover is income, if results show that it is.
accounts as (
    select *, if(has_headings, heading, if(has_results, kind, null)) as section
    from headed
),

summed as (
    select
        *,
        coalesce(section = 'income', false) as is_income,
        sum(if(is_account, number, 0)) over rows_so_far as total_so_far,
        sum(if(is_account, if(section = 'income', number, -number), 0)) over rows_so_far as result_so_far,
        sum(if(is_account, number, 0)) over rows_so_far - if(is_account, number, 0) as total_before
    from accounts
    window rows_so_far as (partition by source order by source_row)
),

headings as (
    select totals.source, totals.source_row, max(heading.source_row) as first_row
    from summed as totals
    inner join summed as heading
        on heading.source = totals.source
        and heading.source_row < totals.source_row
        and heading.name = regexp_extract(totals.name, '^(?:(?:sub|grand)[- ]?)?total (?:for )?(.*)$', 1)
    where totals.is_total
    group by totals.source, totals.source_row
),

-- A Total row sums its section, or where no heading says which that is, some rows right above it.
wrong_totals as (
    select
        totals.source,
        totals.source_row,
        case
            when totals.number is null
                then totals.label || ', ' || totals.figure || ': no number in the notation set for this export.'
            else 'the accounts above it do not add up to ' || totals.label || ', ' || totals.figure
                || '. A row that is named a total is taken for one.'
        end as what
    from summed as totals
    left join headings on headings.source = totals.source and headings.source_row = totals.source_row
    where totals.is_total and (totals.number is null or not exists (
        select 1
        from summed as starts
        where starts.source = totals.source
            and starts.source_row <= totals.source_row
            and starts.source_row >= coalesce(headings.first_row, 0)
            and (headings.first_row is null or starts.source_row = headings.first_row)
            and totals.total_before - starts.total_before = totals.number
    ))
),

wrong_results as (
    select
        source,
        source_row,
        'income less costs do not come to ' || label || ', ' || figure
        || '. Known headings: Income, Revenue, Turnover, Sales; Expenses, Costs, Overheads, Cost of Sales.' as what
    from summed
    where is_result
    qualify row_number() over (partition by source order by source_row desc) = 1
        and coalesce(abs(number) not in (abs(result_so_far), abs(total_so_far)), true)
),

wrong_sections as (
    select
        source,
        source_row,
        if(
            has_headings,
            'no heading above ' || label || ' says whether it is income or a cost. Known headings: Income, Revenue,'
            || ' Turnover, Sales; Expenses, Costs, Overheads, Cost of Sales.',
            label || ' reads like income, and nothing shows whether it is. Put a heading above it, Income or Expenses.'
        ) as what
    from summed
    where is_account and if(has_headings, section is null, kind = 'income' and not has_results)
),

-- Where an account is no number that is said first.
wrong as (
    select source, arg_min(what, source_row) as what
    from (
        from wrong_totals
        union all
        from wrong_results
        union all
        from wrong_sections
    ) as amiss
    where not exists (
        select 1 from summed where summed.source = amiss.source and summed.is_account and summed.number is null
    )
    group by source
)

select
    summed."Date" as date,
    coalesce(nullif(trim(summed."Category"), ''), summed.name) as category,
    if(wrong.what is null, summed.figure, error(wrong.what)) as amount,
    summed."Currency" as currency,
    summed."Allocation" as allocation,
    summed.source,
    summed.source_row
from summed
left join wrong on wrong.source = summed.source
where summed.is_account and not summed.is_income
order by summed.source_row
